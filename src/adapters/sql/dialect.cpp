#include "adapters/sql/dialect.hpp"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace callramp::sql {
namespace {

constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

// SQLite gives its -wal and -shm files the mode of the database, so this one file decides for all three.
Status make_private(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only);
  const bool opened = descriptor >= 0;
  const bool narrowed = opened && ::fchmod(descriptor, owner_only) == 0;
  const int reason = errno;
  if (opened) ::close(descriptor);
  if (narrowed) return {};
  return fail(ErrorCode::unavailable,
              "database file '" + file + "' cannot be opened for writing (" + std::strerror(reason) +
                  "); check DATABASE_URL, and that its folder exists and belongs to the user that runs callramp",
              "DATABASE_URL");
}

void set_up(soci::session& session, const DatabaseUrl& url, Access access) {
  std::string mode;
  if (!url.in_memory()) {
    session << "pragma journal_mode = wal", soci::into(mode);
    if (mode != "wal")
      throw soci::soci_error("write-ahead logging is refused (journal mode '" + mode +
                             "'); keep the database on a local disk");
  }
  // FULL: a commit that was answered survives the loss of power, which NORMAL does not promise with a write-ahead log.
  session << "pragma synchronous = full";
  session << "pragma foreign_keys = on";
  session << "pragma cache_size = -16384";  // KiB: the due calls and the open attempts stay in memory
  if (access == Access::read) session << "pragma query_only = on";
}

}  // namespace

Result<DatabaseUrl> parse_database_url(std::string_view url) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with("postgresql:") || url.starts_with("postgres:"))
    return fail(ErrorCode::invalid_request,
                "DATABASE_URL names PostgreSQL, which this version does not speak yet; write sqlite:FILE",
                "DATABASE_URL");
  if (!url.starts_with(sqlite) || url.size() == sqlite.size()) {
    // What stands before the colon is safe to repeat; after it there may be a password.
    return fail(ErrorCode::invalid_request,
                "DATABASE_URL '" + std::string(url.substr(0, std::min<std::size_t>(url.find(':'), 20))) +
                    "…' is not a database that callramp knows; write sqlite:FILE",
                "DATABASE_URL");
  }
  url.remove_prefix(sqlite.size());
  if (url.starts_with("//")) url.remove_prefix(2);  // sqlite:///var/lib/callramp.db, as others write it
  // The driver's connection string has no escape for a quote, and a C string none for a NUL.
  if (url.empty() || url.find('"') != std::string_view::npos || url.find('\0') != std::string_view::npos)
    return fail(ErrorCode::invalid_request, "DATABASE_URL names a file that is empty or has a quote in it; rename it",
                "DATABASE_URL");
  return DatabaseUrl{std::string(url)};
}

Result<std::unique_ptr<soci::session>> open_session(const DatabaseUrl& url, Access access) {
  if (!url.in_memory())
    if (auto made = make_private(url.file); !made) return std::unexpected(std::move(made).error());
  try {
    // The time-out (seconds) only meets other processes, a backup for instance: we have one writer.
    auto session = std::make_unique<soci::session>(soci::sqlite3, "db=\"" + url.file + "\" timeout=5");
    set_up(*session, url, access);
    return session;
  } catch (const soci::soci_error& error) {
    return fail(ErrorCode::unavailable, "database '" + url.file + "' cannot be opened: " + explain(error).message,
                "DATABASE_URL");
  }
}

Error explain(const soci::soci_error& error) {
  const std::string message = error.get_error_message();
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  if (sqlite == nullptr) return {ErrorCode::internal, message};
  switch (sqlite->result() & 0xff) {  // the low byte is the primary code, the rest says more
    case SQLITE_CONSTRAINT: return {ErrorCode::conflict, message};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM: return {ErrorCode::unavailable, message};
    default: return {ErrorCode::internal, message};
  }
}

}  // namespace callramp::sql
