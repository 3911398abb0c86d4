// What people may ask about themselves, over the API; numbers in bodies alone.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const std::string number = R"({"phoneNumber":"+919876543210"})";
const std::string asked = R"({"phoneNumber":"+919876543210","reason":"asked by letter"})";

TEST_CASE("a person is shown and handed over and stopped and erased") {
  ApiWorld world;
  REQUIRE(world.run(world.stores->agents().put(
      {.id = AgentId{"asha"}, .name = "Asha", .created_at = test_start, .updated_at = test_start}, "test")));
  const Answer placed =
      world.post("/api/v1/calls/outbound", R"({"phoneNumber":"+919876543210","agentId":"asha","userId":"u-1"})");
  REQUIRE(placed.status == 202);
  CHECK(world.post("/api/v1/person/show", number).body().at("calls") == 1);
  const Answer everything = world.post("/api/v1/person/export", asked, "cr_admin");
  REQUIRE(everything.status == 200);
  CHECK(everything.body().at("calls").at(0).at("userId") == "u-1");
  CHECK(world.post("/api/v1/person/stop", asked).body() ==
        json::value(json::object{{"doNotCall", true}, {"callsEnded", 1}}));
  const Answer erased = world.post("/api/v1/person/erase", asked, "cr_admin");
  REQUIRE(erased.status == 200);
  CHECK(erased.body().at("calls") == 1);
  const Answer after = world.post("/api/v1/person/show", number);
  CHECK(after.body().at("calls") == 0);
  CHECK(after.body().at("doNotCall") == true);
  CHECK(world.post("/api/v1/calls/outbound", R"({"phoneNumber":"+919876543210","agentId":"asha"})").code() ==
        "DO_NOT_CALL");
  const std::string audit = world.get("/api/v1/audit", "cr_admin").text;
  for (const char* action : {"person.export", "do_not_call.add", "person.erase"}) {
    CAPTURE(action);
    CHECK(audit.find(action) != std::string::npos);
  }
  CHECK(audit.find("9876543210") == std::string::npos);
  CHECK(world.tombstones.kept.size() == 2);
}

TEST_CASE("a wrong question about a person is refused with the field at fault") {
  ApiWorld world;
  struct {
    const char* path;
    const char* body;
    const char* field;
  } const rows[] = {
      {"/api/v1/person/show", R"({})", "phoneNumber"},
      {"/api/v1/person/show", R"({"phoneNumber":"12"})", "phoneNumber"},
      {"/api/v1/person/show", R"({"phoneNumber":"+919876543210","reason":"x"})", "reason"},
      {"/api/v1/person/export", R"({"phoneNumber":"+919876543210"})", "reason"},
      {"/api/v1/person/erase", R"({"phoneNumber":"+919876543210","reason":""})", "reason"},
      {"/api/v1/person/stop", R"({"phoneNumber":7,"reason":"x"})", "phoneNumber"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.body);
    const Answer answer = world.post(row.path, row.body, "cr_admin");
    CHECK(answer.status == 400);
    CHECK(answer.field() == row.field);
  }
  CHECK(world.get("/api/v1/calls/nobody/permission").status == 404);
}

TEST_CASE("a number that was put on the list by the API leaves its tombstone and so does its removal") {
  ApiWorld world;
  REQUIRE(world.post("/api/v1/do-not-call", asked).status == 201);
  REQUIRE(world.post("/api/v1/do-not-call/remove", asked, "cr_approver").status == 204);
  REQUIRE(world.tombstones.kept.size() == 2);
  world.tombstones.works = false;
  const Answer refused = world.post("/api/v1/do-not-call", asked);
  CHECK(refused.status == 503);
  CHECK(world.post("/api/v1/do-not-call/check", number, "cr_viewer").body().at("listed") == true);
}

}  // namespace
}  // namespace callramp::api
