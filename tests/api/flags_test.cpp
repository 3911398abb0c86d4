// Flags, pins and routes as a client sees them.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const std::string path = "/api/v1/admin/feature-flags";

TEST_CASE("a patch answers the new state and is in force for the next question") {
  ApiWorld world;
  const Answer patched =
      world.patch_flags(R"({"outboundCallsPercentage":12.5,"enableRetryLogic":false,"reason":"trial"})");
  REQUIRE(patched.status == 200);
  const json::value body = patched.body();
  CHECK(body.at("outboundCallsEnabled").as_bool());
  CHECK(body.at("outboundCallsPercentage").as_double() == 12.5);
  CHECK_FALSE(body.at("enableRetryLogic").as_bool());
  CHECK(body.at("version").as_int64() == 3);
  CHECK(body.at("updatedBy").as_string() == "admin");
  CHECK(body.at("unconfirmedNodes").as_array().empty());
  CHECK(patched.header("ETag") == "\"3\"");
  CHECK(world.get(path).body() == body);
  CHECK(world.get("/api/v1/route/user-1").body().at("percentage").to_number<double>() == 12.5);
}

TEST_CASE("a bad patch names the field and changes nothing") {
  struct Row {
    const char* body;
    const char* field;
    const char* says;
  };
  ApiWorld world;
  const std::string before = world.get(path).text;
  for (const Row& row : std::vector<Row>{
           {R"({"outboundCallsPercent":5})", "outboundCallsPercent", "not known"},
           {R"({"outboundCallsPercentage":"5"})", "outboundCallsPercentage", "a number is expected"},
           {R"({"outboundCallsPercentage":101})", "outboundCallsPercentage", "101"},
           {R"({"outboundCallsPercentage":-0.01})", "outboundCallsPercentage", "outboundCallsPercentage"},
           {R"({"outboundCallsPercentage":5.001})", "outboundCallsPercentage", "outboundCallsPercentage"},
           {R"({"outboundCallsPercentage":1e300})", "outboundCallsPercentage", "outboundCallsPercentage"},
           {R"({"outboundCallsEnabled":1})", "outboundCallsEnabled", "true or false is expected"},
           {R"({"outboundCallsEnabled":null})", "outboundCallsEnabled", "null"},
           {R"({"enableBulkImport":true,"outboundCallsEnabled":"no"})", "outboundCallsEnabled", "\"no\""},
           {R"({"outboundCallsPercentage":5,"reason":7})", "reason", "a string is expected"},
           {R"({"outboundCallsPercentage":5,"hangUpActive":true})", "hangUpActive", "outboundCallsEnabled false"}}) {
    CAPTURE(row.body);
    const Answer answer = world.patch_flags(row.body);
    CHECK(answer.status == 400);
    CHECK(answer.code() == "INVALID_REQUEST");
    CHECK(answer.field() == row.field);
    CHECK(answer.message().find(row.says) != std::string::npos);
  }
  for (const char* body : {"{", "[]", "null", "{\"a\":1}x", "\xff", "{}", R"({"reason":"nothing else"})"}) {
    CAPTURE(body);
    CHECK(world.patch_flags(body).code() == "INVALID_REQUEST");
  }
  CHECK(world.get(path).text == before);
}

TEST_CASE("a body must say that it is JSON and be no longer than a mebibyte") {
  ApiWorld world;
  const auto typed = [&](std::string type) {
    return world
        .ask("PATCH", path,
             {.token = "cr_admin", .body = R"({"outboundCallsPercentage":7})", .content_type = std::move(type)})
        .status;
  };
  CHECK(typed("text/plain") == 415);
  CHECK(typed("application/jsonx") == 415);
  CHECK(typed("Application/JSON ; charset=utf-8") == 200);
  std::string body = R"({"reason":")" + std::string(1024 * 1024, 'x') + "\"}";
  CHECK(world.patch_flags(body).status == 413);
  body = std::string(1000, '[');
  CHECK(world.patch_flags(body).status == 400);
}

TEST_CASE("If-Match guards against lost updates") {
  ApiWorld world;
  const auto patch = [&](const std::string& if_match, const char* body) {
    return world.ask("PATCH", path, {.token = "cr_admin", .body = body, .headers = {{"If-Match", if_match}}});
  };
  const std::string etag = world.get(path).header("ETag");
  CHECK(patch(etag, R"({"outboundCallsPercentage":40})").status == 200);
  const Answer late = patch(etag, R"({"outboundCallsPercentage":30})");
  CHECK(late.status == 412);
  CHECK(late.code() == "PRECONDITION_FAILED");
  CHECK(patch("\"x\"", R"({"outboundCallsPercentage":30})").status == 412);
  CHECK(patch("*", R"({"outboundCallsPercentage":30})").status == 200);
}

TEST_CASE("the kill switch answers for every node and hangs up only when asked") {
  ApiWorld world;
  CHECK(world.patch_flags(R"({"outboundCallsEnabled":false})", "cr_operator").status == 200);
  CHECK(world.live_calls.hung_up.empty());
  CHECK(world.get("/api/v1/route/user-1").body().at("reason").as_string() == "outbound_calls_disabled");
  CHECK(world.patch_flags(R"({"outboundCallsEnabled":true})", "cr_operator").status == 403);
  CHECK(world.patch_flags(R"({"outboundCallsEnabled":true})", "cr_approver").status == 200);

  world.gate.empties = false;
  const Answer killed = world.patch_flags(R"({"outboundCallsEnabled":false,"hangUpActive":true})", "cr_operator");
  CHECK(killed.status == 200);
  REQUIRE(killed.body().at("unconfirmedNodes").as_array().size() == 1);
  CHECK(killed.body().at("unconfirmedNodes").at(0).as_string() == "node-1");
  REQUIRE(world.live_calls.hung_up.size() == 1);
  CHECK(world.live_calls.hung_up[0] == std::pair<std::string, engine::Parting>("all", engine::Parting::apology));
}

TEST_CASE("undo puts back what the last change changed and history shows both") {
  ApiWorld world;
  world.patch_flags(R"({"outboundCallsPercentage":20,"reason":"lower"})");
  const Answer undone = world.ask("POST", path + "/undo", {.token = "cr_admin"});
  REQUIRE(undone.status == 200);
  CHECK(undone.body().at("outboundCallsPercentage").to_number<double>() == 50);
  CHECK(world.ask("POST", path + "/undo", {.token = "cr_operator"}).status == 200);  // down again: the safe direction
  CHECK(world.ask("POST", path + "/undo", {.token = "cr_operator"}).status == 403);
  CHECK(world.ask("POST", path + "/undo", {.token = "cr_admin", .headers = {{"If-Match", "\"1\""}}}).status == 412);
  CHECK(world.ask("POST", path + "/undo", {.token = "cr_admin", .body = "x", .content_type = "text/plain"}).status ==
        415);
  const json::value history = world.get(path + "/history").body().at("changes");
  CHECK(history.at(0).at("source").as_string() == "undo");
  CHECK(history.at(2).at("reason").as_string() == "lower");
  CHECK(history.at(2).at("from").at("outboundCallsPercentage").to_number<double>() == 50);
}

TEST_CASE("a pin holds its user and takes the rights that its direction needs") {
  ApiWorld world;
  const auto pin = [&](const char* body, const char* token) {
    return world.post("/api/v1/admin/pins", body, token).status;
  };
  const auto system = [&](const char* user) {
    return std::string(world.post("/api/v1/route", std::string(R"({"userId":")") + user + "\"}", "cr_viewer")
                           .body()
                           .at("system")
                           .as_string());
  };
  CHECK(pin(R"({"userId":"a","system":"old-system","reason":"asked"})", "cr_viewer") == 403);
  CHECK(pin(R"({"userId":"a","system":"old-system","reason":"asked"})", "cr_operator") == 200);
  CHECK(pin(R"({"userId":"b","system":"new-system","reason":"beta"})", "cr_operator") == 403);
  CHECK(pin(R"({"userId":"b","system":"new-system","reason":"beta"})", "cr_approver") == 200);
  CHECK(pin(R"({"userId":"b","system":"newest","reason":"beta"})", "cr_approver") == 400);
  CHECK(pin(R"({"userId":"b","system":"new-system"})", "cr_approver") == 400);
  CHECK(pin(R"({"userId":"b","system":"new-system","reason":"x","until":"2001-01-01T00:00:00Z"})", "cr_approver") ==
        400);
  CHECK(system("a") == "old-system");
  CHECK(system("b") == "new-system");
  CHECK(world.get("/api/v1/admin/pins").body().at("pins").as_array().size() == 2);
  CHECK(world.post("/api/v1/admin/pins/remove", R"({"userId":"a","reason":"done"})", "cr_operator").status == 403);
  CHECK(world.post("/api/v1/admin/pins/remove", R"({"userId":"a","reason":"done"})", "cr_approver").status == 204);
  CHECK(world.post("/api/v1/admin/pins/remove", R"({"userId":"a","reason":"done"})", "cr_approver").status == 404);
  CHECK(world.get("/api/v1/admin/pins").body().at("pins").as_array().size() == 1);
}

TEST_CASE("a route answers the whole decision in JSON whatever the user's id is made of") {
  ApiWorld world;
  const json::value body = world.get("/api/v1/route/user-1").body();
  const RouteDecision decision = world.flags.route("user-1");
  CHECK(body.as_object().size() == 7);
  CHECK(body.at("system").as_string() == to_string(decision.system));
  CHECK(body.at("bucket").as_int64() == decision.bucket);
  CHECK(body.at("position").as_double() == doctest::Approx(decision.position_hundredths / 100.0));
  CHECK(body.at("percentage").as_int64() == 50);
  CHECK(body.at("reason").as_string() == to_string(decision.reason));
  CHECK(body.at("flagVersion").as_int64() == 2);
  for (const auto& [segment, user] : std::vector<std::pair<std::string, std::string>>{
           {"a%22b%5Cc%2Fd", R"(a"b\c/d)"}, {"%E0%A4%A8", "\xE0\xA4\xA8"}, {"a+b", "a+b"}, {"%2B91", "+91"}})
    CHECK(world.get("/api/v1/route/" + segment).body().at("userId").as_string() == user);
  for (const char* bad : {"a%0Ab", "%FF", "%00", "%C2%85"}) {
    CAPTURE(bad);
    CHECK(world.get(std::string("/api/v1/route/") + bad).status == 400);
  }
  CHECK(world.get("/api/v1/route/" + std::string(257, 'a')).status == 400);
  CHECK(world.post("/api/v1/route", R"({"userId":""})", "cr_viewer").status == 400);
  CHECK(world.post("/api/v1/route", R"({})", "cr_viewer").field() == "userId");
}

}  // namespace
}  // namespace callramp::api
