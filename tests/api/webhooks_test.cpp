// Subscriptions over the API: made, shown without their secret, changed, removed; and what became of deliveries.
#include "api_world.hpp"

namespace callramp::api {
namespace {

std::string made(ApiWorld& world, std::string body = R"({"url":"https://crm.example.com/hook"})") {
  const Answer answer = world.post("/api/v1/webhooks", std::move(body), "cr_admin");
  REQUIRE(answer.status == 201);
  return std::string(answer.body().at("id").as_string());
}

TEST_CASE("a webhook's secret is in the answer to its making and nowhere else") {
  ApiWorld world;
  const Answer created =
      world.post("/api/v1/webhooks", R"({"url":"https://crm.example.com/hook","events":["call.final"]})", "cr_admin");
  REQUIRE(created.status == 201);
  const std::string secret(created.body().at("secret").as_string());
  CHECK(secret.starts_with("whsec_"));
  CHECK(secret.size() == 6 + 64);
  const std::string id(created.body().at("id").as_string());
  for (const std::string& path :
       {std::string("/api/v1/webhooks"), "/api/v1/webhooks/" + id, std::string("/api/v1/audit")}) {
    const Answer answer = world.get(path, "cr_admin");
    CHECK(answer.status == 200);
    CHECK(answer.text.find(secret) == std::string::npos);
  }
  CHECK(world.get("/api/v1/webhooks", "cr_admin").body().at("webhooks").at(0).at("events") ==
        json::value(json::array{"call.final"}));
  CHECK(world.get("/api/v1/audit", "cr_admin").text.find("webhook.create") != std::string::npos);
  CHECK(made(world) != id);
}

TEST_CASE("a webhook that makes no sense is refused with the field at fault") {
  ApiWorld world;
  struct {
    const char* body;
    const char* field;
  } const rows[] = {
      {R"({})", "url"},
      {R"({"url":7})", "url"},
      {R"({"url":"http://crm.example.com"})", "url"},
      {R"({"url":"https://a.example","events":[]})", "events"},
      {R"({"url":"https://a.example","events":"call.final"})", "events"},
      {R"({"url":"https://a.example","events":["call.final",7]})", "events"},
      {R"({"url":"https://a.example","events":["call.started"]})", "events"},
      {R"({"url":"https://a.example","secret":"mine"})", "secret"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    const Answer answer = world.post("/api/v1/webhooks", row.body, "cr_admin");
    CHECK(answer.status == 400);
    CHECK(answer.field() == row.field);
  }
  CHECK(world.get("/api/v1/webhooks", "cr_admin").body().at("webhooks").as_array().empty());
}

TEST_CASE("a webhook is changed and removed and what is not there is not found") {
  ApiWorld world;
  const std::string path = "/api/v1/webhooks/" + made(world);
  const auto change = [&](const char* body) { return world.ask("PATCH", path, {.token = "cr_admin", .body = body}); };
  CHECK(change(R"({"events":["batch.done","batch.done"]})").body().at("events") ==
        json::value(json::array{"batch.done"}));
  CHECK(change(R"({"url":"https://b.example/"})").body().at("url") == "https://b.example/");
  CHECK(change(R"({"url":"http://b.example/"})").status == 400);
  CHECK(world.get(path, "cr_operator").body().at("events") == json::value(json::array{"batch.done"}));
  CHECK(world.ask("DELETE", path, {.token = "cr_admin"}).status == 204);
  CHECK(world.ask("DELETE", path, {.token = "cr_admin"}).status == 404);
  CHECK(world.get(path, "cr_operator").status == 404);
  CHECK(world.get(path + "/deliveries", "cr_operator").status == 404);
  CHECK(change(R"({"events":["call.final"]})").status == 404);
  CHECK(world.post(path + "/redeliver", "").status == 404);
}

TEST_CASE("what was given up is listed and sent again") {
  ApiWorld world;
  const std::string id = made(world);
  const std::string path = "/api/v1/webhooks/" + id;
  REQUIRE(world.run(world.stores->executor().write<std::int64_t>([&](sql::Db& db) -> Result<std::int64_t> {
    for (const char* state : {"delivered", "dead", "pending"})
      db.run(
          "insert into outbox (kind, target, subject, event_id, event, body, created_at, due_at, give_up_at, tries, "
          "state, last_error, settled_at) values ('webhook', :id, 'call-1', :event, 'call.final', '{}', 1, 2, 3, 4, "
          ":state, 'x', :settled)",
          {id, std::string("evt_") + state, state, state[0] == 'p' ? std::nullopt : std::optional<std::int64_t>(5)});
    return 0;
  })));
  const auto listed = [&](const std::string& query) {
    return world.get(path + "/deliveries" + query, "cr_operator").body().at("deliveries").as_array();
  };
  CHECK(listed("").size() == 3);
  CHECK(listed("?limit=1").at(0).at("state") == "pending");
  REQUIRE(listed("?state=dead").size() == 1);
  const json::value dead = listed("?state=dead").at(0);
  CHECK(dead.at("nextTryAt").is_null());
  CHECK(dead.at("eventId") == "evt_dead");
  const auto again = [&](const std::string& body) { return world.post(path + "/redeliver", body); };
  CHECK(again(R"({"deliveryId":999})").status == 404);
  CHECK(again(R"({"deliveryId":0})").status == 400);
  CHECK(again("").body().at("deliveries") == 1);
  CHECK(listed("?state=dead").empty());
  CHECK(listed("?state=pending").size() == 2);
  CHECK(again(R"({"deliveryId":1})").body().at("deliveries") == 1);
  CHECK(listed("?state=delivered").empty());
  CHECK(world.get(path + "/deliveries?state=lost", "cr_operator").status == 400);
}

}  // namespace
}  // namespace callramp::api
