// Client commands against an API that records what it was asked: the request, the answer for people and for programs,
// and every refusal as one sentence.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <mutex>

#include "app/run_command.hpp"
#include "net/net_fixture.hpp"

using namespace callramp;
using app::Said;

namespace {

// An API that gives one answer to everything.
class FakeApi {
 public:
  FakeApi(int status, std::string body)
      : net_([this, status, body = std::move(body)](net::Request& request) { return answer(request, status, body); }) {}

  Said run(std::vector<std::string> arguments, const std::string& token = "t0ken") {
    return app::run(std::move(arguments), {{"CALLRAMP_URL", net_.url("/")}, {"CALLRAMP_TOKEN", token}});
  }
  std::string asked() {  // "POST /path {body}" and the headers that matter
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  Awaitable<net::Response> answer(net::Request& request, int status, std::string body) {
    const auto sent = co_await net::read_all(*request.body, 1024 * 1024);
    const std::lock_guard lock(mutex_);
    asked_ = request.method + " " + request.target;
    if (sent && !sent->empty()) asked_ += " " + *sent;
    for (const char* name : {"Authorization", "If-Match", "Idempotency-Key"})
      if (const auto value = request.headers.find(name)) asked_ += std::string(" | ") + std::string(*value);
    const char* type = body.starts_with("event:") ? "text/event-stream" : "application/json";
    co_return net::Response{.status = status, .headers = {{"Content-Type", type}}, .body = std::move(body)};
  }

  std::mutex mutex_;  // guards asked_
  std::string asked_;
  net::Net net_;  // last: its threads use the rest
};

}  // namespace

TEST_CASE("commands ask the API what they promise") {
  struct {
    std::vector<std::string> arguments;
    std::string asked;
  } const rows[] = {
      {{"flags", "get"}, "GET /api/v1/admin/feature-flags | Bearer t0ken"},
      {{"flags", "set", "outboundCallsPercentage=10", "enableRetryLogic=false", "--reason", "week 2", "--if-version",
        "7"},
       R"(PATCH /api/v1/admin/feature-flags {"outboundCallsPercentage":1E1,"enableRetryLogic":false,"reason":"week 2"} | Bearer t0ken | "7")"},
      {{"flags", "kill", "--hang-up-active", "--reason", "silence"},
       R"(PATCH /api/v1/admin/feature-flags {"outboundCallsEnabled":false,"hangUpActive":true,"reason":"silence"} | Bearer t0ken)"},
      {{"providers"}, "GET /api/v1/providers | Bearer t0ken"},
      {{"providers", "disable", "exotel", "--for", "30m", "--reason", "incident"},
       R"(POST /api/v1/providers/exotel/disable {"reason":"incident","for":"30m"} | Bearer t0ken)"},
      {{"providers", "prefer", "twilio"}, R"(POST /api/v1/providers/twilio/prefer {} | Bearer t0ken)"},
      {{"providers", "enable", "exotel"}, R"(POST /api/v1/providers/exotel/enable {} | Bearer t0ken)"},
      {{"flags", "undo"}, "POST /api/v1/admin/feature-flags/undo {} | Bearer t0ken"},
      {{"pin", "user-1", "old", "--reason", "r", "--until", "2026-12-24T18:00:00+05:30"},
       R"(POST /api/v1/admin/pins {"userId":"user-1","system":"old-system","reason":"r","until":"2026-12-24T12:30:00.000Z"} | Bearer t0ken)"},
      {{"pin", "list"}, "GET /api/v1/admin/pins | Bearer t0ken"},
      {{"unpin", "user-1", "--reason", "r"},
       R"(POST /api/v1/admin/pins/remove {"userId":"user-1","reason":"r"} | Bearer t0ken)"},
      {{"route", "+919876543210"}, R"(POST /api/v1/route {"userId":"+919876543210"} | Bearer t0ken)"},
      {{"calls", "place", "98765 43210", "--agent", "a", "--user", "u", "--metadata", R"({"name":"Asha"})",
        "--priority", "high", "--idempotency-key", "k1"},
       R"(POST /api/v1/calls/outbound {"phoneNumber":"98765 43210","agentId":"a","userId":"u","priority":"high","metadata":{"name":"Asha"}} | Bearer t0ken | k1)"},
      {{"calls", "list", "--system", "new", "--user", "a b&c", "--limit", "5"},
       "GET /api/v1/calls?system=new-system&userId=a%20b%26c&limit=5 | Bearer t0ken"},
      {{"calls", "list", "--phone", "+919876543210", "--page", "2"},
       R"(POST /api/v1/calls/search {"phoneNumber":"+919876543210","page":2} | Bearer t0ken)"},
      {{"calls", "show", "a/b"}, "GET /api/v1/calls/a%2Fb | Bearer t0ken"},
      {{"calls", "cancel", "c1"}, "POST /api/v1/calls/c1/cancel {} | Bearer t0ken"},
      {{"agents", "remove", "a1"}, "DELETE /api/v1/agents/a1 | Bearer t0ken"},
      {{"do-not-call", "add", "+919876543210", "--reason", "r"},
       R"(POST /api/v1/do-not-call {"phoneNumber":"+919876543210","reason":"r"} | Bearer t0ken)"},
      {{"do-not-call", "check", "+919876543210"},
       R"(POST /api/v1/do-not-call/check {"phoneNumber":"+919876543210"} | Bearer t0ken)"},
      {{"token", "create", "--role", "viewer", "--name", "grafana"},
       R"(POST /api/v1/tokens {"role":"viewer","name":"grafana"} | Bearer t0ken)"},
      {{"calls", "permission", "a/b"}, "GET /api/v1/calls/a%2Fb/permission | Bearer t0ken"},
      {{"person", "show", "+919876543210"},
       R"(POST /api/v1/person/show {"phoneNumber":"+919876543210"} | Bearer t0ken)"},
      {{"person", "export", "+919876543210", "--reason", "r"},
       R"(POST /api/v1/person/export {"phoneNumber":"+919876543210","reason":"r"} | Bearer t0ken)"},
      {{"person", "stop", "+919876543210", "--reason", "r"},
       R"(POST /api/v1/person/stop {"phoneNumber":"+919876543210","reason":"r"} | Bearer t0ken)"},
      {{"person", "erase", "+919876543210", "--reason", "r", "--yes"},
       R"(POST /api/v1/person/erase {"phoneNumber":"+919876543210","reason":"r"} | Bearer t0ken)"},
      {{"webhooks", "create", "--url", "https://a.example", "--event", "call.final"},
       R"(POST /api/v1/webhooks {"url":"https://a.example","events":["call.final"]} | Bearer t0ken)"},
      {{"webhooks", "list"}, "GET /api/v1/webhooks | Bearer t0ken"},
      {{"webhooks", "change", "w1", "--event", "batch.done"},
       R"(PATCH /api/v1/webhooks/w1 {"events":["batch.done"]} | Bearer t0ken)"},
      {{"webhooks", "remove", "w/1"}, "DELETE /api/v1/webhooks/w%2F1 | Bearer t0ken"},
      {{"webhooks", "deliveries", "w1", "--state", "dead"},
       "GET /api/v1/webhooks/w1/deliveries?state=dead | Bearer t0ken"},
      {{"webhooks", "redeliver", "w1", "--delivery", "7"},
       R"(POST /api/v1/webhooks/w1/redeliver {"deliveryId":7} | Bearer t0ken)"},
      {{"webhooks", "redeliver", "w1"}, "POST /api/v1/webhooks/w1/redeliver {} | Bearer t0ken"},
      {{"token", "revoke", "t1"}, "DELETE /api/v1/tokens/t1 | Bearer t0ken"},
      {{"audit", "--limit", "5"}, "GET /api/v1/audit?limit=5 | Bearer t0ken"},
      {{"outcomes", "report", "--external-id", "7", "--user", "u", "--system", "old", "--started-at",
        "2026-11-24T09:00:00Z", "--outcome", "busy", "--duration", "3"},
       R"(POST /api/v1/outcomes {"externalId":"7","userId":"u","system":"old-system","startedAt":"2026-11-24T09:00:00.000Z","outcome":"busy","durationSeconds":3} | Bearer t0ken)"},
      {{"stats"}, "GET /api/v1/stats/outbound | Bearer t0ken"},
  };
  FakeApi api(200, "{}");
  for (const auto& row : rows) {
    CAPTURE(row.asked);
    const Said said = api.run(row.arguments);
    CHECK_MESSAGE(said.exit_code == 0, said.err);
    CHECK(api.asked() == row.asked);
  }
}

TEST_CASE("puts the agent of a file under its id") {
  FakeApi api(200, "{}");
  const Said said = api.run({"agents", "put", CALLRAMP_SOURCE_DIR "/examples/agent.yaml"});
  CHECK_MESSAGE(said.exit_code == 0, said.err);
  CHECK(api.asked().starts_with("PUT /api/v1/agents/order-confirmation {\"name\":\"Asha, order desk\""));
  CHECK(api.asked().find("\"disclosure\":\"I am an AI assistant") != std::string::npos);
}

TEST_CASE("for programs the body as it came and for people a table") {
  const std::string body =
      R"({"pins":[{"userId":"user-1","system":"old-system","reason":"a\u001b[2Jb","pinnedBy":"asha","until":null}]})";
  FakeApi api(200, body);
  CHECK(api.run({"pin", "list", "--json"}).out == body + "\n");
  CHECK(api.run({"pin", "list"}).out ==
        "USER    SYSTEM      UNTIL  BY    REASON\n"
        "user-1  old-system  -      asha  a?[2Jb\n");
}

TEST_CASE("the secret of a new token stands alone on standard output") {
  FakeApi api(201, R"({"id":"t1","name":"crm","role":"operator","token":"s3cret"})");
  const Said said = api.run({"token", "create", "--role", "operator", "--name", "crm"});
  CHECK(said.out == "s3cret\n");
  CHECK(said.err.find("shown this once") != std::string::npos);
}

TEST_CASE("a refusal is one sentence with the next step and exit code 1") {
  const auto error = [](const char* code, const char* message) {
    return std::string(R"({"error":{"code":")") + code + R"(","message":")" + message +
           R"(","details":{},"requestId":"r-1"}})";
  };
  struct {
    int status;
    std::string body;
    std::string token;
    std::string says;
  } const rows[] = {
      {401, error("UNAUTHORIZED", "no"), "t0ken", "does not know the token from CALLRAMP_TOKEN"},
      {401, error("UNAUTHORIZED", "no"), "", "set CALLRAMP_TOKEN"},
      {403, error("FORBIDDEN", "needs approver"), "t0ken",
       "needs approver; the token from CALLRAMP_TOKEN has not the role"},
      {400, error("INVALID_REQUEST", "that is wrong"), "t0ken", "callramp: that is wrong\n"},
      {412, error("PRECONDITION_FAILED", "the flags have version 9"), "t0ken", "callramp: the flags have version 9\n"},
      {500, error("INTERNAL_ERROR", "oops"), "t0ken", "failed with 500: oops (request r-1)"},
      {502, "<html>bad gateway</html>", "t0ken", "failed with 502: <html>"},
      {404, "", "t0ken", "is http"},
      {200, "<html>hello</html>", "t0ken", "did not answer in JSON"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.says);
    FakeApi api(row.status, row.body);
    const Said said = api.run({"flags", "get"}, row.token);
    CHECK(said.exit_code == 1);
    CHECK(said.out == "");
    CHECK_MESSAGE(said.err.find(row.says) != std::string::npos, said.err);
    CHECK(std::ranges::count(said.err, '\n') == 1);
  }
}

TEST_CASE("tail prints one readable line for each event and ends with the stream") {
  FakeApi api(200,
              "event: call\ndata: "
              "{\"id\":\"c1\",\"status\":\"final\",\"system\":\"new-system\",\"outcome\":\"completed\",\"phone\":\"+***"
              "*****3210\",\"at\":\"2026-11-24T12:03:55.120Z\"}\n\n"
              ": heartbeat\n\n"
              "event: flags\ndata: {\"version\":8,\"enabled\":false}\n\n"
              "event: odd\ndata: not json\n\n");
  const Said said = api.run({"calls", "tail"});
  CHECK_MESSAGE(said.exit_code == 0, said.err);
  CHECK(api.asked() == "GET /api/v1/events | Bearer t0ken");
  CHECK(said.out ==
        "12:03:55  call      c1  final  new-system  completed  +********3210\n"
        "flags     version=8  enabled=false\n"
        "odd       not json\n");
  CHECK(api.run({"calls", "tail", "--json"}).out.find("{\"version\":8,\"enabled\":false}\n") != std::string::npos);
}
