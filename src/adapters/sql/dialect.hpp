// The differences between databases, in one place: how a connection is opened and set up, how a write transaction
// begins, what a growing key is called, and what the driver's errors mean. Everything else is SQL that SQLite and
// PostgreSQL both read: bigint microseconds, smallint booleans, text, partial indexes, `on conflict`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace soci {
class session;
class soci_error;
}  // namespace soci

namespace callramp::sql {

/// What DATABASE_URL names.
struct DatabaseUrl {
  std::string file;  ///< of SQLite; ":memory:" lives and dies with its one connection
  bool in_memory() const noexcept { return file == ":memory:"; }
};

/// "sqlite:FILE" or "sqlite::memory:"; the error says what else was meant and what to write.
Result<DatabaseUrl> parse_database_url(std::string_view url);

/// A writer may begin write transactions; a reader is refused every write by the database itself, so that it can never
/// try to upgrade a read transaction (which would fail at once, whatever the time-out).
enum class Access { write, read };

/// Opens and sets up one connection. The file is created with mode 0600, and an older one is narrowed to it.
Result<std::unique_ptr<soci::session>> open_session(const DatabaseUrl& url, Access access);

/// Takes the write lock at once, so that a transaction that reads first cannot lose a race to another writer.
inline constexpr std::string_view begin_write = "begin immediate";
/// One snapshot for all of its selects.
inline constexpr std::string_view begin_read = "begin";
/// The type of a key that the database counts up, never twice the same.
inline constexpr std::string_view growing_key = "integer primary key autoincrement";

/// conflict for a broken constraint, unavailable for a busy, full or failing disk, internal for the rest. Never the
/// values of the statement: they hold phone numbers.
Error explain(const soci::soci_error& error);

}  // namespace callramp::sql
