// The doctor's judgements: the clock, the disk, and a world in which nothing answers.
#include "app/doctor.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

using namespace callramp;
using app::Finding;
namespace fs = std::filesystem;

namespace {

// A folder that goes with the test.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "callramp-doctor-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
};

const Finding* find(const std::vector<Finding>& findings, std::string_view check) {
  for (const Finding& finding : findings)
    if (finding.check == check) return &finding;
  return nullptr;
}

std::vector<Finding> storage_of(const fs::path& folder) {
  return app::examine_storage(
      {.data_dir = folder.string(), .database_url = "sqlite:" + (folder / "callramp.db").string()});
}

}  // namespace

TEST_CASE("judges the clock by a Date header of whole seconds") {
  const Instant noon = parse_iso("2026-11-24T12:00:00Z").value();
  struct {
    Duration ours;  // beside noon, which is what the header says
    Finding::Level level;
    std::string_view message;
  } const rows[] = {
      {seconds{0}, Finding::Level::ok, "less than 1 s from host's"},
      {milliseconds{990}, Finding::Level::ok, "less than 1 s from host's"},
      {seconds{4}, Finding::Level::ok, "3.0 s from host's"},
      {seconds{-4}, Finding::Level::ok, "4.0 s from host's"},
      {seconds{10}, Finding::Level::warn, "9.0 s from host's"},
      {seconds{-10}, Finding::Level::warn, "10.0 s from host's"},
      {minutes{-2}, Finding::Level::fail, "2 min 0 s from host's"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    const Instant ours = noon + row.ours;
    const Finding finding = app::judge_clock("host", "Tue, 24 Nov 2026 12:00:00 GMT", ours, ours);
    CHECK(finding.level == row.level);
    CHECK(finding.message == row.message);
    CHECK(finding.next.empty() == (row.level == Finding::Level::ok));
  }
  CHECK(app::judge_clock("host", "yesterday", noon, noon).level == Finding::Level::warn);
}

TEST_CASE("a data folder that only its owner can read is healthy and one that others read is not") {
  Folder folder;
  auto findings = storage_of(folder.path);
  REQUIRE(find(findings, "data folder") != nullptr);
  CHECK(find(findings, "data folder")->level == Finding::Level::ok);
  CHECK(find(findings, "admin token") == nullptr);
  CHECK(find(findings, "database")->level == Finding::Level::ok);
  CHECK(!fs::exists(folder.path / "callramp.db"));  // it looked and made nothing

  ::chmod(folder.path.c_str(), 0755);
  CHECK(find(storage_of(folder.path), "data folder")->level == Finding::Level::warn);

  std::ofstream(folder.path / "admin-token") << "secret\n";
  ::chmod((folder.path / "admin-token").c_str(), 0640);
  findings = storage_of(folder.path);
  REQUIRE(find(findings, "admin token") != nullptr);
  CHECK(find(findings, "admin token")->level == Finding::Level::fail);
  CHECK(find(findings, "admin token")->message.find("secret") == std::string::npos);
}

TEST_CASE("a file that is no database and a database elsewhere are failures with a next step") {
  Folder folder;
  std::ofstream(folder.path / "callramp.db") << std::string(8192, 'x');
  const auto findings = storage_of(folder.path);
  REQUIRE(find(findings, "database") != nullptr);
  CHECK(find(findings, "database")->level == Finding::Level::fail);
  CHECK(find(findings, "database")->next != "");
  const auto other = app::examine_storage({.data_dir = folder.path.string(), .database_url = "mysql://host/db"});
  CHECK(find(other, "database")->level == Finding::Level::fail);
}

TEST_CASE("in a world where nothing answers every provider is named and the doctor comes back") {
  app::Config config;
  config.public_url = "https://127.0.0.1:1";
  config.port = 1;  // nobody listens there
  config.exotel_base_url = config.deepgram_base_url = config.old_system_url = "http://127.0.0.1:1";
  config.openai_base_url = "http://127.0.0.1:1/v1";
  config.exotel_api_key = config.exotel_api_token = config.exotel_sid = config.exotel_virtual_number = "x";
  config.deepgram_api_key = "x";
  const auto findings = app::examine_network(config);
  for (const char* check : {"exotel", "deepgram", "old system"}) {
    CAPTURE(check);
    REQUIRE(find(findings, check) != nullptr);
    CHECK(find(findings, check)->level == Finding::Level::fail);
    CHECK(find(findings, check)->next != "");
  }
  REQUIRE(find(findings, "openai") != nullptr);
  CHECK(find(findings, "openai")->level == Finding::Level::warn);
  CHECK(find(findings, "openai")->message.starts_with("OPENAI_API_KEY not set"));
  CHECK(find(findings, "clock")->level == Finding::Level::warn);
  REQUIRE(find(findings, "server") != nullptr);
  CHECK(find(findings, "server")->next.find("callramp serve") != std::string::npos);
}
