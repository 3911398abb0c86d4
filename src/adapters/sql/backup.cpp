#include "adapters/sql/backup.hpp"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

namespace callramp::sql {
namespace {

// As it is: without a write-ahead log of its own, so that the copy stays one file.
soci::session open_plain(const std::string& file) { return {soci::sqlite3, "db=\"" + file + "\" timeout=60"}; }

Status snapshot(const DatabaseUrl& from, const std::string& to, Instant now) {
  try {
    {
      soci::session source = open_plain(from.file);
      source << "vacuum into :file", soci::use(to);
    }
    if (::chmod(to.c_str(), S_IRUSR | S_IWUSR) != 0)
      return fail(ErrorCode::unavailable, "the backup '" + to + "' cannot be made private");
    soci::session copy = open_plain(to);
    const std::string at = to_iso(now);
    copy << "insert into settings (name, value) values ('copied_at', :at) on conflict (name) do update set value = "
            "excluded.value",
        soci::use(at);
    std::string found;
    copy << "pragma integrity_check(1)", soci::into(found);
    if (found != "ok") return fail(ErrorCode::internal, "the copy is damaged, as the database may be: " + found);
    return {};
  } catch (const soci::soci_error& error) {
    return fail(ErrorCode::unavailable, "the database '" + from.file + "' was not copied: " + explain(error).message);
  }
}

}  // namespace

Status copy_database(const DatabaseUrl& from, const std::string& to, Instant now) {
  std::error_code error;
  if (from.in_memory() || !std::filesystem::exists(from.file, error))
    return fail(ErrorCode::not_found, "there is no database '" + from.file + "' to copy", "DATABASE_URL");
  if (std::filesystem::exists(to, error))
    return fail(ErrorCode::conflict, "'" + to + "' exists already; name a file that does not");
  Status done = snapshot(from, to, now);
  if (!done) std::filesystem::remove(to, error);
  return done;
}

Result<Instant> copied_at(const std::string& file) {
  try {
    soci::session copy = open_plain(file);
    std::string at;
    copy << "select value from settings where name = 'copied_at'", soci::into(at);
    if (copy.got_data()) return parse_iso(at);
  } catch (const soci::soci_error& error) {
    return fail(ErrorCode::invalid_request, "'" + file + "' is no backup of callramp's: " + explain(error).message);
  }
  return fail(ErrorCode::invalid_request,
              "'" + file + "' was not made by `callramp backup`; restore one that was, or copy the file by hand");
}

}  // namespace callramp::sql
