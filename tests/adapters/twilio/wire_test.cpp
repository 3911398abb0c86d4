#include "adapters/twilio/wire.hpp"

#include "adapters/golden.hpp"

using namespace callramp;
using namespace callramp::twilio;
using callramp::adapters::damaged;
using callramp::adapters::golden;
using callramp::adapters::variants;

namespace {

net::FormFields fields_of(const std::string& name) {
  std::string text = golden("twilio/" + name);
  while (text.ends_with('\n')) text.pop_back();
  return net::parse_query(text).value();
}

}  // namespace

TEST_CASE("a finished call is read in every spelling") {
  for (const std::string& text : variants(golden("twilio/call_completed.json"))) {
    CAPTURE(text);
    const auto call = parse_call_answer(text);
    REQUIRE(call);
    CHECK(call->provider_call_id == "CA5ef8732a3c49700934481addd5ce1659");
    CHECK(call->state == CarrierState::completed);
    CHECK(call->to->e164() == "+919876530240");
    CHECK(call->started_at == *parse_iso("2026-03-03T05:18:33Z"));
    CHECK(call->ended_at == *parse_iso("2026-03-03T05:19:00Z"));
    CHECK(call->duration == seconds{21});
    REQUIRE(call->price);
    CHECK(to_string(*call->price) == "0.0496 USD");
  }
  CHECK_FALSE(parse_call_answer(golden("twilio/call_price_pending.json"))->price);
  CHECK(parse_call_answer(golden("twilio/create_response.json"))->state == CarrierState::queued);
  CHECK_FALSE(parse_call_answer(golden("twilio/create_response.json"))->duration);
}

TEST_CASE("a status callback says what became of the call") {
  struct Row {
    const char* file;
    CarrierState state;
    std::optional<seconds> duration;
  };
  const Row rows[] = {
      {"callback_initiated.form", CarrierState::queued, std::nullopt},
      {"callback_ringing.form", CarrierState::ringing, std::nullopt},
      {"callback_answered.form", CarrierState::in_progress, std::nullopt},
      {"callback_completed.form", CarrierState::completed, seconds{21}},
      {"callback_busy.form", CarrierState::busy, seconds{0}},
      {"callback_declined.form", CarrierState::rejected, seconds{0}},
      {"callback_failed_no_such_number.form", CarrierState::invalid_number, seconds{0}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    const auto call = parse_status_callback(fields_of(row.file), AttemptId{"a1"});
    REQUIRE(call);
    CHECK(call->state == row.state);
    CHECK(call->duration == row.duration);
    CHECK(call->attempt == AttemptId{"a1"});
    CHECK(call->to->e164() == "+919876530240");
  }
  for (const net::FormFields& bad :
       {net::FormFields{}, net::FormFields{{"CallSid", "CA1"}},
        net::FormFields{{"CallSid", "CA1"}, {"CallStatus", "x"}}, net::FormFields{{"CallStatus", "busy"}}})
    CHECK_FALSE(parse_status_callback(bad, std::nullopt));
}

TEST_CASE("signatures are those of Twilio's documentation") {
  // The two examples of its page on validating requests, with the token 12345.
  const auto call = [](std::string caller) {
    return net::FormFields{{"To", "+18005551212"},
                           {"Digits", "1234"},
                           {"CallSid", "CA1234567890ABCDE"},
                           {"From", caller},
                           {"Caller", caller}};
  };
  const std::string url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  CHECK(signature("12345", url, call("+14158675309")) == "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  CHECK(signature("12345", url, call("+12349013030")) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
  CHECK(signature("12346", url, call("+14158675309")) != "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

TEST_CASE("times are read in both forms and nonsense is none") {
  const Instant at = *parse_iso("2010-08-31T20:36:28Z");
  CHECK(parse_time("Tue, 31 Aug 2010 20:36:28 +0000") == at);
  CHECK(parse_time("2010-08-31T20:36:28Z") == at);
  for (const char* text :
       {"", "Tue, 31 Aug 2010 20:36:28 +0200", "Tue, 31 Foo 2010 20:36:28 +0000", "Tue, 99 Aug 2010 20:36:28 +0000",
        "31 Aug 2010 20:36:28 +0000", "Tue, 31 ugS 2010 20:36:28 +0000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("refusals mean what the engine acts on") {
  struct Row {
    int status;
    std::string body;
    bool placing;
    ErrorCode code;
  };
  const Row rows[] = {
      {400, golden("twilio/error_invalid_to.json"), true, ErrorCode::invalid_phone_number},
      {400, golden("twilio/error_invalid_to.json"), false, ErrorCode::invalid_request},
      {400, golden("twilio/error_geo_permission.json"), true, ErrorCode::invalid_request},
      {401, golden("twilio/error_authenticate.json"), true, ErrorCode::unauthorized},
      {403, "", true, ErrorCode::unauthorized},
      {400, R"({"code":20005,"message":"Account not active"})", true, ErrorCode::unauthorized},
      {404, golden("twilio/error_not_found.json"), false, ErrorCode::not_found},
      {429, golden("twilio/error_too_many_requests.json"), true, ErrorCode::rate_limited},
      {400, R"({"code":10004,"message":"Call concurrency limit exceeded"})", true, ErrorCode::concurrent_limit_reached},
      {503, "", true, ErrorCode::unavailable},
      {500, "<html>", true, ErrorCode::timeout},
      {502, "", false, ErrorCode::unavailable},
      {408, "", true, ErrorCode::timeout},
      {302, "", true, ErrorCode::invalid_request},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    CHECK(parse_refusal(row.status, {}, row.body, row.placing, {}).code == row.code);
  }
  CHECK(retry_after({{"Retry-After", "30"}}, {}) == seconds{30});
  CHECK(retry_after({{"Retry-After", "9999"}}, {}) == seconds{60});
  CHECK(retry_after({{"Retry-After", "soon"}}, {}) == seconds{1});
}

TEST_CASE("damaged answers are errors or calls with an id and never a crash") {
  for (const char* file : {"twilio/call_completed.json", "twilio/calls_page.json"})
    for (const std::string& text : damaged(golden(file))) {
      if (const auto call = parse_call_answer(text)) CHECK_FALSE(call->provider_call_id.empty());
      if (const auto page = parse_calls_page(text))
        for (const CarrierCall& call : page->calls) CHECK_FALSE(call.provider_call_id.empty());
    }
}
