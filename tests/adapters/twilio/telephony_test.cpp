#include "adapters/twilio/twilio_telephony.hpp"

#include "adapters/golden.hpp"
#include "adapters/vendor_fixture.hpp"
#include "base/base64.hpp"

using namespace callramp;
using namespace callramp::twilio;
using namespace callramp::adapters;

namespace {

TwilioConfig config_for(const Vendor& vendor) {
  return {.base_url = vendor.url() + "/",
          .account_sid = "AC1",
          .auth_token = "token",
          .caller_id = "+14155550100",
          .public_url = "https://calls.example.com/"};
}

DialRequest dial() {
  return {.attempt = AttemptId{"01jdq4q8w5e2t8m9n0p1r2s3t4"},
          .to = *PhoneNumber::parse("+919876530240"),
          .stream_token = "0123456789abcdef0123456789abcdef",
          .time_limit = seconds{600}};
}

template <class Body>
void with_twilio(Vendor& vendor, Body body) {
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    TwilioTelephony twilio(config_for(vendor), pool, clock, log);
    co_await body(twilio);
  });
}

const Instant from = *parse_iso("2026-03-03T05:18:00.4Z");
const Instant until = *parse_iso("2026-03-03T05:19:00.2Z");

}  // namespace

TEST_CASE("a dial reaches Twilio with the account's token and gives the call's id") {
  Vendor vendor([](const Seen&) { return json_response(201, golden("twilio/create_response.json")); });
  with_twilio(vendor, [](TwilioTelephony& twilio) -> Awaitable<void> {
    const auto placed = co_await twilio.place(dial(), net::in(seconds{5}));
    REQUIRE(placed);
    CHECK(*placed == "CA5ef8732a3c49700934481addd5ce1659");
    CHECK(twilio.name() == "twilio");
    CHECK(twilio.caller_id() == "+14155550100");
  });
  const auto seen = vendor.seen();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].method == "POST");
  CHECK(seen[0].path == "/2010-04-01/Accounts/AC1/Calls.json");
  CHECK(seen[0].header("Authorization") == "Basic " + base64_encode("AC1:token"));
  CHECK(seen[0].header("Content-Type") == "application/x-www-form-urlencoded");
  std::string expected = golden("twilio/create_request.form");
  while (expected.ends_with('\n')) expected.pop_back();
  CHECK(seen[0].body == expected);
}

TEST_CASE("an answer from which a call may exist leaves the dial unknown and one that refuses does not") {
  struct Row {
    int status;
    std::string body;
    ErrorCode code;
  };
  const Row rows[] = {
      {201, "", ErrorCode::timeout},
      {201, "{}", ErrorCode::timeout},
      {201, "<xml>", ErrorCode::timeout},
      {500, "", ErrorCode::timeout},
      {503, "", ErrorCode::unavailable},
      {400, golden("twilio/error_invalid_to.json"), ErrorCode::invalid_phone_number},
      {401, golden("twilio/error_authenticate.json"), ErrorCode::unauthorized},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    Vendor vendor([&](const Seen&) { return json_response(row.status, row.body); });
    with_twilio(vendor, [&](TwilioTelephony& twilio) -> Awaitable<void> {
      const auto placed = co_await twilio.place(dial(), net::in(seconds{5}));
      REQUIRE_FALSE(placed);
      CHECK(placed.error().code == row.code);
    });
  }
}

TEST_CASE("after a 429 of Twilio nothing is sent until the time that was named") {
  Vendor vendor([](const Seen&) {
    return json_response(429, golden("twilio/error_too_many_requests.json"), {{"Retry-After", "30"}});
  });
  with_twilio(vendor, [](TwilioTelephony& twilio) -> Awaitable<void> {
    CHECK((co_await twilio.place(dial(), net::in(seconds{5}))).error().code == ErrorCode::rate_limited);
    CHECK((co_await twilio.place(dial(), net::in(seconds{5}))).error().code == ErrorCode::rate_limited);
    CHECK((co_await twilio.lookup("x", net::in(seconds{5}))).error().code == ErrorCode::rate_limited);
  });
  CHECK(vendor.seen().size() == 1);
}

TEST_CASE("calls to a number are found by reading the list back in time, over its pages") {
  Vendor vendor([](const Seen& seen) {
    return json_response(200, seen.query.find("Page=1") == std::string::npos ? golden("twilio/calls_page.json")
                                                                             : golden("twilio/calls_page_empty.json"));
  });
  with_twilio(vendor, [](TwilioTelephony& twilio) -> Awaitable<void> {
    const auto found = co_await twilio.find(*PhoneNumber::parse("+919876530240"), from, until, net::in(seconds{5}));
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().state == CarrierState::completed);
    // One that began before is no answer, and the end of the search.
    const auto later =
        co_await twilio.find(*PhoneNumber::parse("+919876530240"), until, until + seconds{60}, net::in(seconds{5}));
    REQUIRE(later);
    CHECK(later->empty());
  });
  const auto seen = vendor.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].query == "To=%2B919876530240&PageSize=100");
}

TEST_CASE("a list that never ends or leads elsewhere is no answer") {
  for (const char* next : {"/2010-04-01/Accounts/AC1/Calls.json?Page=1", "https://elsewhere.example.com/"}) {
    Vendor vendor([&](const Seen&) {
      return json_response(200, R"({"calls":[],"next_page_uri":")" + std::string(next) + R"("})");
    });
    with_twilio(vendor, [](TwilioTelephony& twilio) -> Awaitable<void> {
      const auto found = co_await twilio.find(*PhoneNumber::parse("+919876530240"), from, until, net::in(seconds{5}));
      REQUIRE_FALSE(found);
      CHECK(found.error().code == ErrorCode::unavailable);
    });
  }
}

TEST_CASE("Twilio's probe asks for the list and dials nobody") {
  Vendor vendor([](const Seen&) { return json_response(200, golden("twilio/calls_page_empty.json")); });
  with_twilio(vendor, [](TwilioTelephony& twilio) -> Awaitable<void> {
    CHECK(co_await twilio.probe(net::in(seconds{5})));
    CHECK((co_await twilio.lookup("CA1", net::in(seconds{5}))).error().code == ErrorCode::invalid_request);
  });
  CHECK(vendor.seen()[0].method == "GET");
  CHECK(vendor.seen()[1].path == "/2010-04-01/Accounts/AC1/Calls/CA1.json");
}
