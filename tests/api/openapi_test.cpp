// The document against the routes, both ways, and the rights of every route. What answers look like is held by
// ApiWorld.
#include "api_world.hpp"

namespace callramp::api {
namespace {

std::string example_path(const std::string& pattern) {
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      path += pattern[i];
      continue;
    }
    path += "nobody";
    i = pattern.find('}', i);
  }
  return path;
}

TEST_CASE("every route is in the document and everything in the document is a route") {
  ApiWorld world;
  world.api.router().mount("POST", "/webhooks/carrier/{secret}/call-status",
                           [](Exchange&) -> Awaitable<net::Response> { co_return net::Response{}; });
  std::set<std::string> routes;
  for (const auto& route : world.api.router().routes())
    if (!route->mounted && route->pattern != "/") routes.insert(route->method + " " + route->pattern);
  std::set<std::string> documented;
  for (const auto& [path, operations] : world.contract.paths())
    for (const auto& [method, operation] : operations.as_object()) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      documented.insert(upper + " " + std::string(path));
    }
  CHECK(routes == documented);
  CHECK(json::parse(world.get("/api/openapi.json", "").text) == json::parse(embedded::openapi_json));
}

TEST_CASE("every reference of the document leads to a schema") {
  const Contract contract;
  const std::string text(embedded::openapi_json);
  const std::string lead = "#/components/schemas/";
  int seen = 0;
  for (auto at = text.find(lead); at != std::string::npos; at = text.find(lead, at + 1), ++seen) {
    const auto from = at + lead.size();
    CHECK_NOTHROW(contract.schema(text.substr(from, text.find('"', from) - from)));
  }
  CHECK(seen > 100);
}

TEST_CASE("the validator notices what the document does not say") {
  const Contract contract;
  const json::object& schema = contract.schema("AcceptedCall");
  const char* good =
      R"({"callLogId":"a","status":"initiated","system":"new-system","estimatedStartTime":"2026-01-01T00:00:00Z"})";
  CHECK(contract.mismatch(json::parse(good), schema) == "");
  for (
      const char* bad :
      {R"({"callLogId":"a","status":"initiated","system":"new-system"})",
       R"({"callLogId":7,"status":"initiated","system":"new-system","estimatedStartTime":"2026-01-01T00:00:00Z"})",
       R"({"callLogId":"a","status":"begun","system":"new-system","estimatedStartTime":"2026-01-01T00:00:00Z"})",
       R"({"callLogId":"a","status":"initiated","system":"new-system","estimatedStartTime":"today"})",
       R"({"callLogId":"a","status":"initiated","system":"new-system","estimatedStartTime":"2026-01-01T00:00:00Z","x":1})"}) {
    CAPTURE(std::string(bad));
    CHECK(contract.mismatch(json::parse(bad), schema) != "");
  }
}

TEST_CASE("each route serves the role that it needs and refuses every lesser one") {
  const std::map<std::string, std::string> needed{
      {"GET /api/v1/admin/feature-flags", "viewer"},
      {"PATCH /api/v1/admin/feature-flags", "operator"},
      {"GET /api/v1/admin/feature-flags/history", "viewer"},
      {"POST /api/v1/admin/feature-flags/undo", "operator"},
      {"GET /api/v1/admin/pins", "viewer"},
      {"POST /api/v1/admin/pins", "operator"},
      {"POST /api/v1/admin/pins/remove", "approver"},
      {"GET /api/v1/route/{userId}", "viewer"},
      {"POST /api/v1/route", "viewer"},
      {"POST /api/v1/calls/outbound", "operator"},
      {"POST /api/v1/calls/outbound/bulk", "operator"},
      {"POST /api/v1/calls/outbound/import", "operator"},
      {"GET /api/v1/calls/outbound/batches", "viewer"},
      {"GET /api/v1/calls/outbound/batches/{id}", "viewer"},
      {"GET /api/v1/calls/outbound/batches/{id}/errors.csv", "operator"},
      {"POST /api/v1/calls/outbound/batches/{id}/cancel", "operator"},
      {"GET /api/v1/calls", "viewer"},
      {"POST /api/v1/calls/search", "operator"},
      {"GET /api/v1/calls/{id}", "viewer"},
      {"POST /api/v1/calls/{id}/cancel", "operator"},
      {"GET /api/v1/agents", "viewer"},
      {"POST /api/v1/agents", "operator"},
      {"GET /api/v1/agents/{id}", "viewer"},
      {"PUT /api/v1/agents/{id}", "operator"},
      {"DELETE /api/v1/agents/{id}", "operator"},
      {"GET /api/v1/campaigns", "viewer"},
      {"POST /api/v1/campaigns", "operator"},
      {"GET /api/v1/campaigns/{id}", "viewer"},
      {"PATCH /api/v1/campaigns/{id}", "operator"},
      {"DELETE /api/v1/campaigns/{id}", "operator"},
      {"POST /api/v1/campaigns/{id}/start", "operator"},
      {"POST /api/v1/campaigns/{id}/pause", "operator"},
      {"POST /api/v1/campaigns/{id}/resume", "operator"},
      {"POST /api/v1/campaigns/{id}/cancel", "operator"},
      {"GET /api/v1/campaigns/{id}/why", "viewer"},
      {"GET /api/v1/campaigns/{id}/contacts", "viewer"},
      {"POST /api/v1/campaigns/{id}/contacts", "operator"},
      {"DELETE /api/v1/campaigns/{id}/contacts/{seq}", "operator"},
      {"GET /api/v1/campaigns/{id}/results.csv", "viewer"},
      {"POST /api/v1/campaigns/{id}/test-call", "operator"},
      {"GET /api/v1/do-not-call", "viewer"},
      {"POST /api/v1/do-not-call", "operator"},
      {"POST /api/v1/do-not-call/remove", "approver"},
      {"POST /api/v1/do-not-call/check", "viewer"},
      {"POST /api/v1/outcomes", "operator"},
      {"GET /api/v1/stats/outbound", "viewer"},
      {"GET /api/v1/rollouts", "viewer"},
      {"POST /api/v1/rollouts", "admin"},
      {"GET /api/v1/rollouts/{name}", "viewer"},
      {"GET /api/v1/rollouts/{name}/plan", "viewer"},
      {"GET /api/v1/rollouts/{name}/decisions", "viewer"},
      {"GET /api/v1/rollouts/{name}/decisions/{id}", "viewer"},
      {"GET /api/v1/rollouts/{name}/decisions/{id}/explain", "viewer"},
      {"POST /api/v1/rollouts/{name}/start", "approver"},
      {"POST /api/v1/rollouts/{name}/advance", "approver"},
      {"POST /api/v1/rollouts/{name}/hold", "operator"},
      {"POST /api/v1/rollouts/{name}/extend", "operator"},
      {"POST /api/v1/rollouts/{name}/resume", "approver"},
      {"POST /api/v1/rollouts/{name}/rollback", "operator"},
      {"POST /api/v1/rollouts/{name}/complete", "approver"},
      {"POST /api/v1/rollouts/{name}/declare", "approver"},
      {"POST /api/v1/rollouts/{name}/decommission-old", "admin"},
      {"POST /api/v1/rollouts/{name}/drill", "approver"},
      {"POST /api/v1/rollouts/{name}/waive", "admin"},
      {"POST /api/v1/rollouts/{name}/pin", "operator"},
      {"POST /api/v1/rollouts/{name}/approvals", "approver"},
      {"POST /api/v1/rollouts/{name}/checklists/{list}/{item}", "operator"},
      {"POST /api/v1/rollouts/{name}/confirmations/{confirmation}", "operator"},
      {"POST /api/v1/rollouts/{name}/incident/{item}", "operator"},
      {"GET /api/v1/evidence", "viewer"},
      {"POST /api/v1/evidence", "operator"},
      {"PATCH /api/v1/evidence/{kind}/{externalId}", "operator"},
      {"POST /webhooks/alertmanager", "operator"},
      {"POST /webhooks/alertmanager/{secret}", ""},
      {"GET /api/v1/tokens", "admin"},
      {"POST /api/v1/tokens", "admin"},
      {"DELETE /api/v1/tokens/{id}", "admin"},
      {"GET /api/v1/audit", "viewer"},
      {"GET /api/v1/events", "viewer"},
      {"POST /ofrep/v1/evaluate/flags/{key}", "viewer"},
      {"POST /ofrep/v1/evaluate/flags", "viewer"},
      {"GET /ofrep/v1/events", "viewer"},
      {"GET /health", ""},
      {"GET /api/v1/health", ""},
      {"GET /ready", ""},
      {"GET /metrics", ""},
      {"GET /api/openapi.json", ""},
      {"GET /", ""}};
  ApiWorld world;
  CHECK(world.api.router().routes().size() == needed.size());
  for (const auto& route : world.api.router().routes()) {
    const std::string name = route->method + " " + route->pattern;
    CAPTURE(name);
    const auto row = needed.find(name);
    REQUIRE(row != needed.end());
    const std::string body = route->method == "GET" || route->method == "DELETE" ? "" : "{}";
    // Each route from an address of its own: too many strangers from one are refused in another way.
    const auto status = [&](std::string token) {
      return world
          .ask(route->method, example_path(route->pattern), {.token = std::move(token), .body = body, .from = name})
          .status;
    };
    CHECK((status("") == 401) == !row->second.empty());
    bool enough = row->second.empty();
    for (const std::string role : {"viewer", "operator", "approver", "admin"}) {
      enough = enough || role == row->second;
      CAPTURE(role);
      CHECK((status("cr_" + role) == 403) == !enough);
    }
  }
}

}  // namespace
}  // namespace callramp::api
