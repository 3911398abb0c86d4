// `callramp rollout …` and `evidence …`: what they ask of the API, what they print, what they refuse.
#include <doctest/doctest.h>

#include <unistd.h>
#include <boost/json.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

#include "app/run_command.hpp"
#include "net/net_fixture.hpp"

using namespace callramp;
using app::Said;
namespace json = boost::json;

namespace {

struct Reply {
  int status = 200;
  std::string body;
};

const std::string one_rollout = R"({"rollouts":[{"name":"outbound-calls"}]})";

// An API that answers by method and path; the list of rollouts has one unless told otherwise.
class FakeApi {
 public:
  explicit FakeApi(std::map<std::string, Reply> replies)
      : replies_(std::move(replies)), net_([this](net::Request& request) { return answer(request); }) {
    replies_.try_emplace("GET /api/v1/rollouts", Reply{200, one_rollout});
  }
  Said run(std::vector<std::string> arguments) {
    return app::run(std::move(arguments), {{"CALLRAMP_URL", net_.url("/")}, {"CALLRAMP_TOKEN", "t"}});
  }
  /// As a person who is asked, and says that.
  Said run_with(std::vector<std::string> arguments, const std::string& said) {
    return app::run(std::move(arguments), {{"CALLRAMP_URL", net_.url("/")}, {"CALLRAMP_TOKEN", "t"}}, said, true);
  }
  /// All but the questions for the list of rollouts.
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  Awaitable<net::Response> answer(net::Request& request) {
    const auto sent = co_await net::read_all(*request.body, 1024 * 1024);
    const std::lock_guard lock(mutex_);
    const std::string what = request.method + " " + request.target;
    if (what != "GET /api/v1/rollouts") asked_.push_back(what + (sent && !sent->empty() ? " " + *sent : ""));
    const auto found = replies_.find(request.method + " " + request.target.substr(0, request.target.find('?')));
    const Reply reply = found == replies_.end() ? Reply{404, R"({"error":{"message":"nothing here"}})"} : found->second;
    co_return net::Response{
        .status = reply.status, .headers = {{"Content-Type", "application/json"}}, .body = reply.body};
  }

  std::mutex mutex_;  // guards asked_
  std::vector<std::string> asked_;
  std::map<std::string, Reply> replies_;
  net::Net net_;  // last: its threads use the rest
};

struct File {
  std::string path = (std::filesystem::temp_directory_path() / ("callramp-" + std::to_string(::getpid()))).string();
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { std::remove(path.c_str()); }
};

const std::string path = "/api/v1/rollouts/outbound-calls";
const std::string decision =
    R"({"id":42,"at":"2025-11-24T16:00:00Z","action":"hold","rule":"command.hold","sentence":"Held: festival.","actor":"asha",)"
    R"("reason":"festival","from":5,"to":5,"wouldChangeIt":["resume"],"whoMayOverride":"an approver"})";

}  // namespace

TEST_CASE("every order asks what it promises and prints the sentence of its decision") {
  struct {
    std::vector<std::string> arguments;
    std::string asked;
  } const rows[] = {
      {{"start"}, "/start {\"reason\":\"r\"}"},
      {{"advance"}, "/advance {\"reason\":\"r\"}"},
      {{"advance", "--despite-evidence"}, "/advance {\"despiteEvidence\":true,\"reason\":\"r\"}"},
      {{"hold"}, "/hold {\"reason\":\"r\"}"},
      {{"extend", "3d"}, "/extend {\"days\":3,\"reason\":\"r\"}"},
      {{"resume"}, "/resume {\"reason\":\"r\"}"},
      {{"rollback"}, "/rollback {\"target\":\"previous_phase\",\"reason\":\"r\"}"},
      {{"rollback", "--to-zero"}, "/rollback {\"target\":\"zero\",\"reason\":\"r\"}"},
      {{"complete"}, "/complete {\"reason\":\"r\"}"},
      {{"declare"}, "/declare {\"reason\":\"r\"}"},
      {{"decommission-old"}, "/decommission-old {\"reason\":\"r\"}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.asked);
    FakeApi api({{"POST " + path + row.asked.substr(0, row.asked.find(' ')), {200, decision}}});
    std::vector<std::string> arguments{"rollout"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    arguments.insert(arguments.end(), {"--reason", "r"});
    const Said said = api.run(arguments);
    CHECK(said.exit_code == 0);
    CHECK(said.out.starts_with("Held: festival.\nDecision 42 at "));
    CHECK(api.asked() == std::vector{"POST " + path + row.asked});
    arguments.push_back("--json");
    CHECK(api.run(arguments).out == decision + "\n");
  }
}

TEST_CASE("who sits at a terminal is asked before users are moved and told whom") {
  std::string moving = decision;
  moving.pop_back();
  moving += R"(,"dryRun":false,"switches":{"users":312,"openCallbacks":14,"sentence":"312 users, 14 with an open )"
            R"(callback, switch"}})";
  moving.replace(moving.find("\"to\":5"), 6, "\"to\":10");
  const std::string asked = "POST " + path + R"(/advance {"reason":"go","dryRun":true})";
  const std::string ordered = "POST " + path + R"(/advance {"reason":"go"})";
  {
    FakeApi api({{"POST " + path + "/advance", {200, moving}}});
    const Said no = api.run_with({"rollout", "advance", "--reason", "go"}, "n\n");
    CHECK(no.exit_code == 1);
    CHECK(no.err.find("5 % becomes 10 %: 312 users, 14 with an open callback, switch. Go on? [y/N]") !=
          std::string::npos);
    CHECK(api.asked() == std::vector{asked});
  }
  {
    FakeApi api({{"POST " + path + "/advance", {200, moving}}});
    const Said yes = api.run_with({"rollout", "advance", "--reason", "go"}, "y\n");
    CHECK(yes.exit_code == 0);
    CHECK(yes.out.find("Users: 312 users, 14 with an open callback, switch") != std::string::npos);
    CHECK(api.asked() == std::vector{asked, ordered});
  }
  FakeApi api({{"POST " + path + "/advance", {200, moving}}});
  CHECK(api.run_with({"rollout", "advance", "--reason", "go", "--yes"}, "").exit_code == 0);
  CHECK(api.run({"rollout", "advance", "--reason", "go"}).exit_code == 0);  // a script
  CHECK(api.asked() == std::vector{ordered, ordered});
}

TEST_CASE("what people sign goes under its own path") {
  const std::string signature =
      R"({"subject":"s","by":"asha","text":"Reviewed","done":true,"until":"u","criterion":"c","items":[]})";
  struct {
    std::vector<std::string> arguments;
    std::string asked;
  } const rows[] = {
      {{"approve", "approved_by(stakeholder)", "--decision", "41", "--note", "go"},
       R"json(/approvals {"note":"go","criterion":"approved_by(stakeholder)","decisionId":41})json"},
      {{"check", "phase-end", "metrics"}, "/checklists/phase-end/metrics {}"},
      {{"check", "phase-end", "metrics", "--undo"}, R"(/checklists/phase-end/metrics {"done":false})"},
      {{"check", "incident", "root-cause", "--note", "DNS"}, R"(/incident/root-cause {"note":"DNS"})"},
      {{"confirm", "failover-tested", "--link", "https://w/1"},
       R"(/confirmations/failover-tested {"link":"https://w/1"})"},
      {{"waive", "uptime > 99%", "--until", "2026-12-24T18:00:00+05:30", "--reason", "r"},
       R"(/waive {"criterion":"uptime > 99%","reason":"r","until":"2026-12-24T12:30:00.000Z"})"},
      {{"drill", "--reason", "r"}, R"(/drill {"reason":"r"})"},
      {{"pin", "user-1", "old", "--reason", "r"}, R"(/pin {"userId":"user-1","system":"old-system","reason":"r"})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.asked);
    FakeApi api({{"POST " + path + row.asked.substr(0, row.asked.find(' ')), {201, signature}}});
    std::vector<std::string> arguments{"rollout"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    CHECK(api.run(arguments).exit_code == 0);
    CHECK(api.asked() == std::vector{"POST " + path + row.asked});
  }
}

TEST_CASE("wrong usage asks nobody and exits with 2") {
  const std::vector<std::string> rows[] = {
      {"rollout"},
      {"rollout", "hold"},
      {"rollout", "extend", "2d", "--reason", "r"},
      {"rollout", "extend", "week", "--reason", "r"},
      {"rollout", "check", "incident", "root-cause"},
      {"rollout", "approve", "c", "--decision", "newest"},
      {"rollout", "waive", "c", "--until", "tomorrow", "--reason", "r"},
      {"rollout", "pin", "u", "both", "--reason", "r"},
      {"rollout", "explain", "newest"},
      {"rollout", "plan", "put", "/nowhere/plan.yaml"},
      {"evidence", "add", "rumour", "--id", "1"},
      {"evidence", "add", "label", "--id", "1", "--value", "good"},
      {"evidence", "add", "bug", "--id", "1", "--at", "noon"},
      {"evidence", "import", "/nowhere"},
  };
  for (const auto& arguments : rows) {
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    CAPTURE(line);
    FakeApi api({});
    const Said said = api.run(arguments);
    CHECK(said.exit_code == 2);
    CHECK(said.err != "");
    CHECK(api.asked().empty());
  }
}

TEST_CASE("without a rollout and with two of them the command says what to do") {
  FakeApi none({{"GET /api/v1/rollouts", {200, R"({"rollouts":[]})"}}});
  CHECK(none.run({"rollout", "status"}).exit_code == 1);
  CHECK(none.run({"rollout", "status"}).err.find("rollout plan put") != std::string::npos);
  FakeApi two({{"GET /api/v1/rollouts", {200, R"({"rollouts":[{"name":"a"},{"name":"b"}]})"}},
               {"GET /api/v1/rollouts/b/decisions", {200, R"({"decisions":[],"next":null})"}}});
  CHECK(two.run({"rollout", "decisions"}).exit_code == 2);
  CHECK(two.run({"rollout", "decisions"}).err.find("--rollout NAME: a, b") != std::string::npos);
  CHECK(two.run({"rollout", "decisions", "--rollout", "b"}).exit_code == 0);
}

TEST_CASE("a plan is sent as it stands and everything that is wrong with it comes back") {
  const File file("rollout: x\n");
  FakeApi api(
      {{"POST /api/v1/rollouts",
        {400,
         R"json({"error":{"message":"line 7: no (and 1 more)","details":{"problems":[{"message":"line 7: no"},)json"
         R"({"message":"line 9: neither"}]}}})"}}});
  const Said said = api.run({"rollout", "plan", "put", file.path, "--dry-run", "--reason", "week 2"});
  CHECK(said.exit_code == 1);
  CHECK(said.err.find("\n  - line 7: no\n  - line 9: neither") != std::string::npos);
  const std::string name = file.path.substr(file.path.rfind('/') + 1);
  CHECK(api.asked() ==
        std::vector<std::string>{"POST /api/v1/rollouts?file=" + name + "&reason=week%202&dryRun=true rollout: x\n"});
}

TEST_CASE("status begins with the sentence and shows verdicts as shape and word") {
  const std::string status = R"json({"name":"outbound-calls","state":"running","run":1,"phase":"week-1","percentage":5,
    "sentence":"Success rate: undecided.","mode":"guarded","stateReason":"","flags":{"percentage":5,"enabled":true,"version":1,"byHand":false},
    "observed":{"percentage":4.9,"new":214,"old":4066},"phaseStartedAt":"2025-11-21T16:00:00Z","earliestAdvance":"2025-11-28T16:00:00Z",
    "phases":[{"name":"week-1","percentage":5,"standing":"current"},{"name":"week-2","percentage":10,"standing":"ahead"}],
    "stable":{"since":"2025-11-23T20:00:00Z","until":"2025-11-25T20:00:00Z","reset":"new binary"},
    "criteria":[{"condition":"call_success_rate > 70%","kind":"rate","verdict":"undecided","isTrigger":false,"reason":"152 of 214.",
      "good":152,"bad":62,"estimate":0.71,"lo":0.611,"hi":0.799,"linePass":0.65,"lineFail":0.65,"fires":false},
      {"condition":"uptime > 99.5%","kind":"budget","verdict":"pass","isTrigger":false,"reason":"quiet","used":12,"allowed":50.4,"fires":false}],
    "triggers":[{"condition":"open_bugs(P1) >= 1","kind":"latch","verdict":"fail","isTrigger":true,"reason":"TRACK-7 is open.","used":1,"allowed":0,"fires":true}],
    "forecast":{"slowest":"call_success_rate > 70%","soonest":"a","likely":"b","latest":null,"callsNeeded":{"q10":53,"q50":185,"q90":null,"pNever":0.36}},
    "evidence":{"calls":214,"completed":131,"voicemailLeft":21,"failed":18,"waiting":5,"pending":0},
    "owed":[{"kind":"approval","subject":"approved_by(stakeholder)","text":"Nobody.","who":"asha","command":"callramp rollout approve …"}],
    "incident":null,"receipt":null})json";
  FakeApi api({{"GET " + path, {200, status}}});
  const Said said = api.run({"rollout", "status"});
  CHECK(said.exit_code == 0);
  CHECK(said.out.starts_with("Success rate: undecided.\n"));
  for (const char* part :
       {"◐ undecided  call_success_rate > 70%  [··················─│─●──······]", "71.0 % (61.1 % to 79.9 %), n 214",
        "● pass", "[███████·······················]", "▼ fires", "open_bugs(P1) >= 1: TRACK-7 is open.",
        "call_success_rate > 70%: 152 of 214.", "□ approval approved_by(stakeholder): Nobody. (asha)",
        "observed 4.9 % of 4280 calls", "half of such cases settle within 185 more", "new binary"}) {
    CAPTURE(part);
    CHECK(said.out.find(part) != std::string::npos);
  }
  CHECK(said.out.find("quiet") == std::string::npos);
  CHECK(api.run({"rollout", "status", "--json"}).out == status + "\n");
}

TEST_CASE("explain opens the newest decision unless it is told which") {
  const std::string said_json =
      R"({"decision":)" + decision + R"(,"arithmetic":["log e = 2.1"],"replayedEqual":false,"difference":"log e"})";
  FakeApi api({{"GET " + path + "/decisions", {200, R"({"decisions":[{"id":42}],"next":null})"}},
               {"GET " + path + "/decisions/42/explain", {200, said_json}},
               {"GET " + path + "/decisions/7/explain", {200, said_json}}});
  const Said said = api.run({"rollout", "explain"});
  CHECK(said.exit_code == 0);
  CHECK(said.out.find("log e = 2.1") != std::string::npos);
  CHECK(said.out.find("it differs: log e") != std::string::npos);
  CHECK(api.run({"rollout", "explain", "7"}).exit_code == 0);
  CHECK(api.asked() == std::vector<std::string>{"GET " + path + "/decisions?limit=1",
                                                "GET " + path + "/decisions/42/explain",
                                                "GET " + path + "/decisions/7/explain"});
}

TEST_CASE("what-if gives the figures of the decision document without a server") {
  const Said said = app::run({"rollout", "what-if", "--criterion", "call_success_rate > 70%", "--good", "152", "--bad",
                              "62", "--alpha", "0.05", "--line", "0.65", "--prior-n", "150", "--json"});
  REQUIRE(said.exit_code == 0);
  const json::object body = json::parse(said.out).as_object();
  std::string names;
  for (const auto& [name, value] : body) names.append(name).append(" ");
  CHECK(names == "log_e_pass log_e_fail verdict estimate lo hi calls_needed ");
  CHECK(body.at("verdict").as_string() == "undecided");
  CHECK(body.at("estimate").as_double() == doctest::Approx(152.0 / 214));
  CHECK(body.at("lo").as_double() == doctest::Approx(0.611).epsilon(0.001));
  CHECK(body.at("hi").as_double() == doctest::Approx(0.799).epsilon(0.001));
  const json::object& needed = body.at("calls_needed").as_object();
  CHECK(needed.at("q10").as_int64() == 53);
  CHECK(needed.at("q50").as_int64() == 185);
  CHECK(needed.at("p_never").is_number());
  const Said fail = app::run({"rollout", "what-if", "--criterion", "call_success_rate > 70%", "--good", "115", "--bad",
                              "99", "--alpha", "0.01", "--line", "0.65", "--json"});
  CHECK(json::parse(fail.out).at("verdict").as_string() == "fail");
  CHECK(std::exp(json::parse(fail.out).at("log_e_fail").as_double()) == doctest::Approx(107).epsilon(0.01));
  const Said words =
      app::run({"rollout", "what-if", "--criterion", "call_success_rate > 70%", "--good", "152", "--bad", "62"});
  CHECK(words.exit_code == 0);
  CHECK(words.out.find("◐ undecided") != std::string::npos);
}

TEST_CASE("what-if refuses what it cannot judge") {
  struct {
    std::vector<std::string> arguments;
    std::string why;
  } const rows[] = {
      {{"--criterion", "call_success_rate >", "--good", "1", "--bad", "1"}, "call_success_rate >"},
      {{"--criterion", "call_success_rate vs old > -5%", "--good", "1", "--bad", "1"}, "compares two rates"},
      {{"--criterion", "open_bugs(P1) == 0", "--good", "1", "--bad", "1"}, "give its line"},
      {{"--criterion", "call_success_rate > 100%", "--good", "1", "--bad", "1"}, "between 0 % and 100 %"},
      {{"--criterion", "call_success_rate > 70%", "--good", "-1", "--bad", "1"}, "--good"},
      {{"--criterion", "call_success_rate > 70%", "--good", "1.5", "--bad", "1"}, "--good"},
      {{"--criterion", "call_success_rate > 70%", "--good", "9000000", "--bad", "9000000"}, "ten million"},
      {{"--criterion", "call_success_rate > 70%", "--good", "1", "--bad", "1", "--alpha", "0"}, "--alpha"},
      {{"--criterion", "call_success_rate > 70%", "--good", "1", "--bad", "1", "--line", "1"}, "--line"},
      {{"--criterion", "call_success_rate > 70%", "--good", "1", "--bad", "1", "--line", "nan"}, "--line"},
      {{"--criterion", "call_success_rate > 70%", "--good", "1", "--bad", "1", "--prior-n", "0"}, "--prior-n"},
      {{"--criterion", "call_success_rate > 70%", "--good", "1"}, "--bad"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    std::vector<std::string> arguments{"rollout", "what-if"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    const Said said = app::run(arguments);
    CHECK(said.exit_code == 2);
    CHECK(said.err.find(row.why) != std::string::npos);
  }
}

TEST_CASE("evidence is reported changed and listed") {
  FakeApi api(
      {{"POST /api/v1/evidence", {201, R"({"recorded":true})"}},
       {"PATCH /api/v1/evidence/bug/T%2F7", {200, R"({"status":"resolved"})"}},
       {"GET /api/v1/evidence",
        {200, R"({"evidence":[{"kind":"bug","externalId":"T-7","severity":"P2","critical":true,"status":"open"}]})"}}});
  CHECK(api.run({"evidence", "add", "bug", "--id", "T/7", "--severity", "P2", "--critical", "--at",
                 "2025-11-24T10:00:00Z", "--note", "no audio"})
            .out == "recorded\n");
  CHECK(api.run({"evidence", "resolve", "bug", "T/7", "--reason", "fixed"}).out == "bug T/7 is resolved\n");
  const Said list = api.run({"evidence", "list", "--kind", "bug"});
  CHECK(list.out.find("P2, critical") != std::string::npos);
  CHECK(
      api.asked() ==
      std::vector<std::string>{
          R"(POST /api/v1/evidence {"kind":"bug","externalId":"T/7","at":"2025-11-24T10:00:00.000Z","severity":"P2","note":"no audio","critical":true})",
          R"(PATCH /api/v1/evidence/bug/T%2F7 {"status":"resolved","reason":"fixed"})",
          "GET /api/v1/evidence?kind=bug"});
}

TEST_CASE("an import sends each row where it belongs and a bad row never spoils the good ones") {
  FakeApi api({{"POST /api/v1/evidence", {201, R"({"recorded":true})"}},
               {"POST /api/v1/outcomes", {200, R"({"recorded":false})"}}});
  const File csv(
      "kind,externalId,value,userId,outcome,durationSeconds\r\nsatisfaction,q-1,4.5,,,\r\n,o-1,,u-1,completed,48\r\n"
      ",x,,,,\r\na,b,c,d,e,f,g\r\n");
  const Said said = api.run({"evidence", "import", csv.path});
  CHECK(said.exit_code == 1);
  CHECK(said.out == "1 recorded, 1 known already, 2 refused\n");
  CHECK(said.err.find("line 4: neither a kind of evidence nor an outcome") != std::string::npos);
  CHECK(said.err.find("line 5: 7 fields") != std::string::npos);
  CHECK(api.asked() ==
        std::vector<std::string>{
            R"(POST /api/v1/evidence {"kind":"satisfaction","externalId":"q-1","value":4.5E0})",
            R"(POST /api/v1/outcomes {"externalId":"o-1","userId":"u-1","outcome":"completed","durationSeconds":48})"});

  const File lines("{\"kind\":\"ticket\",\"externalId\":\"t-1\"}\n\n7\n{oops\n");
  const Said jsonl = api.run({"evidence", "import", lines.path, "--json"});
  CHECK(jsonl.exit_code == 1);
  CHECK(
      jsonl.out ==
      R"({"recorded":1,"known":0,"errors":[{"line":3,"reason":"no JSON object"},{"line":4,"reason":"no JSON object"}]})"
      "\n");
}

TEST_CASE("each rollout and evidence command explains itself with an example") {
  for (const std::string name : {"status", "decisions", "explain", "start", "advance", "hold", "extend", "resume",
                                 "rollback", "approve", "check", "confirm", "waive", "what-if", "drill", "pin"}) {
    CAPTURE(name);
    const Said said = app::run({"rollout", name, "--help"});
    CHECK(said.exit_code == 0);
    CHECK(said.out.find("callramp rollout " + name) != std::string::npos);
  }
  for (const std::string name : {"add", "list", "resolve", "import"})
    CHECK(app::run({"evidence", name, "--help"}).out.find("callramp evidence " + name) != std::string::npos);
}
