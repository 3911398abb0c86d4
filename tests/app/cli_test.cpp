// The command line without a process: exit codes, help, routing without a server, and what a person reads when there is
// no server.
#include "app/run_command.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

using namespace callramp;
using app::run;
using app::Said;

TEST_CASE("bad usage ends with 2 and one line that says what is wrong") {
  struct {
    std::vector<std::string> arguments;
    std::string_view says;
  } const rows[] = {
      {{}, "subcommand is required"},
      {{"rout"}, "rout"},
      {{"flags"}, "subcommand is required"},
      {{"flags", "paint"}, "paint"},
      {{"route"}, "USER is required"},
      {{"route", "--percentage", "101", "u"}, "101"},
      {{"route", "--percentage", "5.001", "u"}, "5.001"},
      {{"route", "--percentage", "five", "u"}, "five"},
      {{"route", "--percentage", "5", ""}, "userId"},
      {{"route", "--percentage"}, "--percentage"},
      {{"flags", "get", "extra"}, "extra"},
      {{"flags", "get", "--yaml"}, "--yaml"},
      {{"flags", "set"}, "KEY=VALUE is required"},
      {{"flags", "set", "outboundCallsPercentage"}, "not KEY=VALUE"},
      {{"flags", "set", "outboundCallPercentage=5"}, "there is no flag 'outboundCallPercentage'"},
      {{"flags", "set", "outboundCallsPercentage=120"}, "120"},
      {{"flags", "set", "outboundCallsEnabled=1"}, "true or false"},
      {{"flags", "set", "enableRetryLogic=true", "enableRetryLogic=false"}, "twice"},
      {{"flags", "kill", "--if-version", "seven"}, "--if-version is 'seven'"},
      {{"flags", "kill", "--reason", "a", "--reason", "b"}, "--reason"},
      {{"pin", "user-1", "old"}, "a reason"},
      {{"pin", "user-1", "middle", "--reason", "r"}, "it is old or new"},
      {{"pin", "user-1", "old", "--reason", "r", "--until", "tomorrow"}, "tomorrow"},
      {{"pin", "bad\nid", "old", "--reason", "r"}, "userId"},
      {{"unpin", "user-1"}, "--reason is required"},
      {{"calls", "place", "+919876543210"}, "--agent is required"},
      {{"calls", "place", "+919876543210", "--agent", "a", "--priority", "urgent"}, "urgent"},
      {{"calls", "place", "+919876543210", "--agent", "a", "--metadata", "{"}, "--metadata is no JSON object"},
      {{"calls", "place", "+919876543210", "--agent", "a", "--metadata", "[1]"}, "--metadata is no JSON object"},
      {{"calls", "list", "--status", "sleeping"}, "sleeping"},
      {{"calls", "list", "--outcome", "great"}, "great"},
      {{"calls", "list", "--system", "newer"}, "it is old or new"},
      {{"calls", "list", "--from", "2026-11-24"}, "2026-11-24"},
      {{"calls", "list", "--page", "0"}, "--page is '0'"},
      {{"calls", "list", "--phone", "+919876543210", "--status", "final"}, "does not go with"},
      {{"calls", "show"}, "ID is required"},
      {{"agents", "put", "/nowhere/agent.yaml"}, "cannot read the agent file '/nowhere/agent.yaml'"},
      {{"do-not-call", "add", "+919876543210"}, "--reason is required"},
      {{"token", "create", "--name", "n"}, "--role is required"},
      {{"token", "create", "--name", "n", "--role", "king"}, "king"},
      {{"outcomes", "report", "--external-id", "1", "--user", "u", "--system", "old", "--started-at", "now",
        "--outcome", "busy"},
       "now"},
      {{"outcomes", "report", "--external-id", "1", "--user", "u", "--system", "old", "--started-at",
        "2026-11-24T09:00:00Z", "--outcome", "busy", "--duration", "1m"},
       "--duration is '1m'"},
      {{"stats", "--from", "yesterday"}, "yesterday"},
      {{"doctor", "now"}, "now"},
  };
  for (const auto& row : rows) {
    std::string typed = "callramp";
    for (const std::string& word : row.arguments) typed += " " + word;
    CAPTURE(typed);
    const Said said = run(row.arguments);
    CHECK(said.exit_code == 2);
    CHECK_MESSAGE(said.err.find(row.says) != std::string::npos, said.err);
    CHECK(said.err.starts_with("callramp"));
    CHECK(std::ranges::count(said.err, '\n') == 1);
  }
  CHECK(run({"route", "u"}, {{"CALLRAMP_URL", "localhost"}}).exit_code == 2);
}

TEST_CASE("every command has help with an example") {
  const std::vector<std::vector<std::string>> commands{{"route"},
                                                       {"flags", "get"},
                                                       {"flags", "set"},
                                                       {"flags", "kill"},
                                                       {"flags", "enable"},
                                                       {"flags", "undo"},
                                                       {"flags", "history"},
                                                       {"pin"},
                                                       {"pin", "list"},
                                                       {"unpin"},
                                                       {"calls", "place"},
                                                       {"calls", "list"},
                                                       {"calls", "show"},
                                                       {"calls", "cancel"},
                                                       {"calls", "tail"},
                                                       {"agents", "list"},
                                                       {"agents", "show"},
                                                       {"agents", "put"},
                                                       {"agents", "remove"},
                                                       {"do-not-call", "add"},
                                                       {"do-not-call", "remove"},
                                                       {"do-not-call", "check"},
                                                       {"do-not-call", "list"},
                                                       {"token", "create"},
                                                       {"token", "list"},
                                                       {"token", "revoke"},
                                                       {"audit"},
                                                       {"outcomes", "report"},
                                                       {"stats"},
                                                       {"doctor"}};
  for (std::vector<std::string> command : commands) {
    std::string typed = "callramp";
    for (const std::string& word : command) typed += " " + word;
    CAPTURE(typed);
    command.push_back("--help");
    const Said said = run(command);
    CHECK(said.exit_code == 0);
    CHECK(said.err == "");
    CHECK(said.out.find("Examples:\n  " + typed) != std::string::npos);
  }
  const Said root = run({"--help"});
  CHECK(root.exit_code == 0);
  for (const char* group : {"route", "flags", "calls", "agents", "do-not-call", "token", "doctor"})
    CHECK(root.out.find(group) != std::string::npos);
}

TEST_CASE("without a server a command fails with 1 and says how to start one") {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"flags", "get"}, {"route", "user-1"}, {"calls", "tail"}, {"calls", "list", "--json"}}) {
    const Said said = run(arguments);
    CHECK(said.exit_code == 1);
    CHECK(said.out == "");
    CHECK_MESSAGE(said.err.find("cannot reach callramp at http://127.0.0.1:1") != std::string::npos, said.err);
    CHECK(said.err.find("callramp serve") != std::string::npos);
  }
}

TEST_CASE("routes without a server exactly as the plan's hash says") {
  std::ifstream file(CALLRAMP_SOURCE_DIR "/tests/data/bucket-vectors.jsonl");
  std::string users;
  std::vector<std::pair<std::string, std::int64_t>> expected;
  for (std::string line; std::getline(file, line);) {
    const auto vector = boost::json::parse(line);
    const std::string user(vector.at("userId").as_string());
    // What the API refuses as an id is refused here as well, by the next case.
    if (user.empty() || user.size() > 256 ||
        std::ranges::any_of(user, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == 0xC2; }))
      continue;
    users += user + "\n";
    expected.emplace_back(user, vector.at("bucket").as_int64());
  }
  REQUIRE(expected.size() > 100);
  const Said said = run({"route", "--percentage", "37", "-", "--json"}, {}, users);
  REQUIRE_MESSAGE(said.exit_code == 0, said.err);
  std::istringstream lines(said.out);
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line); ++at) {
    REQUIRE(at < expected.size());
    const auto answer = boost::json::parse(line).as_object();
    CAPTURE(line);
    CHECK(answer.size() == 5);
    CHECK(answer.at("userId").as_string() == expected[at].first);
    CHECK(answer.at("bucket").as_int64() == expected[at].second);
    const bool is_new = expected[at].second < 37;
    CHECK(answer.at("system").as_string() == (is_new ? "new-system" : "old-system"));
    CHECK(answer.at("percentage").as_int64() == 37);
    CHECK(answer.at("reason").as_string() == (is_new ? "below_percentage" : "at_or_above_percentage"));
  }
  CHECK(at == expected.size());
}

TEST_CASE("a bad line of users ends the run with its number and the lines before it stand") {
  const Said said = run({"route", "--percentage", "5.25", "-", "--json"}, {}, "a\r\n\nuser-\"1\"\n\x01\nb\n");
  CHECK(said.exit_code == 2);
  CHECK(said.out ==
        "{\"userId\":\"a\",\"bucket\":97,\"system\":\"old-system\",\"percentage\":5.25,\"reason\":\"at_or_above_"
        "percentage\"}\n"
        "{\"userId\":\"user-\\\"1\\\"\",\"bucket\":" +
            std::string(said.out.substr(said.out.rfind("bucket\":") + 8)));
  CHECK(said.err.find("line 4: userId") != std::string::npos);
}

TEST_CASE("routes names for a person as a table") {
  const Said said = run({"route", "--percentage", "50", "a", "user-1"});
  CHECK(said.exit_code == 0);
  CHECK(said.out ==
        "BUCKET  SYSTEM      REASON                  USER\n"
        "    97  old-system  at_or_above_percentage  a\n"
        "    25  new-system  below_percentage        user-1\n");
}

TEST_CASE("doctor names each problem of the configuration and fails") {
  const std::string file = "doctor-test.yaml";
  std::ofstream(file) << "prot: 3000\nlog_level: loud\n";
  const Said said = run({"doctor", "--config", file, "--json"});
  std::remove(file.c_str());
  CHECK(said.exit_code == 1);
  const auto body = boost::json::parse(said.out);
  CHECK(body.at("healthy").as_bool() == false);
  REQUIRE(body.at("checks").as_array().size() == 2);
  for (const auto& check : body.at("checks").as_array()) {
    CHECK(check.at("level").as_string() == "fail");
    CHECK(check.at("check").as_string() == "configuration");
    CHECK(check.at("next").as_string() != "");
  }
}
