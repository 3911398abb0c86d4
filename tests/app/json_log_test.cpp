#include "app/json_log.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace callramp::app {
namespace {

namespace json = boost::json;

/// What one event becomes in the log file.
std::string logged(LogLevel level, const std::string& threshold, std::initializer_list<LogField> fields) {
  const auto file = std::filesystem::temp_directory_path() / ("callramp-log-" + std::to_string(::getpid()));
  {
    JsonLog log(threshold, file.string());
    log.write(level, "routed", {fields.begin(), fields.size()});
  }
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::filesystem::remove(file);
  return text;
}

TEST_CASE("an event is one line of JSON with its fields") {
  const std::string line = logged(LogLevel::warn, "info", {{"call_id", CallId{"c1"}}, {"retry", true}, {"attempt", 2}});
  CHECK(line.find('\n') == line.size() - 1);
  const json::value event = json::parse(line);
  CHECK(event.at("level") == "warn");
  CHECK(event.at("event") == "routed");
  CHECK(event.at("call_id") == "c1");
  CHECK(event.at("retry") == true);
  CHECK(event.at("attempt") == 2);
}

TEST_CASE("a whole percentage is written as a person writes it") {
  CHECK(logged(LogLevel::info, "info", {{"rolloutPercentage", 10.0}}).find("\"rolloutPercentage\":10}") !=
        std::string::npos);
  CHECK(json::parse(logged(LogLevel::info, "info", {{"rolloutPercentage", 12.5}})).at("rolloutPercentage") == 12.5);
  CHECK(json::parse(logged(LogLevel::info, "info", {{"huge", 1e300}})).at("huge") == 1e300);
}

TEST_CASE("a phone number is masked, and what is not JSON is escaped") {
  const std::string line =
      logged(LogLevel::error, "info", {{"to", *PhoneNumber::parse("+919876543210")}, {"why", "a \"b\"\nc"}});
  CHECK(line.find("9876543210") == std::string::npos);
  CHECK(json::parse(line).at("to") == "+********3210");
  CHECK(json::parse(line).at("why") == "a \"b\"\nc");
}

TEST_CASE("below the level nothing is written") { CHECK(logged(LogLevel::debug, "info", {}) == ""); }

}  // namespace
}  // namespace callramp::app
