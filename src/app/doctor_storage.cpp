// What the doctor sees on the disk.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "adapters/sql/integrity.hpp"
#include "app/doctor.hpp"

namespace callramp::app {
namespace {

namespace fs = std::filesystem;
using enum Finding::Level;

constexpr fs::perms of_others = fs::perms::group_all | fs::perms::others_all;

bool others_may_read(const fs::path& path) {
  std::error_code error;
  const fs::perms mode = fs::status(path, error).permissions();
  return !error && (mode & (fs::perms::group_read | fs::perms::others_read)) != fs::perms::none;
}

// The nearest folder above that exists.
fs::path existing_parent(fs::path path) {
  path = fs::absolute(path);
  std::error_code error;
  while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  return path;
}

Finding data_folder(const Config& config) {
  const std::string& folder = config.data_dir;
  std::error_code error;
  if (!fs::exists(folder, error)) {
    const fs::path parent = existing_parent(folder);
    if (::access(parent.c_str(), W_OK) != 0)
      return {fail, "data folder",
              fmt::format("'{}' does not exist and '{}' cannot be written", folder, parent.string()),
              "set CALLRAMP_DATA_DIR to a folder that this user may write"};
    return {ok, "data folder", fmt::format("'{}' does not exist; the first start makes it", folder), ""};
  }
  if (!fs::is_directory(folder, error))
    return {fail, "data folder", fmt::format("'{}' is not a folder", folder), "set CALLRAMP_DATA_DIR to a folder"};
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return {fail, "data folder", fmt::format("'{}' cannot be written by this user", folder),
            fmt::format("chown it to the user that runs callramp, or run the doctor as that user")};
  if (others_may_read(folder))
    return {warn, "data folder", fmt::format("other users of this machine may read '{}'", folder),
            fmt::format("chmod 700 '{}'", folder)};
  return {ok, "data folder", fmt::format("'{}' can be written, and read by nobody else", folder), ""};
}

std::optional<Finding> token_file(const Config& config) {
  const std::string file = config.data_dir + "/admin-token";
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  if ((fs::status(file, error).permissions() & of_others) != fs::perms::none)
    return Finding{fail, "admin token", fmt::format("others may read '{}'", file),
                   fmt::format("chmod 600 '{}', then make a new token and revoke this one", file)};
  return Finding{ok, "admin token", fmt::format("'{}' is its owner's alone", file), ""};
}

Finding database(const Config& config) {
  const auto url = sql::parse_database_url(config.database_url);
  if (!url) return {fail, "database", url.error().message, "correct DATABASE_URL"};
  if (url->in_memory())
    return {warn, "database", "in memory: everything is gone at the next stop", "set DATABASE_URL to sqlite:FILE"};
  std::error_code error;
  if (!fs::exists(url->file, error))
    return {ok, "database", fmt::format("'{}' does not exist; the first start makes it", url->file), ""};
  const auto found = sql::check_integrity(*url);
  if (!found)
    return {fail, "database", fmt::format("'{}' cannot be opened: {}", url->file, found.error().message),
            "check its owner and mode, and that it is a database of callramp's"};
  if (*found != "ok")
    return {fail, "database", fmt::format("'{}' is damaged: {}", url->file, *found),
            "stop callramp, keep a copy of the file, and go back to the last good backup"};
  return {ok, "database", fmt::format("'{}' opens and is whole", url->file), ""};
}

}  // namespace

std::vector<Finding> examine_storage(const Config& config) {
  std::vector<Finding> findings{data_folder(config)};
  if (auto token = token_file(config)) findings.push_back(*std::move(token));
  findings.push_back(database(config));
  return findings;
}

}  // namespace callramp::app
