#include "adapters/sql/migrations.hpp"

#include <fmt/format.h>

#include <map>

#include "adapters/sql/dialect.hpp"

namespace callramp::sql {
namespace {

// FNV-1a, 64 bits: it finds an edited script; it is no defence against a forger, who could edit the table as well.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return fmt::format("{:016x}", hash);
}

void apply(Db& db, std::string_view script) {
  while (!script.empty()) {
    const auto end = script.find(";\n");
    std::string statement(script.substr(0, end));
    script.remove_prefix(end == std::string_view::npos ? script.size() : end + 2);
    if (const auto key = statement.find("$KEY"); key != std::string::npos) statement.replace(key, 4, growing_key);
    if (statement.find_first_not_of(" \n") != std::string::npos) db.run(statement);
  }
}

struct Applied {
  std::string name;
  std::string checksum;
};

Status bring_up_to_date(Db& db, std::span<const Migration> wanted, Instant now) {
  db.run(
      "create table if not exists migrations (number bigint primary key, name text not null, checksum text not null, "
      "applied_at bigint not null)");
  std::map<std::int64_t, Applied> applied;
  db.select("select number, name, checksum from migrations", "ntt", {}, [&](Row& row) {
    const std::int64_t number = row.number();
    Applied past{.name = row.text(), .checksum = row.text()};
    applied.emplace(number, std::move(past));
  });
  const auto known = static_cast<std::int64_t>(wanted.size());
  if (!applied.empty() && applied.rbegin()->first > known)
    return fail(ErrorCode::unavailable,
                fmt::format("the database has schema {}, this callramp knows {} at most; start the newer callramp that "
                            "made it, or restore a backup from before",
                            applied.rbegin()->first, known));
  for (std::int64_t number = 1; number <= known; ++number) {
    const Migration& migration = wanted[static_cast<std::size_t>(number - 1)];
    const std::string sum = checksum(migration.script);
    if (const auto past = applied.find(number); past != applied.end()) {
      if (past->second.checksum != sum)
        return fail(ErrorCode::unavailable,
                    fmt::format("the database's schema step {} ('{}') is not the one that this callramp knows; it was "
                                "made by another build, start that one",
                                number, past->second.name));
      continue;
    }
    apply(db, migration.script);
    db.run("insert into migrations (number, name, checksum, applied_at) values (:number, :name, :checksum, :now)",
           {number, migration.name, sum, now});
  }
  return {};
}

}  // namespace

Status migrate(Db& db, std::span<const Migration> wanted, Instant now) {
  try {
    db.run(begin_write);
    const Status done = bring_up_to_date(db, wanted, now);
    db.run(done ? "commit" : "rollback");
    return done;
  } catch (const DbFailure& failure) {
    // The connection is thrown away, and the open transaction with it.
    return fail(failure.error().code, "the database's schema could not be set up: " + failure.error().message);
  }
}

}  // namespace callramp::sql
