// Backup and restore of a data folder: what is refused, and that what comes back is what was there.
#include "app/backup.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "adapters/sql/stores.hpp"
#include "app/folder_lock.hpp"
#include "app/tombstone_file.hpp"
#include "async/clock.hpp"
#include "async/io_threads.hpp"

using namespace callramp;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "callramp-backup-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
  app::Config config() const {
    return {.data_dir = file("data"), .database_url = "sqlite:" + file("data") + "/callramp.db"};
  }
};

/// The stores of a data folder, as a server holds them.
struct Server {
  explicit Server(const app::Config& config) {
    fs::create_directories(config.data_dir);
    auto opened = sql::SqlStores::open({.url = config.database_url, .now = async::SystemClock().now()});
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    stores = *std::move(opened);
  }
  template <class T>
  T run(Awaitable<T> task) {
    return async::run_blocking(io.executor(0), std::move(task));
  }
  void forbid(int number) {
    CHECK(run(stores->do_not_call().add({.phone = PhoneNumber::parse("+9198000" + std::to_string(number)).value(),
                                         .reason = "asked",
                                         .actor = "asha",
                                         .created_at = async::SystemClock().now()})));
  }
  std::size_t forbidden() { return run(stores->do_not_call().list(1, 10'000)).value().size(); }

  async::IoThreads io{1};
  std::unique_ptr<sql::SqlStores> stores;
};

std::string why(const auto& result) { return result ? "" : result.error().message; }

}  // namespace

TEST_CASE("a backup that was made beside a writing server is whole and is put back") {
  Folder folder;
  const app::Config config = folder.config();
  std::size_t at_least = 0;
  {
    Server server(config);
    for (int i = 0; i < 20; ++i) server.forbid(10'000 + i);
    at_least = server.forbidden();
    std::atomic<bool> enough = false;
    std::thread writer([&] {
      for (int i = 0; !enough && i < 5'000; ++i) server.forbid(20'000 + i);
    });
    const auto made = app::make_backup(config, folder.file("backup.db"));
    enough = true;
    writer.join();
    REQUIRE_MESSAGE(made, why(made));
    CHECK(made->sha256.size() == 64);
    CHECK(made->bytes == fs::file_size(folder.file("backup.db")));
  }
  CHECK((fs::status(folder.file("backup.db")).permissions() & fs::perms::group_all) == fs::perms::none);
  CHECK_FALSE(fs::exists(folder.file("backup.db.part")));
  fs::remove_all(config.data_dir);
  const auto restored = app::restore_backup(config, folder.file("backup.db"), false);
  REQUIRE_MESSAGE(restored, why(restored));
  CHECK(restored->previous == "");
  Server server(config);
  CHECK(server.forbidden() >= at_least);
  const auto flags = server.run(server.stores->flags().current());
  REQUIRE(flags);
  CHECK_FALSE(flags->flags.outbound_calls_enabled);
  CHECK(server.run(server.stores->audit().list(std::nullopt, 1)).value().at(0).action == "backup.restore");
}

TEST_CASE("a restore is refused over a live server and over data unless it is forced") {
  Folder folder;
  const app::Config config = folder.config();
  {
    Server server(config);
    server.forbid(10'001);
  }
  REQUIRE(app::make_backup(config, folder.file("backup.db")));
  CHECK(why(app::make_backup(config, folder.file("backup.db"))).find("exists already") != std::string::npos);
  {
    const auto lock = app::FolderLock::take(config.data_dir);
    REQUIRE(lock);
    CHECK(why(app::restore_backup(config, folder.file("backup.db"), true)).find("another callramp") !=
          std::string::npos);
  }
  CHECK(why(app::restore_backup(config, folder.file("backup.db"), false)).find("--force") != std::string::npos);
  {
    Server server(config);
    server.forbid(10'002);
  }
  const auto restored = app::restore_backup(config, folder.file("backup.db"), true);
  REQUIRE_MESSAGE(restored, why(restored));
  CHECK(fs::exists(restored->previous));
  Server server(config);
  CHECK(server.forbidden() == 1);
}

TEST_CASE("a backup that is not what was backed up is not restored") {
  Folder folder;
  const app::Config config = folder.config();
  {
    Server server(config);
  }
  const std::string backup = folder.file("backup.db");
  REQUIRE(app::make_backup(config, backup));
  fs::remove_all(config.data_dir);
  const auto refusal = [&] { return why(app::restore_backup(config, backup, true)); };

  fs::copy_file(backup, folder.file("whole.db"));
  fs::resize_file(backup, fs::file_size(backup) - 4096);
  CHECK(refusal().find("SHA-256") != std::string::npos);
  fs::copy_file(folder.file("whole.db"), backup, fs::copy_options::overwrite_existing);
  fs::rename(backup + ".sha256", folder.file("elsewhere"));
  CHECK(refusal().find("checksum") != std::string::npos);
  std::ofstream(backup + ".sha256") << "";
  CHECK(refusal().find("checksum") != std::string::npos);
  CHECK(why(app::restore_backup(config, folder.file("nothing.db"), true)).find("checksum") != std::string::npos);
  CHECK_FALSE(fs::exists(config.data_dir + "/callramp.db"));
}

TEST_CASE("who asked after the backup not to be called is not called after the restore either") {
  Folder folder;
  const app::Config config = folder.config();
  const PhoneNumber late = PhoneNumber::parse("+919800010002").value();
  {
    Server server(config);
    server.forbid(10'001);
    app::TombstoneFile file(app::tombstone_file_of(config));
    CHECK(file.append(server.run(server.stores->persons().tombstones(Instant{}, 100)).value()));
    REQUIRE(app::make_backup(config, folder.file("backup.db")));
    server.forbid(10'002);
    CHECK(file.append(server.run(server.stores->persons().tombstones(file.last().value().value(), 100)).value()));
    CHECK(file.read(Instant{}).value().size() == 2);
  }
  const auto restored = app::restore_backup(config, folder.file("backup.db"), true);
  REQUIRE_MESSAGE(restored, why(restored));
  CHECK(restored->tombstones == 1);
  Server server(config);
  CHECK(server.forbidden() == 1);  // by number; the other by its hash
  CHECK(server.run(server.stores->do_not_call().find(late)).value().has_value());
}

TEST_CASE("a tombstone that a crash has cut costs no other and a damaged one stops the restore") {
  Folder folder;
  const std::string name = folder.file("tombstones.jsonl");
  const auto stone = [](int n) {
    return Tombstone{.at = from_micros(n), .kind = TombstoneKind::stop, .hash = std::string(64, 'a')};
  };
  CHECK(app::TombstoneFile(name).read(Instant{}).value().empty());
  CHECK(app::TombstoneFile(name).last().value() == std::nullopt);
  CHECK(app::TombstoneFile(name).append({stone(1), stone(2)}));
  CHECK((fs::status(name).permissions() & fs::perms::group_all) == fs::perms::none);
  std::ofstream(name, std::ios::app) << R"({"at":3,"ki)";
  CHECK(app::TombstoneFile(name).last().value() == from_micros(2));
  CHECK(app::TombstoneFile(name).append({stone(4)}));
  CHECK(app::TombstoneFile(name).read(Instant{}).value().size() == 3);
  CHECK(app::TombstoneFile(name).read(from_micros(2)).value().size() == 2);
  std::ofstream(name, std::ios::app) << R"({"at":"x"})" << '\n';
  CHECK(why(app::TombstoneFile(name).read(Instant{})).find("line 5") != std::string::npos);
}

TEST_CASE("what has no file has no backup") {
  Folder folder;
  app::Config config = folder.config();
  CHECK(why(app::make_backup(config, folder.file("backup.db"))).find("there is no database") != std::string::npos);
  config.database_url = "sqlite::memory:";
  CHECK(why(app::make_backup(config, folder.file("backup.db"))).find("memory") != std::string::npos);
  CHECK_FALSE(fs::exists(folder.file("backup.db.part")));
}
