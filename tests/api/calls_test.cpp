// Calls, agents, the do-not-call list, outcomes, tokens and audit as a client sees them.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const std::string agent_body =
    R"({"name":"Reminder","greeting":"Hello {{name}}.","disclosure":"I am an automated assistant.","prompt":"Be brief."})";
const std::string number = "+919876543210";

std::string make_agent(ApiWorld& world) {
  const Answer made = world.ask("PUT", "/api/v1/agents/reminder", {.token = "cr_operator", .body = agent_body});
  REQUIRE(made.status == 201);
  return "reminder";
}
std::string call_body(const std::string& phone = number, const std::string& more = "") {
  return R"({"phoneNumber":")" + phone + R"(","agentId":"reminder")" + more + "}";
}
std::string id_of(const Answer& answer) { return std::string(answer.body().at("callLogId").as_string()); }

TEST_CASE("a call is accepted with its system and can be read back") {
  ApiWorld world;
  make_agent(world);
  const Answer placed = world.post(
      "/api/v1/calls/outbound",
      call_body(
          number,
          R"(,"userId":"user-1","metadata":{"name":"Asha"},"priority":"high","kind":"service","timezone":"Asia/Kolkata","test":true)"));
  REQUIRE(placed.status == 202);
  CHECK(placed.body().at("status").as_string() == "initiated");
  CHECK(placed.body().at("system").as_string() == to_string(world.flags.route("user-1").system));
  CHECK(placed.body().at("estimatedStartTime").as_string() == to_iso(test_start));
  const json::value call = world.get("/api/v1/calls/" + id_of(placed)).body();
  CHECK(call.at("status").as_string() == "queued");
  CHECK(call.at("system").is_null());
  CHECK(call.at("metadata").at("name").as_string() == "Asha");
  CHECK(call.at("priority").as_string() == "high");
  CHECK(call.at("kind").as_string() == "service");
  CHECK(call.at("test").as_bool());
  const std::string label(metric_label(world.flags.route("user-1").system));
  CHECK(world.metrics.values("http_request_duration_seconds", {{"system", label}}).size() == 1);
}

TEST_CASE("without an old system such a call is handed back") {
  ApiWorld world(false);
  make_agent(world);
  REQUIRE(world.patch_flags(R"({"outboundCallsPercentage":0})").status == 200);
  const Answer placed = world.post("/api/v1/calls/outbound", call_body());
  REQUIRE(placed.status == 202);
  CHECK(placed.body().at("status").as_string() == "handed_back");
  CHECK(placed.body().at("system").as_string() == "old-system");
}

TEST_CASE("a request for a call that cannot be is refused with the code that says why") {
  ApiWorld world;
  make_agent(world);
  REQUIRE(world.post("/api/v1/do-not-call", R"({"phoneNumber":"+919000000001","reason":"asked"})").status == 201);
  struct Row {
    std::string body;
    int status;
    const char* code;
    const char* field;
  };
  for (const Row& row :
       std::vector<Row>{{call_body("12"), 400, "INVALID_PHONE_NUMBER", "phoneNumber"},
                        {R"({"phoneNumber":919876543210,"agentId":"reminder"})", 400, "INVALID_REQUEST", "phoneNumber"},
                        {R"({"agentId":"reminder"})", 400, "INVALID_REQUEST", "phoneNumber"},
                        {R"({"phoneNumber":"","agentId":"reminder"})", 400, "INVALID_REQUEST", "phoneNumber"},
                        {R"({"phoneNumber":"+919876543210","agentId":"nobody"})", 404, "AGENT_NOT_FOUND", "agentId"},
                        {call_body("+919000000001"), 422, "DO_NOT_CALL", "phoneNumber"},
                        {call_body(number, R"(,"priority":"urgent")"), 400, "INVALID_REQUEST", "priority"},
                        {call_body(number, R"(,"metadata":[])"), 400, "INVALID_REQUEST", "metadata"},
                        {call_body(number, R"(,"metadata":{"a":")" + std::string(10 * 1024, 'x') + "\"}"), 400,
                         "INVALID_REQUEST", "metadata"},
                        {call_body(number, R"(,"userId":"a\u0007b")"), 400, "INVALID_REQUEST", "userId"},
                        {call_body(number, R"(,"test":"yes")"), 400, "INVALID_REQUEST", "test"},
                        {call_body(number, R"(,"phone":"x")"), 400, "INVALID_REQUEST", "phone"}}) {
    CAPTURE(row.body);
    const Answer answer = world.post("/api/v1/calls/outbound", row.body);
    CHECK(answer.status == row.status);
    CHECK(answer.code() == row.code);
    CHECK(answer.field() == row.field);
  }
  CHECK(world.post("/api/v1/calls/outbound", call_body(number, R"(,"timezone":"Mars/Base")")).status == 400);
  CHECK(world.get("/api/v1/calls").body().at("total").as_int64() == 0);
  CHECK(world.log.text.find(number) == std::string::npos);
}

TEST_CASE("an idempotency key gives the first answer again and refuses another request") {
  ApiWorld world;
  make_agent(world);
  const auto place = [&](const std::string& body, const std::string& key) {
    return world.ask("POST", "/api/v1/calls/outbound",
                     {.token = "cr_operator", .body = body, .headers = {{"Idempotency-Key", key}}});
  };
  const Answer first = place(call_body(number, R"(,"userId":"u")"), "k-1");
  REQUIRE(first.status == 202);
  REQUIRE(world.patch_flags(R"({"outboundCallsEnabled":false})").status == 200);  // routes differently from now on
  const Answer again = place(R"({ "userId":"u", "agentId":"reminder", "phoneNumber":"+919876543210" })", "k-1");
  CHECK(again.status == 202);
  CHECK(again.text == first.text);
  CHECK(place(call_body(), "k-1").code() == "CONFLICT");
  // Two clients that number their requests from 1 do not meet.
  const Answer others =
      world.ask("POST", "/api/v1/calls/outbound",
                {.token = "cr_approver", .body = call_body("+919876543211"), .headers = {{"Idempotency-Key", "k-1"}}});
  CHECK(others.status == 202);
  CHECK(id_of(others) != id_of(first));
  CHECK(place(call_body(), "").code() == "INVALID_REQUEST");
  CHECK(place(call_body(), "a b").code() == "INVALID_REQUEST");
  CHECK(place(call_body(), std::string(256, 'k')).code() == "INVALID_REQUEST");
  CHECK(world.get("/api/v1/calls").body().at("total").as_int64() == 2);
}

TEST_CASE("a viewer sees the last four digits wherever a number stands") {
  ApiWorld world;
  make_agent(world);
  const std::string id = id_of(world.post("/api/v1/calls/outbound", call_body()));
  REQUIRE(world.post("/api/v1/do-not-call", R"({"phoneNumber":"+919000000001","reason":"asked"})").status == 201);
  const std::vector<std::string> paths{"/api/v1/calls", "/api/v1/calls/" + id, "/api/v1/do-not-call", "/api/v1/audit"};
  for (const std::string& path : paths) {
    CAPTURE(path);
    const std::string seen = world.get(path, "cr_viewer").text;
    CHECK(seen.find("9876543") == std::string::npos);
    CHECK(seen.find("900000000") == std::string::npos);
  }
  CHECK(world.get(paths[0], "cr_viewer").text.find("3210") != std::string::npos);
  CHECK(world.get(paths[1], "cr_operator").body().at("phoneNumber").as_string() == number);
  CHECK(world.get(paths[2], "cr_operator").text.find("+919000000001") != std::string::npos);
  CHECK(world.post("/api/v1/do-not-call/check", R"({"phoneNumber":"+919000000001"})", "cr_viewer").text.find("+919") ==
        std::string::npos);
}

TEST_CASE("calls are listed by what they are and found by number without a URL") {
  ApiWorld world;
  make_agent(world);
  for (int i = 0; i < 5; ++i)
    REQUIRE(world
                .post("/api/v1/calls/outbound",
                      call_body("+91987654321" + std::to_string(i), R"(,"userId":"user-)" + std::to_string(i) + "\""))
                .status == 202);
  const auto total = [&](const std::string& query) {
    return world.get("/api/v1/calls?" + query).body().at("total").as_int64();
  };
  CHECK(total("userId=user-3") == 1);
  CHECK(total("status=queued&agentId=reminder") == 5);
  CHECK(total("status=final") == 0);
  CHECK(total("outcome=completed") == 0);
  CHECK(total("from=2030-01-01T00:00:00Z") == 0);
  CHECK(total("to=2030-01-01T00:00:00%2B05:30") == 5);
  const json::value page = world.get("/api/v1/calls?page=2&limit=2").body();
  CHECK(page.at("calls").as_array().size() == 2);
  CHECK(page.at("page").as_int64() == 2);
  CHECK(world.post("/api/v1/calls/search", R"({"phoneNumber":"+919876543213"})").body().at("total").as_int64() == 1);
  for (const char* bad :
       {"limit=101", "limit=0", "limit=x", "page=0", "status=done", "system=new", "from=yesterday", "from=2030-01-01",
        "phoneNumber=1", "page=1&page=2", "status=%zz", "limit=99999999999999999999"}) {
    CAPTURE(std::string(bad));
    CHECK(world.get(std::string("/api/v1/calls?") + bad).status == 400);
  }
}

TEST_CASE("a call is cancelled once") {
  ApiWorld world;
  make_agent(world);
  const std::string id = id_of(world.post("/api/v1/calls/outbound", call_body()));
  const auto cancel = [&](const std::string& call) {
    return world.ask("POST", "/api/v1/calls/" + call + "/cancel", {.token = "cr_operator"});
  };
  const Answer cancelled = cancel(id);
  CHECK(cancelled.status == 200);
  CHECK(cancelled.body().at("outcome").as_string() == "cancelled");
  CHECK(cancel(id).code() == "CALL_ALREADY_COMPLETED");
  CHECK(cancel("nobody").code() == "NOT_FOUND");
  CHECK(world.get("/api/v1/calls/nobody").code() == "NOT_FOUND");
}

TEST_CASE("a finished call is shown whole with its transcript timing and cost") {
  ApiWorld world;
  make_agent(world);
  const CallId id{id_of(world.post("/api/v1/calls/outbound", call_body()))};
  CallStore& store = world.stores->calls();
  const auto claimed =
      world.run(store.claim_due({.now = world.clock.now(),
                                 .limit = 1,
                                 .node = NodeId{"node-1"},
                                 .judge = [](const ClaimCandidate&, const RoutingState&) -> ClaimVerdict {
                                   return DialNow{.system = System::new_system, .route = {}};
                                 },
                                 .make_attempt =
                                     [&](const ClaimCandidate& candidate, const DialNow&) {
                                       return Attempt{.id = AttemptId{"attempt-1"},
                                                      .call = candidate.call.id,
                                                      .provider = "carrier",
                                                      .phone = candidate.call.phone,
                                                      .stream_token = "secret-stream-token",
                                                      .started_at = world.clock.now(),
                                                      .permission_json = R"({"kind":"service"})"};
                                     }}));
  REQUIRE(claimed);
  REQUIRE(claimed->dials.size() == 1);
  const auto inr = *Currency::parse("INR");
  const auto finished = world.run(store.finish_attempt(
      {.attempt = AttemptId{"attempt-1"},
       .ending = {.outcome = Outcome::completed},
       .now = world.clock.now(),
       .answered_at = world.clock.now(),
       .carrier_duration = seconds{42},
       .transcript =
           {{.speaker = Speaker::agent, .text = "Hello \"you\".", .from = milliseconds{0}, .to = milliseconds{900}},
            {.speaker = Speaker::callee,
             .text = "Hi",
             .from = milliseconds{1000},
             .to = milliseconds{1200},
             .interrupted = true}},
       .turns = {{.turn = 1, .endpointing = milliseconds{300}, .first_played = milliseconds{700}}},
       .costs = {{.provider = "carrier",
                  .item = "minute",
                  .quantity = 1,
                  .unit = "pulse",
                  .cost = {1'500'000, inr},
                  .estimated = true},
                 {.provider = "llm",
                  .item = "tokens",
                  .quantity = 300,
                  .unit = "token",
                  .cost = {4'800, inr},
                  .estimated = false},
                 {.provider = "carrier",
                  .item = "fee",
                  .quantity = 1,
                  .unit = "call",
                  .cost = {250'000, inr},
                  .estimated = false}},
       .price_book = "2026-01"}));
  REQUIRE(finished);
  const Answer answer = world.get("/api/v1/calls/" + id.str());
  REQUIRE(answer.status == 200);
  const json::value call = answer.body();
  CHECK(call.at("outcome").as_string() == "completed");
  CHECK(call.at("system").as_string() == "new-system");
  const json::value& attempt = call.at("attempts").at(0);
  CHECK(attempt.at("transcript").at(0).at("text").as_string() == "Hello \"you\".");
  CHECK(attempt.at("transcript").at(1).at("interrupted").as_bool());
  CHECK(attempt.at("turns").at(0).at("firstPlayedMs").as_int64() == 700);
  CHECK(attempt.at("turns").at(0).at("firstTokenMs").is_null());
  CHECK(attempt.at("permission").at("kind").as_string() == "service");
  CHECK(attempt.at("costs").as_array().size() == 3);
  CHECK(call.at("cost").at("total").at(0).at("amount").as_string() == "1.7548");
  CHECK(call.at("cost").at("byProvider").at(0).at("amount").as_string() == "1.75");
  CHECK(call.at("cost").at("byProvider").at(0).at("estimated").as_bool());
  CHECK_FALSE(call.at("cost").at("byProvider").at(1).at("estimated").as_bool());
  CHECK(answer.text.find("secret-stream-token") == std::string::npos);

  const json::value stats = world.get("/api/v1/stats/outbound?to=2025-11-24T16:05:00Z").body();
  CHECK(stats.at("calls").as_int64() == 1);
  CHECK(stats.at("successRate").to_number<double>() == 1.0);
  CHECK(stats.at("systems").at("new-system").at("outcomes").at("completed").as_int64() == 1);
  CHECK(stats.at("systems").at("old-system").at("successRate").is_null());
  CHECK(world.get("/api/v1/stats/outbound?from=2030-01-01T00:00:00Z").status == 400);
}

TEST_CASE("an agent needs a disclosure and cannot be removed under a call") {
  ApiWorld world;
  make_agent(world);
  CHECK(world.ask("PUT", "/api/v1/agents/reminder", {.token = "cr_operator", .body = agent_body}).status == 200);
  CHECK(world.ask("PUT", "/api/v1/agents/a%20b", {.token = "cr_operator", .body = agent_body}).status == 400);
  const Answer made = world.post("/api/v1/agents", agent_body);
  REQUIRE(made.status == 201);
  CHECK(made.body().at("maxTurns").as_int64() == 40);
  const std::string own = "/api/v1/agents/" + std::string(made.body().at("id").as_string());
  CHECK(world.get(own).body() == made.body());
  CHECK(world.get("/api/v1/agents").body().at("agents").as_array().size() == 2);
  CHECK(world.post("/api/v1/agents", R"({"name":"x","greeting":"y","prompt":"z"})").field() == "disclosure");
  CHECK(world.post("/api/v1/agents", R"({"name":"x","greeting":"y","prompt":"z","disclosure":""})").field() ==
        "disclosure");
  CHECK(world.post("/api/v1/agents", R"({"name":"x","greeting":"y","prompt":"z","disclosure":"d","maxTurns":1.5})")
            .field() == "maxTurns");
  CHECK(
      world.post("/api/v1/agents", R"({"name":"x","greeting":"y","prompt":"z","disclosure":"d","voice":""})").field() ==
      "voice");
  REQUIRE(world.post("/api/v1/calls/outbound", call_body()).status == 202);
  CHECK(world.ask("DELETE", "/api/v1/agents/reminder", {.token = "cr_operator"}).status == 409);
  CHECK(world.ask("DELETE", own, {.token = "cr_operator"}).status == 204);
  CHECK(world.get(own).code() == "AGENT_NOT_FOUND");
}

TEST_CASE("a number on the do-not-call list ends its waiting calls and comes off only with an approver") {
  ApiWorld world;
  make_agent(world);
  REQUIRE(world.post("/api/v1/calls/outbound", call_body()).status == 202);
  const std::string body = R"({"phoneNumber":"+919876543210","reason":"asked"})";
  CHECK(world.post("/api/v1/do-not-call", body).body().at("callsEnded").as_int64() == 1);
  CHECK(world.post("/api/v1/do-not-call/check", R"({"phoneNumber":"+919876543210"})").body().at("listed").as_bool());
  CHECK(world.post("/api/v1/do-not-call/remove", body, "cr_operator").status == 403);
  CHECK(world.post("/api/v1/do-not-call/remove", body, "cr_approver").status == 204);
  CHECK(world.post("/api/v1/do-not-call/remove", body, "cr_approver").status == 404);
  CHECK_FALSE(
      world.post("/api/v1/do-not-call/check", R"({"phoneNumber":"+919876543210"})").body().at("listed").as_bool());
}

TEST_CASE("an outcome of the old system counts once") {
  ApiWorld world;
  const auto report = [&](const std::string& outcome, const std::string& at = "2025-11-24T15:00:00Z") {
    return world.post("/api/v1/outcomes", R"({"externalId":"x-1","userId":"u","system":"old-system","startedAt":")" +
                                              at + R"(","outcome":")" + outcome + R"(","durationSeconds":30})");
  };
  CHECK(report("completed").status == 201);
  CHECK(report("completed").status == 200);
  CHECK(report("failed").code() == "CONFLICT");
  CHECK(report("unknown").field() == "outcome");
  CHECK(report("completed", "2025-11-24T17:00:00Z").field() == "startedAt");
  const json::value stats = world.get("/api/v1/stats/outbound").body();
  CHECK(stats.at("systems").at("old-system").at("calls").as_int64() == 1);
  CHECK(stats.at("systems").at("old-system").at("connected").as_int64() == 1);
}

TEST_CASE("a token works from the answer that shows it until the answer that revokes it") {
  ApiWorld world;
  const Answer made = world.post("/api/v1/tokens", R"({"role":"viewer","name":"grafana"})", "cr_admin");
  REQUIRE(made.status == 201);
  const std::string secret(made.body().at("token").as_string());
  CHECK(secret.starts_with("cr_"));
  CHECK(secret.size() == 35);
  CHECK(world.get("/api/v1/agents", secret).status == 200);
  CHECK(world.post("/api/v1/tokens", R"({"role":"viewer","name":"grafana"})", "cr_admin").code() == "CONFLICT");
  CHECK(world.post("/api/v1/tokens", R"({"role":"king","name":"x"})", "cr_admin").field() == "role");
  CHECK(world.post("/api/v1/tokens", R"({"role":"viewer","name":"environment"})", "cr_admin").field() == "name");
  CHECK(world.post("/api/v1/tokens", R"({"role":"viewer","name":"a\nb"})", "cr_admin").field() == "name");
  const std::string list = world.get("/api/v1/tokens", "cr_admin").text;
  CHECK(list.find(secret) == std::string::npos);
  CHECK(list.find(hash_secret(secret)) == std::string::npos);
  const std::string id(made.body().at("id").as_string());
  CHECK(world.ask("DELETE", "/api/v1/tokens/" + id, {.token = "cr_admin"}).status == 204);
  CHECK(world.get("/api/v1/agents", secret).status == 401);
  CHECK(world.ask("DELETE", "/api/v1/tokens/" + id, {.token = "cr_admin"}).status == 404);
  CHECK(world.ask("DELETE", "/api/v1/tokens/token-admin", {.token = "cr_admin"}).code() == "CONFLICT");
  CHECK(world.get("/api/v1/agents", "cr_admin").status == 200);
  const json::value audit = world.get("/api/v1/audit?limit=2").body().at("entries");
  REQUIRE(audit.as_array().size() == 2);
  CHECK(audit.at(0).at("action").as_string() == "token.revoke");
  const std::string before = std::to_string(audit.at(1).at("seq").as_int64());
  CHECK(world.get("/api/v1/audit?before=" + before).body().at("entries").at(0).at("seq").as_int64() <
        audit.at(1).at("seq").as_int64());
  CHECK(world.log.text.find(secret) == std::string::npos);
}

}  // namespace
}  // namespace callramp::api
