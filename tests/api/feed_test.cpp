// OFREP, the live feed, and what lives at the root.
#include "api_world.hpp"
#include "net/sse.hpp"

namespace callramp::api {
namespace {

const std::string one = "/ofrep/v1/evaluate/flags/";
const std::string all = "/ofrep/v1/evaluate/flags";

std::string context(const std::string& user) { return R"({"context":{"targetingKey":")" + user + R"("}})"; }

TEST_CASE("a single flag is answered as OFREP says") {
  ApiWorld world;
  struct Row {
    const char* key;
    std::string body;
    int status;
    const char* field;
    std::string value;  // as JSON
  };
  for (const Row& row : std::vector<Row>{
           {"outbound-calls-system", context("user-1"), 200, "value",
            json::serialize(json::value(to_string(world.flags.route("user-1").system)))},
           {"outbound-calls-system", context("user-1"), 200, "reason", R"("SPLIT")"},
           {"outbound-calls-system", R"({"context":{}})", 400, "errorCode", R"("TARGETING_KEY_MISSING")"},
           {"outbound-calls-system", context(""), 400, "errorCode", R"("TARGETING_KEY_MISSING")"},
           {"outbound-calls-system", "", 400, "errorCode", R"("TARGETING_KEY_MISSING")"},
           {"outbound-calls-system", R"({"context":{"targetingKey":7}})", 400, "errorCode", R"("INVALID_CONTEXT")"},
           {"outbound-calls-system", context("a\\u0007"), 400, "errorCode", R"("INVALID_CONTEXT")"},
           {"outbound-calls-system", R"({"context":[]})", 400, "errorCode", R"("INVALID_CONTEXT")"},
           {"outbound-calls-system", "{", 400, "errorCode", R"("PARSE_ERROR")"},
           {"outbound-calls-system", "[]", 400, "errorCode", R"("PARSE_ERROR")"},
           {"no%2Fsuch%20flag", context("u"), 404, "errorCode", R"("FLAG_NOT_FOUND")"},
           {"no%2Fsuch%20flag", context("u"), 404, "key", R"("no/such flag")"},
           {"outboundCallsEnabled", "", 200, "value", "true"},
           {"outboundCallsPercentage", context("u"), 200, "value", "50"},
           {"enableRetryLogic", context("u"), 200, "variant", R"("on")"},
           {"enableBulkImport", context("u"), 200, "reason", R"("STATIC")"}}) {
    CAPTURE(std::string(row.key) + " " + row.body);
    const Answer answer = world.post(one + row.key, row.body, "cr_viewer");
    CHECK(answer.status == row.status);
    CHECK(answer.body().at(row.field) == json::parse(row.value));
  }
  CHECK(world.ask("POST", one + "enableRetryLogic", {.token = "cr_viewer", .body = "{}", .content_type = "text/plain"})
            .status == 415);
  CHECK(world.post(one + "enableRetryLogic", std::string(1024 * 1024 + 1, ' '), "cr_viewer").status == 413);

  REQUIRE(world.patch_flags(R"({"outboundCallsEnabled":false})").status == 200);
  const json::value off = world.post(one + "outbound-calls-system", context("user-1"), "cr_viewer").body();
  CHECK(off.at("value").as_string() == "old-system");
  CHECK(off.at("reason").as_string() == "DISABLED");
  REQUIRE(world.post("/api/v1/admin/pins", R"({"userId":"user-1","system":"old-system","reason":"r"})").status == 200);
  CHECK(world.post(one + "outbound-calls-system", context("user-1"), "cr_viewer").body().at("reason").as_string() ==
        "TARGETING_MATCH");
}

/// Breaks as a handler does that has a bug.
class BrokenBody final : public net::BodyReader {
 public:
  Awaitable<Result<std::string>> read_some() override {
    throw std::runtime_error("broken");
    co_return std::string();
  }
};

TEST_CASE("a failure of ours tells an OpenFeature client its own words for it beside ours") {
  ApiWorld world;
  for (const std::string& path : {one + "enableRetryLogic", all}) {
    CAPTURE(path);
    net::Request request;
    request.method = "POST";
    request.target = request.path = path;
    request.headers.add("Authorization", "Bearer cr_viewer");
    request.headers.add("Content-Type", "application/json");
    request.body = std::make_unique<BrokenBody>();
    const net::Response response = world.run(world.api.handle(request));
    CHECK(response.status == 500);
    const json::value body = json::parse(response.body);
    CHECK(body.at("errorCode").as_string() == "GENERAL");
    CHECK(body.at("errorDetails") == body.at("error").at("message"));
    CHECK(body.as_object().contains("key") == (path != all));
    if (path != all) CHECK(body.at("key").as_string() == "enableRetryLogic");
    CHECK(world.contract.mismatch(body, world.contract.schema("OfrepError")) == "");
  }
}

TEST_CASE("the bulk answer changes its ETag with context values and pins and with nothing else") {
  ApiWorld world;
  const auto etag = [&](const std::string& body) { return world.post(all, body, "cr_viewer").header("ETag"); };
  const auto status = [&](const std::string& body, const std::string& tag, const std::string& query = "") {
    return world.ask("POST", all + query, {.token = "cr_viewer", .body = body, .headers = {{"If-None-Match", tag}}})
        .status;
  };
  const Answer first = world.post(all, context("user-1"), "cr_viewer");
  REQUIRE(first.status == 200);
  CHECK(first.body().at("flags").as_array().size() == 6);
  CHECK(first.body().at("eventStreams").at(0).at("endpoint").at("requestUri").as_string() == "/ofrep/v1/events");
  const std::string tag = first.header("ETag");
  CHECK(tag.starts_with('"'));
  CHECK(etag(R"({ "context" : { "targetingKey" : "user-1" } })") == tag);
  CHECK(etag(R"({"context":{"a":1,"targetingKey":"user-1"}})") ==
        etag(R"({"context":{"targetingKey":"user-1","a":1}})"));
  CHECK(etag(R"({"context":{"a":1,"targetingKey":"user-1"}})") != tag);
  CHECK(etag(context("user-2")) != tag);
  CHECK(status(context("user-1"), tag) == 304);
  CHECK(status(context("user-1"), "\"x\", W/" + tag) == 304);
  CHECK(status(context("user-2"), tag) == 200);
  CHECK(status(context("user-1"), tag, "?flagConfigEtag=%22old%22") == 200);
  CHECK(status(context("user-1"), tag, "?colour=red") == 400);
  REQUIRE(world.post("/api/v1/admin/pins", R"({"userId":"user-2","system":"old-system","reason":"r"})").status == 200);
  CHECK(status(context("user-1"), tag) == 304);
  REQUIRE(world.post("/api/v1/admin/pins", R"({"userId":"user-1","system":"old-system","reason":"r"})").status == 200);
  CHECK(status(context("user-1"), tag) == 200);
  const std::string pinned = etag(context("user-1"));
  REQUIRE(world.patch_flags(R"({"enableBulkImport":false})").status == 200);
  CHECK(status(context("user-1"), pinned) == 200);
  const Answer nobody = world.post(all, "{}", "cr_viewer");
  CHECK(nobody.status == 200);
  CHECK(nobody.body().at("flags").at(0).at("errorCode").as_string() == "TARGETING_KEY_MISSING");
}

/// What a stream writes while `meanwhile` happens and `span` passes.
std::string streamed(ApiWorld& world, Answer answer, Duration span, std::function<void()> meanwhile) {
  REQUIRE(answer.response.stream);
  CollectingWriter out(1'000'000);
  world.context.restart();
  bool ended = false;
  asio::co_spawn(world.context, answer.response.stream(out), [&](std::exception_ptr, Status) { ended = true; });
  world.clock.run_until(world.context, world.clock.now() + milliseconds{1});
  meanwhile();
  world.context.restart();
  world.clock.run_until(world.context, world.clock.now() + span);
  world.feed.close();
  world.context.restart();
  world.clock.run_until(world.context, world.clock.now() + seconds{1});
  CHECK(ended);
  return out.text;
}

std::vector<net::SseEvent> parsed(const std::string& text) {
  net::SseParser parser;
  const auto events = parser.feed(text);
  REQUIRE(events);
  return *events;
}

TEST_CASE("the live feed shows calls and flags as they change") {
  ApiWorld world;
  REQUIRE(world
              .ask("PUT", "/api/v1/agents/a",
                   {.token = "cr_operator", .body = R"({"name":"a","greeting":"b","disclosure":"c","prompt":"d"})"})
              .status == 201);
  Answer stream = world.get("/api/v1/events");
  CHECK(stream.header("Content-Type") == "text/event-stream");
  const auto events = parsed(streamed(world, std::move(stream), seconds{1}, [&] {
    world.feed.publish({"call", R"({"id":"1"})"});
    world.feed.publish({"flags", R"({"version":9})"});
  }));
  REQUIRE(events.size() == 2);
  CHECK(events[0].event == "call");
  CHECK(events[0].data == R"({"id":"1"})");
  CHECK(events[1].event == "flags");
  CHECK(events[1].id > events[0].id);
}

TEST_CASE("a silent feed beats and a slow watcher is told what it lost") {
  ApiWorld world;
  const std::string quiet = streamed(world, world.get("/api/v1/events"), seconds{31}, [] {});
  CHECK(quiet.find(": still here\n\n: still here\n\n") != std::string::npos);

  ApiWorld busy;
  const auto events = parsed(streamed(busy, busy.get("/api/v1/events"), seconds{1}, [&] {
    for (int i = 0; i < 300; ++i) busy.feed.publish({"call", std::to_string(i)});
  }));
  REQUIRE(events.size() == 257);
  CHECK(events[0].event == "lagged");
  CHECK(events[0].data == R"({"lost":44})");
  CHECK(events[1].data == "44");
  CHECK(events.back().data == "299");
}

TEST_CASE("a stream ends at the next beat after its token was revoked") {
  ApiWorld world;
  const Answer made = world.post("/api/v1/tokens", R"({"role":"viewer","name":"wall"})", "cr_admin");
  Answer stream = world.get("/api/v1/events", std::string(made.body().at("token").as_string()));
  CollectingWriter out(1'000'000);
  bool ended = false;
  world.context.restart();
  asio::co_spawn(world.context, stream.response.stream(out), [&](std::exception_ptr, Status) { ended = true; });
  world.clock.run_until(world.context, world.clock.now() + seconds{20});
  CHECK_FALSE(ended);
  REQUIRE(world.ask("DELETE", "/api/v1/tokens/" + std::string(made.body().at("id").as_string()), {.token = "cr_admin"})
              .status == 204);
  world.context.restart();
  world.clock.run_until(world.context, world.clock.now() + seconds{16});
  CHECK(ended);
  stream.response = {};
  CHECK(world.feed.watchers() == 0);
}

TEST_CASE("there is a limit to streams and one that is gone makes room") {
  ApiWorld world;
  std::vector<Answer> streams;
  for (int i = 0; i < 256; ++i) streams.push_back(world.get("/api/v1/events"));
  CHECK(world.get("/api/v1/events").status == 429);
  streams.pop_back();
  CHECK(world.get("/api/v1/events").status == 200);
}

TEST_CASE("OFREP clients are told to ask again when a flag or a pin changes and when they missed it") {
  ApiWorld world;
  const auto events = parsed(streamed(world, world.get("/ofrep/v1/events"), seconds{1}, [&] {
    world.feed.publish({"call", "{}"});
    world.feed.publish({"flags", "{}"});
  }));
  REQUIRE(events.size() == 1);
  const json::value data = json::parse(events[0].data);
  CHECK(data.at("type").as_string() == "refetchEvaluation");
  CHECK(data.at("etag").as_string() == "\"" + events[0].id + "\"");
  CHECK(data.at("lastModified").is_int64());

  const auto again = [](const std::string& last) {
    ApiWorld other;
    Answer answer = other.ask("GET", "/ofrep/v1/events", {.token = "cr_viewer", .headers = {{"Last-Event-ID", last}}});
    return parsed(streamed(other, std::move(answer), seconds{1}, [] {})).size();
  };
  CHECK(again(events[0].id) == 0);
  CHECK(again("older") == 1);
}

TEST_CASE("health is open and readiness says what is missing") {
  ApiWorld world;
  for (const char* path : {"/health", "/api/v1/health", "/ready"}) CHECK(world.get(path, "").status == 200);
  world.readiness = fail(ErrorCode::unavailable, "the carrier does not answer");
  const Answer answer = world.get("/ready", "");
  CHECK(answer.status == 503);
  CHECK(answer.code() == "SERVICE_UNAVAILABLE");
  CHECK(answer.message() == "the carrier does not answer");
  CHECK(world.get("/metrics", "").text == "calls_total 0\n");
}

TEST_CASE("the page runs its own script and loads nothing from elsewhere") {
  ApiWorld world;
  const Answer page = world.get("/", "");
  CHECK(page.status == 200);
  const std::string policy = page.header("Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'"));
  const auto at = policy.find("'nonce-") + 7;
  const std::string nonce = policy.substr(at, policy.find('\'', at) - at);
  CHECK(nonce.size() == 32);
  CHECK(page.text.find("<script nonce=\"" + nonce + "\">") != std::string::npos);
  CHECK(page.text.find("<style nonce=\"" + nonce + "\">") != std::string::npos);
  CHECK(page.text.find("{{nonce}}") == std::string::npos);
  CHECK(page.text.find("open_page = false") != std::string::npos);
  CHECK(page.text.find("http://") == std::string::npos);
  CHECK(page.text.find("https://") == std::string::npos);
  CHECK(world.get("/", "").header("Content-Security-Policy") != policy);
}

}  // namespace
}  // namespace callramp::api
