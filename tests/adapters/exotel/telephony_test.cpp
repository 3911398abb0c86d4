#include "adapters/exotel/exotel_telephony.hpp"

#include "adapters/golden.hpp"
#include "adapters/vendor_fixture.hpp"
#include "base/base64.hpp"

using namespace callramp;
using namespace callramp::exotel;
using namespace callramp::adapters;

namespace {

ExotelConfig config_for(const Vendor& vendor) {
  return {.base_url = vendor.url() + "/",
          .api_key = "key",
          .api_token = "token",
          .account_sid = "acct1",
          .caller_id = "08040264890",
          .public_url = "https://calls.example.com/",
          .webhook_secret = "s3cret"};
}

DialRequest dial() {
  return {.attempt = AttemptId{"01jdq4q8w5e2t8m9n0p1r2s3t4"},
          .to = *PhoneNumber::parse("+919876530240"),
          .stream_token = "0123456789abcdef0123456789abcdef",
          .time_limit = seconds{600}};
}

const Instant from = *parse_iso("2026-03-03T05:18:00.4Z");
const Instant until = *parse_iso("2026-03-03T05:19:00.2Z");

}  // namespace

TEST_CASE("a dial reaches Exotel with the key and gives the call's id") {
  Vendor vendor([](const Seen&) { return json_response(200, golden("exotel/connect_response.json")); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelTelephony exotel(config_for(vendor), pool, clock, log);
    const auto placed = co_await exotel.place(dial(), net::in(seconds{5}));
    REQUIRE(placed);
    CHECK(*placed == "c5797dcbaaeed7678c4062a4a3ed2f8a");
    CHECK(exotel.caller_id() == "08040264890");
  });
  const auto seen = vendor.seen();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].method == "POST");
  CHECK(seen[0].path == "/v1/Accounts/acct1/Calls/connect.json");
  CHECK(seen[0].header("Authorization") == "Basic " + base64_encode("key:token"));
  CHECK(seen[0].header("Content-Type") == "application/x-www-form-urlencoded");
  std::string expected = golden("exotel/connect_request.form");
  while (expected.ends_with('\n')) expected.pop_back();
  CHECK(seen[0].body == expected);
}

TEST_CASE("an accepted dial without an id may have been made") {
  for (const char* body : {"", "{}", "<xml>", R"({"Call":{}})", R"({"Call":{"Sid":""}})", R"({"Call":[]})"}) {
    CAPTURE(body);
    Vendor vendor([&](const Seen&) { return json_response(200, body); });
    vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
      NullLog log;
      ExotelTelephony exotel(config_for(vendor), pool, clock, log);
      const auto placed = co_await exotel.place(dial(), net::in(seconds{5}));
      REQUIRE_FALSE(placed);
      CHECK(placed.error().code == ErrorCode::timeout);
    });
  }
}

TEST_CASE("an answer that is too long or breaks off leaves the dial unknown") {
  for (const bool breaks : {false, true}) {
    Vendor vendor([&](const Seen&) {
      return breaks ? streamed({"{\"Call\":"}, {}, true) : json_response(200, std::string(200'000, ' '));
    });
    vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
      NullLog log;
      ExotelConfig config = config_for(vendor);
      config.max_answer_bytes = 100'000;
      ExotelTelephony exotel(std::move(config), pool, clock, log);
      const auto placed = co_await exotel.place(dial(), net::in(seconds{5}));
      REQUIRE_FALSE(placed);
      CHECK(placed.error().code == ErrorCode::timeout);
    });
  }
}

TEST_CASE("a carrier that cannot be reached has certainly not dialled") {
  Vendor vendor([](const Seen&) { return json_response(200, "{}"); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelConfig config = config_for(vendor);
    config.base_url = "http://127.0.0.1:1";
    ExotelTelephony exotel(std::move(config), pool, clock, log);
    const auto placed = co_await exotel.place(dial(), net::in(seconds{5}));
    REQUIRE_FALSE(placed);
    CHECK(placed.error().code == ErrorCode::unavailable);
  });
}

TEST_CASE("a carrier that is silent until the deadline may have dialled") {
  net::RawServer silent;
  Vendor vendor([](const Seen&) { return json_response(200, "{}"); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelConfig config = config_for(vendor);
    config.base_url = silent.url("");
    ExotelTelephony exotel(std::move(config), pool, clock, log);
    const auto placed = co_await exotel.place(dial(), net::in(milliseconds{200}));
    REQUIRE_FALSE(placed);
    CHECK(placed.error().code == ErrorCode::timeout);
  });
}

TEST_CASE("after a 429 nothing is sent until the time that was named") {
  Vendor vendor([](const Seen&) {
    return json_response(429, golden("exotel/error_rate_limited.json"), {{"Retry-After", "30"}});
  });
  vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
    NullLog log;
    async::VirtualClock clock(net::in(Duration{}));
    ExotelTelephony exotel(config_for(vendor), pool, clock, log);
    const auto first = co_await exotel.place(dial(), net::in(seconds{5}));
    REQUIRE_FALSE(first);
    CHECK(first.error().code == ErrorCode::rate_limited);
    CHECK(first.error().message.find("retry after 30 s") != std::string::npos);
    const auto second = co_await exotel.place(dial(), net::in(seconds{5}));
    CHECK(second.error().code == ErrorCode::rate_limited);
    CHECK((co_await exotel.lookup("x", net::in(seconds{5}))).error().code == ErrorCode::rate_limited);
  });
  CHECK(vendor.seen().size() == 1);
}

TEST_CASE("a call's details are asked for by its id") {
  Vendor vendor([](const Seen& seen) {
    return seen.path.find("c5797") == std::string::npos ? json_response(404, "")
                                                        : json_response(200, golden("exotel/details_completed.json"));
  });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelTelephony exotel(config_for(vendor), pool, clock, log);
    const auto call = co_await exotel.lookup("c5797dcbaaeed7678c4062a4a3ed2f8a", net::in(seconds{5}));
    REQUIRE(call);
    CHECK(call->price == Money{500'000});
    CHECK((co_await exotel.lookup("../x", net::in(seconds{5}))).error().code == ErrorCode::not_found);
  });
  CHECK(vendor.seen()[0].target == "/v1/Accounts/acct1/Calls/c5797dcbaaeed7678c4062a4a3ed2f8a.json?details=true");
  CHECK(vendor.seen()[1].path == "/v1/Accounts/acct1/Calls/..%2Fx.json");
}

TEST_CASE("calls to a number are found page by page, whatever its spelling") {
  Vendor vendor([](const Seen& seen) {
    const bool second = seen.query.find("After=") != std::string::npos;
    const std::string call = R"({"Sid":")" + std::string(second ? "b" : "a") +
                             R"(","Status":"completed","DateCreated":"2026-03-03 10:48:33","From":)";
    return json_response(200, R"({"Metadata":{"NextPageUri":)" +
                                  std::string(second ? "null" : R"("/v1/Accounts/acct1/Calls.json?After=a")") +
                                  R"(},"Calls":[)" + call + (second ? R"("0XXXXX30240"})" : R"("09876530240"})") + "," +
                                  R"({"Sid":"other","Status":"busy","From":"09876500000"}]})");
  });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelTelephony exotel(config_for(vendor), pool, clock, log);
    const auto found = co_await exotel.find(dial().to, from, until, net::in(seconds{5}));
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK((*found)[0].provider_call_id == "a");
    // Masked: it passed the carrier's own filter, and leaving it out could dial somebody twice.
    CHECK((*found)[1].provider_call_id == "b");
    CHECK((*found)[1].to == dial().to);
  });
  const auto seen = vendor.seen();
  REQUIRE(seen.size() == 2);
  const auto query = net::parse_query(seen[0].query).value();
  CHECK(query[0] ==
        std::pair<std::string, std::string>("DateCreated", "gte:2026-03-03 10:48:00;lte:2026-03-03 10:49:01"));
  CHECK(query[1] == std::pair<std::string, std::string>("From", "+919876530240,09876530240"));
}

TEST_CASE("half a list of calls is no answer") {
  Vendor vendor([](const Seen& seen) {
    if (seen.query.find("From=") == std::string::npos && seen.query.find("bad") != std::string::npos)
      return json_response(200, "{");
    return json_response(200, R"({"Metadata":{"NextPageUri":"/v1/Accounts/acct1/Calls.json?bad=1"},"Calls":[]})");
  });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelTelephony exotel(config_for(vendor), pool, clock, log);
    CHECK_FALSE(co_await exotel.find(dial().to, from, until, net::in(seconds{5})));
  });
  // A list without end, and one that goes on at another host.
  for (const char* next : {"/v1/Accounts/acct1/Calls.json?After=x", "https://elsewhere.example.com/"}) {
    Vendor endless([&](const Seen&) {
      return json_response(200, R"({"Metadata":{"NextPageUri":")" + std::string(next) + R"("},"Calls":[]})");
    });
    endless.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
      NullLog log;
      ExotelTelephony exotel(config_for(endless), pool, clock, log);
      const auto found = co_await exotel.find(dial().to, from, until, net::in(seconds{5}));
      REQUIRE_FALSE(found);
      CHECK(found.error().code == ErrorCode::unavailable);
    });
    CHECK(endless.seen().size() <= 20);
  }
}

TEST_CASE("a probe lists one call and tells a bad key") {
  Vendor vendor([](const Seen& seen) {
    return seen.header("Authorization") == "Basic " + base64_encode("key:token")
               ? json_response(200, golden("exotel/calls_page_empty.json"))
               : json_response(401, golden("exotel/error_without_code.json"));
  });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    ExotelTelephony good(config_for(vendor), pool, clock, log);
    CHECK(co_await good.probe(net::in(seconds{5})));
    ExotelConfig config = config_for(vendor);
    config.api_token = "wrong";
    ExotelTelephony bad(std::move(config), pool, clock, log);
    const auto refused = co_await bad.probe(net::in(seconds{5}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unauthorized);
    CHECK(refused.error().message.find("EXOTEL_API_KEY") != std::string::npos);
  });
}
