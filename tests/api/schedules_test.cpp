// Scheduled calls and retries as a client sees them.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const std::string agent_body =
    R"({"name":"Reminder","greeting":"Hello {{name}}.","disclosure":"I am an automated assistant.","prompt":"Be brief."})";

void make_agent(ApiWorld& world) {
  REQUIRE(world.ask("PUT", "/api/v1/agents/reminder", {.token = "cr_operator", .body = agent_body}).status == 201);
}
std::string schedule_body(const std::string& more) {
  return R"({"phoneNumber":"+919876543210","agentId":"reminder",)" + more + "}";
}
std::string text(const json::value& body, const char* name) { return std::string(body.at(name).as_string()); }

/// Places a call and ends its first attempt, with a retry half an hour later.
std::string call_with_retry(ApiWorld& world) {
  make_agent(world);
  const Answer placed = world.post("/api/v1/calls/outbound", R"({"phoneNumber":"+919876543210","agentId":"reminder"})");
  REQUIRE(placed.status == 202);
  const Instant now = world.clock.now();
  auto claim = world.run(world.stores->calls().claim_due(
      {.now = now,
       .limit = 5,
       .max_dials = 1,
       .node = NodeId{"node-1"},
       .judge = [](const ClaimCandidate&, const RoutingState&) -> ClaimVerdict { return DialNow{}; },
       .make_attempt = [](const ClaimCandidate&,
                          const DialNow&) { return Attempt{.id = AttemptId{"a1"}, .provider = "c"}; }}));
  REQUIRE(claim);
  REQUIRE(claim->dials.size() == 1);
  AttemptFinish finish{
      .attempt = AttemptId{"a1"}, .ending = {.outcome = Outcome::no_answer, .reason = "nobody answered"}, .now = now};
  finish.judge_retry = [now](const RetryCandidate&) -> RetryVerdict {
    return RetryAt{.at = now + minutes{30}, .reason = "nobody answered; retry 1 of 3"};
  };
  REQUIRE(world.run(world.stores->calls().finish_attempt(std::move(finish))));
  return text(placed.body(), "callLogId");
}

TEST_CASE("a call is scheduled by instant or by wall clock and read back") {
  ApiWorld world;
  make_agent(world);
  const std::string tomorrow = to_iso(world.clock.now() + hours{24});
  const Answer made =
      world.post("/api/v1/calls/outbound/schedule", schedule_body(R"("scheduledFor":")" + tomorrow + "\""));
  REQUIRE(made.status == 202);
  const json::value body = made.body();
  CHECK(text(body, "scheduledFor") == tomorrow);
  CHECK(text(body, "timezone") == "Asia/Kolkata");  // the number's own
  CHECK(text(body, "status") == "active");
  CHECK(body.at("recurring").is_null());
  CHECK(body.at("businessHours").is_null());
  const json::value call = world.get("/api/v1/calls/" + text(body, "callLogId")).body();
  CHECK(text(call, "status") == "scheduled");
  CHECK(text(call, "dueAt") == tomorrow);
  CHECK(text(call, "scheduleId") == text(body, "id"));

  const Answer weekly = world.post(
      "/api/v1/calls/outbound/schedule",
      schedule_body(
          R"("scheduledFor":"2036-12-01T20:30","timezone":"Asia/Kolkata","respectBusinessHours":true,"businessHours":{"start":"10:00","end":"17:30","timezone":"Etc/UTC","daysOfWeek":[1,"Tue",3]},"recurring":{"frequency":"weekly","interval":2,"maxOccurrences":5},"userId":"user-1","metadata":{"name":"Asha"},"priority":"high","kind":"service")"));
  REQUIRE(weekly.status == 202);
  const json::value second = weekly.body();
  // 15:00 UTC on a Monday is inside the hours.
  CHECK(text(second, "scheduledFor") == "2036-12-01T15:00:00.000Z");
  CHECK(text(second, "localTime") == "2036-12-01T20:30:00");
  CHECK(second.at("businessHours").at("daysOfWeek").as_array() == json::array{1, 2, 3});
  CHECK(text(second.at("businessHours"), "end") == "17:30");
  CHECK(second.at("recurring").at("interval").as_int64() == 2);
  CHECK(second.at("recurring").at("maxOccurrences").as_int64() == 5);
  CHECK(text(second, "userId") == "user-1");

  CHECK(world.get("/api/v1/calls/scheduled?status=active").body().at("total").as_int64() == 2);
  CHECK(text(world.get("/api/v1/calls/scheduled/" + text(second, "id")).body(), "id") == text(second, "id"));
}

TEST_CASE("what cannot be scheduled is refused with the code and field that say why") {
  ApiWorld world;
  make_agent(world);
  const std::string later = R"("scheduledFor":"2036-12-01T09:00")";
  struct Row {
    std::string more;
    int status;
    const char* code;
    const char* field;
  };
  for (const Row& row : std::vector<Row>{
           {R"("scheduledFor":"2001-01-01T00:00:00Z")", 400, "SCHEDULE_IN_PAST", "scheduledFor"},
           {R"("scheduledFor":")" + to_iso(world.clock.now()) + "\"", 400, "SCHEDULE_IN_PAST", "scheduledFor"},
           {R"("scheduledFor":"tomorrow")", 400, "INVALID_REQUEST", "scheduledFor"},
           {R"("timezone":"Asia/Kolkata")", 400, "INVALID_REQUEST", "scheduledFor"},
           {later + R"(,"timezone":"Mars/Olympus")", 400, "INVALID_REQUEST", ""},
           {later + R"(,"recurring":{"frequency":"hourly"})", 400, "INVALID_REQUEST", "recurring.frequency"},
           {later + R"(,"recurring":{})", 400, "INVALID_REQUEST", "recurring.frequency"},
           {later + R"(,"recurring":{"frequency":"daily","interval":0})", 400, "INVALID_REQUEST", "recurring.interval"},
           {later + R"(,"recurring":{"frequency":"daily","endDate":"2030-01-01T00:00:00Z"})", 400, "INVALID_REQUEST",
            "recurring.endDate"},
           {later + R"(,"recurring":{"frequency":"daily","until":"x"})", 400, "INVALID_REQUEST", "recurring.until"},
           {later + R"(,"businessHours":{"start":"18:00","end":"09:00"})", 400, "INVALID_REQUEST", ""},
           {later + R"(,"businessHours":{"daysOfWeek":[7]})", 400, "INVALID_REQUEST", "businessHours.daysOfWeek"},
           {later + R"(,"businessHours":{"daysOfWeek":[]})", 400, "INVALID_REQUEST", "businessHours.daysOfWeek"},
           {later + R"(,"businessHours":{"daysOfWeek":"Mon"})", 400, "INVALID_REQUEST", "businessHours.daysOfWeek"},
           {later + R"(,"priority":"urgent")", 400, "INVALID_REQUEST", "priority"},
           {later + R"(,"at":"x")", 400, "INVALID_REQUEST", "at"}}) {
    CAPTURE(row.more);
    const Answer answer = world.post("/api/v1/calls/outbound/schedule", schedule_body(row.more));
    CHECK(answer.status == row.status);
    CHECK(answer.code() == row.code);
    if (*row.field != '\0') CHECK(answer.field() == row.field);
  }
  CHECK(world
            .post("/api/v1/calls/outbound/schedule",
                  R"({"phoneNumber":"+919876543210","agentId":"nobody",)" + later + "}")
            .code() == "AGENT_NOT_FOUND");
  CHECK(world.get("/api/v1/calls/scheduled").body().at("total").as_int64() == 0);
}

TEST_CASE("a scheduled call is moved under its version and cancelled") {
  ApiWorld world;
  make_agent(world);
  const json::value made =
      world.post("/api/v1/calls/outbound/schedule", schedule_body(R"("scheduledFor":"2036-12-01T09:00")")).body();
  const std::string path = "/api/v1/calls/scheduled/" + text(made, "id");
  const auto put = [&](const std::string& version, const std::string& when) {
    return world.ask("PUT", path,
                     {.token = "cr_operator",
                      .body = schedule_body(R"("scheduledFor":")" + when + "\""),
                      .headers = {{"If-Match", "\"" + version + "\""}}});
  };
  CHECK(put("9", "2036-12-02T09:00").status == 412);
  const Answer moved = put("1", "2036-12-02T09:00");
  REQUIRE(moved.status == 200);
  CHECK(text(moved.body(), "scheduledFor") == "2036-12-02T03:30:00.000Z");
  CHECK(moved.body().at("version").as_int64() == 2);
  CHECK(text(moved.body(), "callLogId") != text(made, "callLogId"));
  CHECK(text(world.get("/api/v1/calls/" + text(made, "callLogId")).body(), "outcome") == "cancelled");

  const Answer cancelled = world.ask("DELETE", path, {.token = "cr_operator"});
  CHECK(cancelled.status == 200);
  CHECK(text(cancelled.body(), "status") == "cancelled");
  CHECK(put("3", "2036-12-03T09:00").status == 409);
  CHECK(world.get("/api/v1/calls/scheduled/nothing").status == 404);
}

TEST_CASE("a waiting retry is shown, dialed by hand or given up") {
  ApiWorld world;
  const std::string id = call_with_retry(world);
  const json::value waits = world.get("/api/v1/calls/" + id + "/retries").body();
  CHECK(text(waits, "status") == "scheduled");
  CHECK(text(waits, "retryAt") == to_iso(test_start + minutes{30}));
  CHECK(waits.at("attempts").as_array().size() == 1);
  CHECK(text(waits.at("attempts").at(0), "outcome") == "no_answer");
  CHECK(text(world.get("/api/v1/calls/" + id).body(), "retryAt") == to_iso(test_start + minutes{30}));

  SUBCASE("by hand") {
    const Answer now = world.post("/api/v1/calls/" + id + "/retry", "");
    CHECK(now.status == 202);
    CHECK(text(now.body(), "id") == id);
    CHECK(text(now.body(), "status") == "queued");
    CHECK(text(now.body(), "dueAt") == to_iso(test_start));
  }
  SUBCASE("given up") {
    const Answer over = world.ask("DELETE", "/api/v1/calls/" + id + "/retries", {.token = "cr_operator"});
    CHECK(over.status == 200);
    CHECK(text(over.body(), "outcome") == "no_answer");
    CHECK(world.ask("DELETE", "/api/v1/calls/" + id + "/retries", {.token = "cr_operator"}).code() ==
          "CALL_ALREADY_COMPLETED");
    // Of a call that is over another is made: what was counted stays counted.
    const Answer again = world.post("/api/v1/calls/" + id + "/retry", "");
    CHECK(again.status == 202);
    CHECK(text(again.body(), "id") != id);
    CHECK(text(again.body(), "retryOf") == id);
    CHECK(world.get("/api/v1/calls/" + id + "/retries").body().at("retriedAs").as_array() ==
          json::array{text(again.body(), "id")});
    CHECK(world.post("/api/v1/calls/" + text(again.body(), "id") + "/retry", "").code() == "CONFLICT");
  }
  CHECK(world.get("/api/v1/calls/nothing/retries").status == 404);
  CHECK(world.post("/api/v1/calls/nothing/retry", "").status == 404);
}

}  // namespace
}  // namespace callramp::api
