// `callramp rollout simulate`: what it prints, what it refuses. What it finds is tests/core/simulation's business.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "app/old_calls.hpp"
#include "run_command.hpp"

using namespace callramp;
using namespace callramp::app;

namespace {

const std::string plan_file = std::string(CALLRAMP_SOURCE_DIR) + "/examples/rollout.yaml";

Said simulate(std::vector<std::string> more) {
  std::vector<std::string> arguments{"rollout", "simulate", "--plan", plan_file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(std::move(arguments));
}

}  // namespace

TEST_CASE("simulate answers with exactly the promised keys and the truths it assumed") {
  const Said said = simulate({"--truth", "success=0.55,old=0.75", "--runs", "4", "--seed", "3", "--json"});
  REQUIRE_MESSAGE(said.exit_code == 0, said.err);
  const boost::json::object answer = boost::json::parse(said.out).as_object();
  std::vector<std::string> keys;
  for (const auto& member : answer) keys.emplace_back(member.key());
  CHECK(keys == std::vector<std::string>{"runs", "seed", "rule", "truth", "rolled_back", "reached_full", "stalled",
                                         "gates_passed", "calls_to_rollback", "days_to_full", "people_exposed",
                                         "bottleneck"});
  CHECK(answer.at("runs").as_int64() == 4);
  CHECK(answer.at("seed").to_number<int>() == 3);
  CHECK(answer.at("rule").as_string() == "ours");
  CHECK(answer.at("truth").at("success").to_number<double>() == 0.55);
  CHECK(answer.at("truth").at("retry").to_number<double>() == 0.6);
  CHECK(answer.at("truth").at("labels").as_string() == "100/week");
  CHECK(answer.at("rolled_back").to_number<double>() == 1);
  CHECK(answer.at("gates_passed").as_array().size() == 5);
  CHECK(answer.at("calls_to_rollback").at("q50").to_number<double>() > 0);
  CHECK(answer.at("days_to_full").is_null());
  CHECK(simulate({"--truth", "success=0.55,old=0.75", "--runs", "4", "--seed", "3", "--json"}).out == said.out);
}

TEST_CASE("simulate tells people what it assumed and one run in its own words") {
  const Said said = simulate({"--truth", "success=0.5", "--runs", "2"});
  CHECK(said.exit_code == 0);
  for (const char* part : {"success=0.5", "retry=0.6", "rolled back, after calls of new", "passed week-1"})
    CHECK(said.out.find(part) != std::string::npos);
  const Said diary = simulate({"--truth", "success=0.5", "--diary"});
  CHECK(diary.exit_code == 0);
  CHECK(diary.out.find("2026-01-0") != std::string::npos);
  const Said usual = simulate({"--truth", "success=0.5", "--diary", "--rule", "window-1h"});
  CHECK(usual.out.find("Rolled back from week-1") != std::string::npos);
}

TEST_CASE("simulate refuses what it cannot play with what to write instead") {
  struct Row {
    std::vector<std::string> arguments;
    int exit_code;
    std::string said;
  };
  for (const Row& row : std::vector<Row>{
           {{"--truth", "success=2"}, 2, "a share from 0 to 1"},
           {{"--truth", "old=0.7"}, 2, "success=0.75"},
           {{"--truth", "success=0.7", "--rule", "magic"}, 2, "point-estimate"},
           {{"--truth", "success=0.7", "--runs", "0"}, 2, "from 1 to"},
           {{"--truth", "success=0.7", "--least-calls", "5"}, 2, "usual rules"},
           {{"--truth", "success=0.7", "--history", "/nowhere.csv"}, 1, "/nowhere.csv"},
       }) {
    CAPTURE(row.said);
    const Said said = simulate(row.arguments);
    CHECK(said.exit_code == row.exit_code);
    CHECK(said.err.find(row.said) != std::string::npos);
  }
  CHECK(run({"rollout", "simulate", "--plan", "/nowhere.yaml", "--truth", "success=0.7"}).exit_code == 1);
}

TEST_CASE("old calls give volumes and rates and survive rows that cannot be read") {
  const auto history = read_old_calls(
      "started_at,User ID,outcome,duration_seconds\n"
      "2026-03-02T10:15:00+05:30,u1,completed,45\n"
      "2026-03-02T23:30:00+05:30,u2,no_answer,0\n"
      "2026-03-03T10:00:00Z,u1,voicemail,20\n"
      "not a time,u1,completed,45\n"
      "2026-03-03T10:00:00Z,,completed,45\n"
      "2026-03-04T11:00:00Z,u3,unknown,\n");
  REQUIRE(history);
  CHECK(history->calls == 4);
  CHECK(history->days == 3);
  CHECK(history->known == 3);
  CHECK(history->successful == 1);
  CHECK(history->connected == 2);
  CHECK(history->share_by_hour[10] == 0.5);
  CHECK(history->share_by_hour[23] == 0.25);
  CHECK(history->calls_by_weekday[1] == 2);  // 2 March 2026 is a Monday
  CHECK(history->calls_by_user.size() == 3);
  CHECK(!read_old_calls("phone,outcome\n1,completed\n"));
  CHECK(!read_old_calls("startedAt,phone,outcome\nnever,1,completed\n"));
  CHECK(!read_old_calls(""));
}
