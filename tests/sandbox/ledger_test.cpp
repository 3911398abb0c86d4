#include "sandbox/ledger.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace callramp;
using namespace callramp::sandbox;

namespace {

const Instant noon = *parse_iso("2026-11-24T12:00:00Z");

LedgerEntry some_dial(const std::string& number) {
  return {.received_at = noon,
          .provider = "exotel",
          .to = number,
          .from = "08040264890",
          .custom_field = "attempt \"1\"",
          .call_sid = "abc",
          .answer = "person"};
}

struct TemporaryFile {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("callramp-ledger-" + std::to_string(::getpid()));
  TemporaryFile() { std::filesystem::remove(path); }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string text() const {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

}  // namespace

TEST_CASE("a ledger line has exactly the promised keys in order") {
  Ledger ledger;
  CHECK(ledger.dial(some_dial("+919876530240")) == 1);
  CHECK(ledger.dial(some_dial("+919876530241")) == 2);
  ledger.end(2, "no_answer", noon + seconds{30});
  CHECK(
      ledger.json_lines() ==
      R"({"seq":1,"receivedAt":"2026-11-24T12:00:00.000Z","provider":"exotel","to":"+919876530240","from":"08040264890",)"
      R"("customField":"attempt \"1\"","callSid":"abc","answer":"person","endedAt":null})"
      "\n"
      R"({"seq":2,"receivedAt":"2026-11-24T12:00:00.000Z","provider":"exotel","to":"+919876530241","from":"08040264890",)"
      R"("customField":"attempt \"1\"","callSid":"abc","answer":"no_answer","endedAt":"2026-11-24T12:00:30.000Z"})"
      "\n");
  ledger.reset();
  CHECK(ledger.json_lines().empty());
  ledger.end(1, "busy", noon);  // a call that outlived the reset
  CHECK(ledger.entries().empty());
}

TEST_CASE("a ledger file has one line a dial before the dial is answered and goes on after a restart") {
  const TemporaryFile file;
  std::string before;
  {
    Ledger ledger;
    REQUIRE(ledger.open(file.path).has_value());
    ledger.dial(some_dial("+919876530240"));
    ledger.dial(some_dial("+919876530241"));
    before = file.text();
    CHECK(std::count(before.begin(), before.end(), '\n') == 2);
    ledger.end(1, "announcement", noon + seconds{9});
    CHECK(file.text().size() == before.size());
  }
  std::ofstream(file.path, std::ios::app) << "{\"seq\":3,\"rec";  // a torn line
  Ledger again;
  REQUIRE(again.open(file.path).has_value());
  const auto entries = again.entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].answer == "announcement");
  CHECK(entries[0].ended_at == noon + seconds{9});
  CHECK(entries[1].to == "+919876530241");
  CHECK_FALSE(entries[1].ended_at.has_value());
  CHECK(again.dial(some_dial("+919876530242")) == 3);
  again.end(2, "busy", noon);
  std::istringstream lines(file.text());
  int count = 0;
  for (std::string text; std::getline(lines, text); ++count) CHECK(text.ends_with("}"));
  CHECK(count == 3);
}

TEST_CASE("a file that is no ledger is refused by name") {
  const TemporaryFile file;
  std::ofstream(file.path) << "hello\n";
  Ledger ledger;
  const auto opened = ledger.open(file.path);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.find(file.path.string()) != std::string::npos);
  CHECK(opened.error().message.find("line 1") != std::string::npos);
  Ledger nowhere;
  CHECK_FALSE(nowhere.open("/no/such/folder/ledger").has_value());
}
