// Migrations: the schema's history. Each has a number and never changes once released; a database remembers which it
// has, with a checksum, so that a build that disagrees with it refuses to touch it.
#pragma once

#include <span>
#include <string_view>

#include "adapters/sql/db.hpp"

namespace callramp::sql {

struct Migration {
  std::string_view name;
  std::string_view script;  ///< statements, each ended by ";\n"; $KEY stands for the dialect's growing key
};

/// All of ours, number 1 first.
std::span<const Migration> migrations();

/// Applies what is missing, all in one transaction. Refuses a database that is newer, or whose past differs.
Status migrate(Db& db, std::span<const Migration> wanted, Instant now);

}  // namespace callramp::sql
