// SQLite as the contracts' Database: in memory and inline as simulations use it, and a file with threads as the product
// does.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <memory>

#include "adapters/sql/stores.hpp"
#include "contract/store_world.hpp"

namespace callramp::sql {

/// A folder of its own, gone with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "callramp-sql-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const char* name = "callramp.db") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<SqlStores> open_or_fail(SqlOptions options) {
  if (options.now == Instant{}) options.now = contract::start;
  auto stores = SqlStores::open(std::move(options));
  if (!stores) FAIL(stores.error().message);
  return *std::move(stores);
}

class SqliteWorld : public contract::StoreWorld {
 public:
  explicit SqliteWorld(SqlOptions options) : stores_(open_or_fail(std::move(options))) {}
  contract::Ports ports() override {
    return {stores_->flags(),    stores_->calls(),       stores_->tokens(),   stores_->audit(),
            stores_->agents(),   stores_->do_not_call(), stores_->settings(), stores_->outcomes(),
            stores_->rollouts(), stores_->campaigns(),   stores_->schedules()};
  }
  SqlStores& stores() { return *stores_; }

 private:
  std::unique_ptr<SqlStores> stores_;
};

struct InlineInMemory : SqliteWorld {
  InlineInMemory() : SqliteWorld({.url = "sqlite::memory:", .run_inline = true}) {}
};

struct WithFolder {
  TemporaryFolder folder;
};
struct ThreadsOnFile : private WithFolder, SqliteWorld {
  ThreadsOnFile() : SqliteWorld({.url = "sqlite:" + folder.file()}) {}
};

}  // namespace callramp::sql
