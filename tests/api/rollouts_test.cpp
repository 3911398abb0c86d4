// The rollouts API: plans in, how it stands out, and what people order and sign. What the rollout does with it is the
// controller's; here a fake takes the orders.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const std::string one = "/api/v1/rollouts/outbound-calls";

Answer post_plan(ApiWorld& world, std::string query, Ask ask = {}) {
  if (ask.token.empty()) ask.token = "cr_admin";
  if (ask.body.empty()) ask.body = "rollout: outbound-calls\n";
  if (ask.content_type == "application/json") ask.content_type = "application/yaml";
  return world.ask("POST", "/api/v1/rollouts" + query, std::move(ask));
}

TEST_CASE("a plan is given as YAML with its name and the reason for it") {
  ApiWorld world;
  const Answer answer = post_plan(world, "?file=plan.yaml&reason=week%201&dryRun=true");
  CHECK(answer.status == 201);
  CHECK(answer.body().at("created").as_bool());
  CHECK(world.rollouts.asked == std::vector<std::string>{"upload 24 plan.yaml week 1 dry admin"});
  world.rollouts.reply.applied = false;
  CHECK(post_plan(world, "").status == 200);
  for (const char* type : {"application/x-yaml", "text/yaml; charset=utf-8", "Application/YAML"}) {
    CAPTURE(type);
    // Only the first name is in the document; the others are taken as well.
    net::Request request;
    request.method = "POST";
    request.target = request.path = "/api/v1/rollouts";
    request.headers.add("Authorization", "Bearer cr_admin");
    request.headers.add("Content-Type", type);
    request.body = std::make_unique<TextBody>("rollout: x\n");
    CHECK(world.run(world.api.handle(request)).status == 200);
  }
}

TEST_CASE("a plan with problems lists all of them and one that would move people is refused with what it changes") {
  ApiWorld world;
  world.rollouts.reply.problems = {{.message = "line 7: percentage 120 is above 100", .field = "phases.week-3"},
                                   {.message = "line 9: there is no phase 'week-9'", .field = "phases.week-4.keeps"}};
  const Answer wrong = post_plan(world, "");
  CHECK(wrong.status == 400);
  CHECK(wrong.message() == "line 7: percentage 120 is above 100 (and 1 more)");
  const json::value wrong_body = wrong.body();
  const json::array& problems = wrong_body.at("error").at("details").at("problems").as_array();
  REQUIRE(problems.size() == 2);
  CHECK(problems[1].at("message").as_string() == "line 9: there is no phase 'week-9'");

  world.rollouts.reply.problems.clear();
  world.rollouts.reply.applied = false;
  world.rollouts.reply.refusal = "it would move users who are on new already; give a reason";
  world.rollouts.reply.changes = {{.what = "phases.week-1.percentage: 5 becomes 2", .moves_users = true}};
  const Answer refused = post_plan(world, "");
  CHECK(refused.status == 409);
  CHECK(refused.code() == "CONFLICT");
  const json::value change = refused.body().at("error").at("details").at("changes").at(0);
  CHECK(change.at("what").as_string() == "phases.week-1.percentage: 5 becomes 2");
  CHECK(change.at("movesUsers").as_bool());
}

TEST_CASE("what is no plan at all is refused before anybody reads it") {
  ApiWorld world;
  CHECK(post_plan(world, "", {.content_type = "text/plain"}).status == 415);
  CHECK(post_plan(world, "?dryRun=yes").status == 400);
  CHECK(post_plan(world, "?why=x").status == 400);
  CHECK(post_plan(world, "", {.body = std::string(1024 * 1024 + 1, '#')}).status == 413);
  CHECK(post_plan(world, "", {.token = "cr_approver"}).status == 403);
  CHECK(world.rollouts.asked.empty());
}

TEST_CASE("how a rollout stands says where it is what the evidence says and what a person owes") {
  ApiWorld world;
  const json::value body = world.get(one).body();
  CHECK(body.at("state").as_string() == "running");
  CHECK(body.at("phase").as_string() == "week-1");
  CHECK(body.at("percentage").as_int64() == 5);
  CHECK(body.at("sentence").as_string() == "Success rate: undecided.");
  CHECK(body.at("decision").at("id").as_int64() == 41);
  CHECK(body.at("observed").at("percentage").to_number<double>() == 5);
  CHECK(body.at("phases").at(0).at("standing").as_string() == "current");
  CHECK(body.at("phases").at(1).at("standing").as_string() == "ahead");
  CHECK(body.at("criteria").at(0).at("condition").as_string() == "call_success_rate > 70%");
  CHECK(body.at("criteria").at(0).at("verdict").as_string() == "undecided");
  CHECK(body.at("triggers").at(0).at("target").as_string() == "zero");
  CHECK(body.at("evidence").at("waiting").as_int64() == 4);
  CHECK(body.at("evidence").at("pending").as_int64() == 1);
  CHECK(body.at("stable").at("reset").as_string() == "new binary 1.4.2");
  CHECK(body.at("stable").at("until").as_string() == to_iso(test_start + hours{28}));
  CHECK(body.at("forecast").at("slowest").as_string() == "call_success_rate > 70%");
  CHECK(body.at("forecast").at("callsNeeded").at("q50").as_int64() == 185);
  CHECK(body.at("forecast").at("callsNeeded").at("q90").is_null());
  CHECK(body.at("incident").is_null());
  const json::array& owed = body.at("owed").as_array();
  REQUIRE(owed.size() == 2);
  CHECK(owed[0].at("who").as_string() == "asha, rahul");
  CHECK(owed[0].at("command").as_string() == "callramp rollout approve 'approved_by(stakeholder)' --decision 41");
  CHECK(owed[1].at("subject").as_string() == "phase-end/metrics");
  CHECK(world.get("/api/v1/rollouts").body().at("rollouts").as_array().size() == 1);
  CHECK(world.get("/api/v1/rollouts/other").status == 404);
}

TEST_CASE("after a rollback only the incident's items are owed and the receipt stands there") {
  ApiWorld world;
  world.rollouts.current.state.stage = rollout::Stage::rolled_back;
  world.rollouts.current.state.incident =
      rollout::Incident{.id = "INC-1",
                        .opened_at = test_start,
                        .decision = 41,
                        .items = {{.name = "communicated", .by = "asha", .note = "told support", .at = test_start},
                                  {.name = "root-cause", .by = {}, .note = {}}}};
  world.rollouts.current.receipt = engine::Receipt{.percentage = {},
                                                   .since = test_start,
                                                   .nodes_confirmed = 3,
                                                   .nodes = 3,
                                                   .last_new_dial = test_start - seconds{1},
                                                   .still_talking = 7,
                                                   .latest_end = test_start + minutes{30},
                                                   .sentence = "0 % on 3/3 nodes"};
  const json::value body = world.get(one).body();
  CHECK(body.at("incident").at("items").at(0).at("done").as_bool());
  CHECK(body.at("receipt").at("stillTalking").as_int64() == 7);
  REQUIRE(body.at("owed").as_array().size() == 1);
  CHECK(body.at("owed").at(0).at("subject").as_string() == "root-cause");
  CHECK(body.at("forecast").is_null());
}

TEST_CASE("a rollout that is only planned has no phase and no forecast") {
  ApiWorld world;
  world.rollouts.current.state = {};
  world.rollouts.current.latest.reset();
  const json::value body = world.get(one).body();
  CHECK(body.at("state").as_string() == "planned");
  for (const char* name : {"phase", "forecast", "decision", "stable", "earliestAdvance"}) {
    CAPTURE(name);
    CHECK(body.at(name).is_null());
  }
}

TEST_CASE("an order goes to the rollout as it was given and answers with its decision") {
  using rollout::CommandKind;
  struct {
    std::string path;
    std::string body;
    CommandKind kind;
  } const rows[] = {
      {"start", R"({"reason":"go"})", CommandKind::start},
      {"advance", R"({"reason":"go","despiteEvidence":true})", CommandKind::advance},
      {"hold", R"({"reason":"go"})", CommandKind::hold},
      {"extend", R"({"reason":"go","days":3})", CommandKind::extend},
      {"resume", R"({"reason":"go"})", CommandKind::resume},
      {"rollback", R"({"reason":"go","target":"zero"})", CommandKind::rollback},
      {"complete", R"({"reason":"go"})", CommandKind::complete},
      {"declare", R"({"reason":"go"})", CommandKind::declare},
      {"decommission-old", R"({"reason":"go"})", CommandKind::decommission_old},
  };
  ApiWorld world;
  for (const auto& row : rows) {
    CAPTURE(row.path);
    world.rollouts.ordered.reset();
    const Answer answer = world.post(one + "/" + row.path, row.body, "cr_admin");
    CHECK(answer.status == 200);
    REQUIRE(world.rollouts.ordered);
    const rollout::Command& order = *world.rollouts.ordered;
    CHECK(order.kind == row.kind);
    CHECK(order.actor == "admin");
    CHECK(order.reason == "go");
    CHECK(order.despite_evidence == (row.kind == CommandKind::advance));
    CHECK(order.by.has_value() == (row.kind == CommandKind::extend));
    CHECK((order.target == rollout::Target::zero) == (row.kind == CommandKind::rollback));
    CHECK(answer.body().at("id").as_int64() == 42);
  }
  CHECK(world.post("/api/v1/rollouts/other/hold", R"({"reason":"x"})").status == 404);
  world.rollouts.refusal = Error{.code = ErrorCode::conflict, .message = "it is rolled back; resume it first"};
  const Answer refused = world.post(one + "/hold", R"({"reason":"x"})");
  CHECK(refused.status == 409);
  CHECK(refused.message() == "it is rolled back; resume it first");
}

TEST_CASE("an order that moves users says whom and a dry run of it stores nothing") {
  ApiWorld world;
  world.rollouts.current.latest->to = Percent::parse("10").value();
  const Answer dry = world.post(one + "/advance", R"({"reason":"go","dryRun":true})", "cr_admin");
  CHECK(dry.status == 200);
  CHECK(dry.body().at("dryRun").as_bool());
  CHECK(dry.body().at("id").as_int64() == 0);
  const Answer made = world.post(one + "/advance", R"({"reason":"go"})", "cr_admin");
  CHECK_FALSE(made.body().at("dryRun").as_bool());
  for (const Answer* answer : {&dry, &made}) {
    const json::value switches = answer->body().at("switches");
    CHECK(switches.at("users").as_int64() == 312);
    CHECK(switches.at("openCallbacks").as_int64() == 14);
    CHECK(switches.at("sentence").as_string() == "312 users, 14 with an open callback, switch");
  }
  world.rollouts.current.latest->to = world.rollouts.current.latest->from;
  CHECK(world.post(one + "/hold", R"({"reason":"go"})", "cr_admin").body().at("switches").is_null());
}

TEST_CASE("an order that is wrong never reaches the rollout") {
  struct {
    std::string path;
    std::string body;
    int status;
    std::string field;
  } const rows[] = {
      {"hold", R"({})", 400, "reason"},
      {"hold", R"({"reason":""})", 400, "reason"},
      {"hold", R"({"reason":7})", 400, "reason"},
      {"hold", R"({"reason":"x","dryRun":1})", 400, "dryRun"},
      {"drill", R"({"reason":"x","dryRun":true})", 400, "dryRun"},
      {"hold", R"({"reason":"x","days":3})", 400, "days"},
      {"extend", R"({"reason":"x"})", 400, "days"},
      {"extend", R"({"reason":"x","days":8})", 400, "days"},
      {"extend", R"({"reason":"x","days":2})", 400, "days"},
      {"extend", R"({"reason":"x","days":"3"})", 400, "days"},
      {"rollback", R"({"reason":"x","target":"10"})", 400, "target"},
      {"advance", R"({"reason":"x","despiteEvidence":true})", 403, "despiteEvidence"},
      {"waive", R"({"criterion":"c","reason":"x","until":"2020-01-01T00:00:00Z"})", 400, "until"},
      {"waive", R"({"criterion":"c","reason":"x"})", 400, "until"},
      {"approvals", R"({"criterion":"c"})", 400, "decisionId"},
      {"approvals", R"({"criterion":"c","decisionId":0})", 400, "decisionId"},
      {"approvals", R"({"criterion":"c","decisionId":41,"link":"javascript:alert"})", 400, "link"},
      {"incident/root-cause", R"({})", 400, "note"},
  };
  ApiWorld world;
  for (const auto& row : rows) {
    CAPTURE(row.path + " " + row.body);
    const Answer answer = world.post(one + "/" + row.path, row.body, row.status == 403 ? "cr_approver" : "cr_admin");
    CHECK(answer.status == row.status);
    CHECK(answer.field() == row.field);
  }
  CHECK(world.ask("POST", one + "/hold", {.token = "cr_admin", .body = "{", .headers = {}}).status == 400);
  CHECK_FALSE(world.rollouts.ordered);
}

TEST_CASE("what people sign carries who what and when") {
  ApiWorld world;
  const Answer approval = world.post(
      one + "/approvals",
      R"json({"criterion":"approved_by(stakeholder)","decisionId":41,"note":"go","link":"https://wiki/go"})json",
      "cr_approver");
  CHECK(approval.status == 201);
  CHECK(approval.body().at("by").as_string() == "approver");
  CHECK(approval.body().at("decisionId").as_int64() == 41);

  const Answer ticked = world.post(one + "/checklists/phase-end/metrics", "");
  CHECK(ticked.body().at("done").as_bool());
  CHECK(ticked.body().at("signature").at("by").as_string() == "operator");
  CHECK_FALSE(world.post(one + "/checklists/phase-end/metrics", R"({"done":false})").body().at("done").as_bool());
  CHECK(world.post(one + "/checklists/phase-end/nothing", "").status == 404);

  CHECK(
      world.post(one + "/confirmations/failover-tested", R"({"note":"in staging"})").body().at("subject").as_string() ==
      "confirmed(failover-tested)");
  CHECK(world.post(one + "/incident/root-cause", R"({"note":"stale DNS"})").body().at("items").at(0).at("note") ==
        "stale DNS");
  CHECK(world.post(one + "/incident/approved-to-resume", R"({"note":"go"})").status == 403);
  CHECK(world.post(one + "/incident/approved-to-resume", R"({"note":"go"})", "cr_approver").status == 200);
}

TEST_CASE("a waiver a drill and a pin answer with what they did") {
  ApiWorld world;
  const Answer waiver = world.post(
      one + "/waive", R"({"criterion":"voicemail_accuracy > 80%","reason":"no labels","until":"2026-01-01T00:00:00Z"})",
      "cr_admin");
  CHECK(waiver.body().at("criterion").as_string() == "voicemail_accuracy > 80%");
  CHECK(world.post(one + "/drill", R"({"reason":"monthly"})", "cr_approver").body().at("nodes").as_int64() == 1);
  CHECK(world.rollouts.asked == std::vector<std::string>{"drill monthly"});
  const std::string pin = R"({"userId":"user-1","system":"new-system","reason":"beta"})";
  CHECK(world.post(one + "/pin", pin).status == 403);
  CHECK(world.post(one + "/pin", pin, "cr_approver").status == 200);
  CHECK(world.get("/api/v1/route/user-1").body().at("reason").as_string() == "included");
  CHECK(world.post("/api/v1/rollouts/other/pin", pin, "cr_approver").status == 404);
}

TEST_CASE("the decision log is paged and each decision opens to its arithmetic") {
  ApiWorld world;
  const Answer page = world.get(one + "/decisions?before=90&limit=5");
  CHECK(world.rollouts.asked == std::vector<std::string>{"decisions before 90 limit 5"});
  CHECK(page.body().at("next").as_int64() == 41);
  CHECK_FALSE(page.body().at("decisions").at(0).as_object().contains("criteria"));
  for (const char* query : {"?before=0", "?before=x", "?limit=101", "?page=1"}) {
    CAPTURE(query);
    CHECK(world.get(one + "/decisions" + query).status == 400);
  }
  const json::value decision = world.get(one + "/decisions/41").body();
  CHECK(decision.at("criteria").as_array().size() == 3);
  CHECK(decision.at("after").at("state").as_string() == "running");
  CHECK(world.get(one + "/decisions/7").status == 404);
  CHECK(world.get(one + "/decisions/x").status == 400);
  const json::value explained = world.get(one + "/decisions/41/explain").body();
  CHECK(explained.at("replayedEqual").as_bool());
  CHECK(explained.at("arithmetic").at(0).as_string() == "log e = 2.1");
  CHECK(world.get(one + "/plan").body().at("yaml").as_string() == "rollout: outbound-calls\n");
  CHECK(world.get(one + "/plan?hash=cd").body().at("hash").as_string() == "cd");
}

}  // namespace
}  // namespace callramp::api
