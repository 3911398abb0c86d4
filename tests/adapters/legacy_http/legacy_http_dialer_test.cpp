#include "adapters/legacy_http/legacy_http_dialer.hpp"

#include <boost/json.hpp>

#include "adapters/vendor_fixture.hpp"

using namespace callramp;
using namespace callramp::legacy_http;
using namespace callramp::adapters;

namespace {

LegacyHttpConfig config_for(const Vendor& vendor) {
  return {.base_url = vendor.url() + "/",
          .token = "old-token",
          .public_url = "https://calls.example.com",
          .webhook_secret = "s3cret"};
}

LegacyDial dial() {
  return {.attempt = AttemptId{"a1"},
          .call = CallId{"c1"},
          .phone = *PhoneNumber::parse("+919876530240"),
          .user = UserId{"u1"},
          .metadata_json = R"({"plan":"gold"})",
          .script = "offer-2"};
}

struct Listener final : LegacyEvents {
  std::vector<LegacyReport> reports;
  bool can_store = true;
  Awaitable<Status> on_legacy_report(LegacyReport report) override {
    if (!can_store) co_return fail(ErrorCode::unavailable, "the disk is full");
    reports.push_back(std::move(report));
    co_return Status{};
  }
};

}  // namespace

TEST_CASE("the old system is asked with the attempt as its idempotency key") {
  Vendor vendor([](const Seen&) { return json_response(202, R"({"id":"old-7"})"); });
  vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
    NullLog log;
    LegacyHttpDialer old(config_for(vendor), pool, log);
    CHECK((co_await old.place(dial(), net::in(seconds{5}))).value() == "old-7");
    LegacyDial broken = dial();
    broken.metadata_json = "{";
    CHECK_FALSE(co_await old.place(broken, net::in(seconds{5})));
  });
  REQUIRE(vendor.seen().size() == 1);
  const Seen seen = vendor.seen()[0];
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/calls");
  CHECK(seen.header("Authorization") == "Bearer old-token");
  CHECK(seen.header("Idempotency-Key") == "a1");
  CHECK(boost::json::parse(seen.body) ==
        boost::json::parse(
            R"({"attemptId":"a1","callId":"c1","phoneNumber":"+919876530240","userId":"u1","metadata":{"plan":"gold"},
                               "script":"offer-2",
                               "callbackUrl":"https://calls.example.com/webhooks/old-system/s3cret/call-status"})"));
}

TEST_CASE("the old system's refusals keep their meaning") {
  struct Row {
    int status;
    const char* body;
    ErrorCode expected;
  };
  for (const Row& row :
       {Row{202, "{}", ErrorCode::timeout}, Row{202, "", ErrorCode::timeout}, Row{401, "", ErrorCode::unauthorized},
        Row{422, "no such number", ErrorCode::invalid_phone_number}, Row{409, "", ErrorCode::conflict},
        Row{429, "", ErrorCode::rate_limited}, Row{500, "", ErrorCode::timeout}, Row{503, "", ErrorCode::unavailable},
        Row{400, "", ErrorCode::invalid_request}}) {
    CAPTURE(row.status);
    Vendor vendor([&](const Seen&) { return json_response(row.status, row.body); });
    vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
      NullLog log;
      LegacyHttpDialer old(config_for(vendor), pool, log);
      const auto placed = co_await old.place(dial(), net::in(seconds{5}));
      REQUIRE_FALSE(placed);
      CHECK(placed.error().code == row.expected);
    });
  }
}

TEST_CASE("a call of the old system is looked up and its health is asked") {
  Vendor vendor([](const Seen& seen) {
    if (seen.path == "/health") return json_response(200, "");
    return json_response(
        200,
        R"({"id":"old/7","outcome":"no_answer","startedAt":"2026-03-03T05:18:33Z","endedAt":null,"cost":"1.50 INR"})");
  });
  vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
    NullLog log;
    LegacyHttpDialer old(config_for(vendor), pool, log);
    const auto report = co_await old.lookup("old/7", net::in(seconds{5}));
    REQUIRE(report);
    CHECK(report->outcome == Outcome::no_answer);
    CHECK(report->started_at == *parse_iso("2026-03-03T05:18:33Z"));
    CHECK_FALSE(report->ended_at);
    CHECK(report->cost == Money{1'500'000});
    CHECK(co_await old.probe(net::in(seconds{5})));
  });
  CHECK(vendor.seen()[0].target == "/calls/old%2F7");
}

TEST_CASE("reports are read in their shapes and refused with the reason") {
  const LegacyHttpConfig config;
  const Currency usd = *Currency::parse("USD");
  CHECK(parse_report(R"({"id":"x","cost":{"amount":"0.02","currency":"USD"}})", config)->cost == Money{20'000, usd});
  CHECK(parse_report(R"({"id":"x","cost":0.5})", config)->cost == Money{500'000});
  CHECK(parse_report(R"({"id":7})", config)->id == "7");
  CHECK_FALSE(parse_report(R"({"id":"x"})", config)->outcome);
  for (const char* bad : {"", "[]", "{}", R"({"id":""})", R"({"id":"x","outcome":"vanished"})",
                          R"({"id":"x","startedAt":"yesterday"})", R"({"id":"x","startedAt":"2026-03-03T05:18:33"})",
                          R"({"id":"x","cost":"much"})", R"({"id":"x","cost":{}})", R"({"id":"x","cost":"1 Rs"})"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_report(bad, config));
  }
}

TEST_CASE("the old system's callback is stored before it is answered") {
  LegacyHttpConfig config{.webhook_secret = "s3cret", .max_callback_bytes = 500};
  Listener listener;
  NullLog log;
  net::Net net(
      [&](net::Request& request) { return legacy_webhook(request, request.path.substr(1), config, listener, log); });
  const auto post = [&](const std::string& secret, const std::string& body) {
    int status = 0;
    net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
      const auto answer =
          co_await client.fetch({.method = "POST", .url = net.url("/" + secret), .body = body}, net::in(seconds{5}));
      status = answer ? answer->status : 0;
    });
    return status;
  };
  const std::string good =
      R"({"id":"old-7","outcome":"busy","startedAt":"2026-03-03T05:18:33Z","endedAt":"2026-03-03T05:18:40Z"})";
  CHECK(post("s3cret", good) == 200);
  REQUIRE(listener.reports.size() == 1);
  CHECK(listener.reports[0].outcome == Outcome::busy);
  CHECK(post("wrong", good) == 404);
  CHECK(post("s3cret", "{") == 400);
  CHECK(post("s3cret", R"({"id":"old-7"})") == 400);
  CHECK(post("s3cret", std::string(600, ' ')) == 413);
  listener.can_store = false;
  CHECK(post("s3cret", good) == 503);
  CHECK(listener.reports.size() == 1);
}
