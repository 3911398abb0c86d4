// `callramp rollout validate` as a person and as a script see it.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "run_command.hpp"

using namespace callramp;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const std::string example = std::string(CALLRAMP_SOURCE_DIR) + "/examples/rollout.yaml";

// A file that goes with the test.
struct Written {
  fs::path path;
  explicit Written(const std::string& content) {
    std::string name = (fs::temp_directory_path() / "callramp-validate-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    path = name;
    std::ofstream(path, std::ios::binary) << content;
  }
  ~Written() { fs::remove(path); }
};

}  // namespace

TEST_CASE("validate shows how each line is decided and what it needs") {
  const auto said = app::run({"rollout", "validate", example});
  CHECK(said.exit_code == 0);
  CHECK(said.err.find("load_test(hours >= 4)': nothing measures it") != std::string::npos);
  for (const char* part :
       {"outbound-calls: 5 phases", "week-1: 5 % of users, days 1 to 7, at least 7 d, 50 to 100 calls a day",
        "evidence that it is above 60 %, and above 70 % as it stands",
        "68 calls at a true 75 %, 95 %: 166; 525 planned", "and as before: ", "queue_backlog > 500"})
    CHECK_MESSAGE(said.out.find(part) != std::string::npos, part);
}

TEST_CASE("validate refuses a bad plan with file line and fix and exit code 1") {
  const Written plan(
      "rollout: x\nphases:\n  - name: one\n    percentage: 5\n    min_duration: 7d\n"
      "    advance_when: [uptimes > 99%]\n");
  const auto said = app::run({"rollout", "validate", plan.path.string()});
  CHECK(said.exit_code == 1);
  CHECK(said.err.find("line 6: phases.one.advance_when: 'uptimes > 99%': there is no metric 'uptimes'; did you mean "
                      "uptime?") != std::string::npos);
  CHECK(said.err.find("one line to correct") != std::string::npos);
  const auto as_json = app::run({"rollout", "validate", plan.path.string(), "--json"});
  CHECK(as_json.exit_code == 1);
  const json::value answer = json::parse(as_json.out);
  CHECK_FALSE(answer.at("valid").as_bool());
  CHECK(answer.at("problems").as_array().size() == 1);
}

TEST_CASE("validate tells a file that is not there from bad usage") {
  const auto missing = app::run({"rollout", "validate", "/nowhere/plan.yaml"});
  CHECK(missing.exit_code == 1);
  CHECK(missing.err.find("/nowhere/plan.yaml") != std::string::npos);
  CHECK(app::run({"rollout", "validate"}).exit_code == 2);
  CHECK(app::run({"rollout", "validate", example, "--loudly"}).exit_code == 2);
}

TEST_CASE("validate --calls says what each percentage is in calls and who is the largest") {
  // user-0 … user-199 with one call each, one of them with a hundred.
  std::string csv = "userId,phone,startedAt\n";
  for (int i = 0; i < 200; ++i) csv += "user-" + std::to_string(i) + ",,2026-10-01T09:00:00Z\n";
  for (int i = 0; i < 99; ++i) csv += "user-7,,2026-10-11T09:00:00Z\n";
  csv += ",+919845012345,2026-10-05T09:00:00Z\n,,2026-10-05T09:00:00Z\n";
  const Written calls(csv);
  const auto said = app::run({"rollout", "validate", example, "--calls", calls.path.string(), "--json"});
  CHECK(said.exit_code == 0);
  const json::value answer = json::parse(said.out).at("calls");
  CHECK(answer.at("calls").as_int64() == 300);
  CHECK(answer.at("users").to_number<int>() == 201);
  CHECK(answer.at("unusable").as_int64() == 1);
  CHECK(answer.at("days").as_double() == doctest::Approx(10));
  const json::array& phases = answer.at("phases").as_array();
  REQUIRE(phases.size() == 5);
  CHECK(phases.back().at("callShare").as_double() == 1);
  CHECK(phases.back().at("users").as_int64() == 201);
  for (std::size_t i = 1; i < phases.size(); ++i)
    CHECK(phases[i - 1].at("calls").as_int64() <= phases[i].at("calls").as_int64());
  CHECK(answer.at("largest").at("userId").as_string() == "user-7");
  CHECK(answer.at("largest").at("calls").as_int64() == 100);
  CHECK(answer.at("largest").at("callShare").as_double() == doctest::Approx(1.0 / 3));

  const auto shown = app::run({"rollout", "validate", example, "--calls", calls.path.string()});
  CHECK(shown.out.find("Of 300 calls of 201 users in 10.0 days (1 rows name nobody") != std::string::npos);
  CHECK(shown.out.find("The largest: user-7 with 100 calls (33.3 %)") != std::string::npos);
}

TEST_CASE("validate --calls masks numbers and refuses what is no export of calls") {
  // Two spellings of one number are one user.
  const Written phones("phone\n+919845012345\n098450 12345\nnobody\n");
  const auto said = app::run({"rollout", "validate", example, "--calls", phones.path.string()});
  CHECK(said.out.find("+********2345 with 2 calls (100.0 %)") != std::string::npos);
  CHECK(said.out.find("1 rows name nobody") != std::string::npos);
  CHECK(said.out.find("9845012345") == std::string::npos);
  for (const char* bad : {"", "name\nA\n", "userId\n", "userId\n\x01\n"}) {
    const Written calls(bad);
    CHECK(app::run({"rollout", "validate", example, "--calls", calls.path.string()}).exit_code == 1);
  }
}
