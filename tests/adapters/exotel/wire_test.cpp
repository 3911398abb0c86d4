#include "adapters/exotel/wire.hpp"

#include <doctest/doctest.h>

#include "adapters/exotel/exotel_telephony.hpp"
#include "adapters/golden.hpp"
#include "net/multipart.hpp"

using namespace callramp;
using namespace callramp::exotel;
using callramp::adapters::damaged;
using callramp::adapters::golden;
using callramp::adapters::variants;

namespace {

const ExotelConfig config{};
const std::string sid = "c5797dcbaaeed7678c4062a4a3ed2f8a";
const std::string multipart_type = "multipart/form-data; boundary=----callramp-sandbox-boundary";
const Instant created = *parse_iso("2026-03-03T05:18:33Z");

}  // namespace

TEST_CASE("numbers come back in national form and are found again") {
  struct Row {
    const char* written;
    const char* expected;  ///< null: no number
  };
  const Row rows[] = {
      {"+919876530240", "+919876530240"},
      {"09876530240", "+919876530240"},
      {"9876530240", "+919876530240"},
      {"919876530240", "+919876530240"},
      {"00919876530240", "+919876530240"},
      {"+91 98765-30240", "+919876530240"},
      {" 919876530240", "+919876530240"},
      {"08040264890", "+918040264890"},
      {"+14155550100", "+14155550100"},
      {"0014155550100", "+14155550100"},
      {"0XXXXX30240", nullptr},
      {"", nullptr},
      {"12345", nullptr},
      {"anonymous", nullptr},
      {"+", nullptr},
      {"0", nullptr},
      {"+9198765302409876530240", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.written);
    const auto number = to_e164(row.written, config);
    REQUIRE(number.has_value() == (row.expected != nullptr));
    if (number) CHECK(number->e164() == row.expected);
  }
}

TEST_CASE("times without a zone are the account's") {
  CHECK(parse_time("2026-03-03 10:48:33", config) == created);
  CHECK(parse_time("2026-03-03T05:18:33Z", config) == created);
  ExotelConfig singapore;
  singapore.utc_offset = minutes{480};
  CHECK(parse_time("2026-03-03 13:18:33", singapore) == created);
  for (const char* nonsense : {"", "0000-00-00 00:00:00", "yesterday", "2026-13-03 10:48:33", "2026-03-03"})
    CHECK_FALSE(parse_time(nonsense, config));
  CHECK(format_time(created, config) == "2026-03-03 10:48:33");
}

TEST_CASE("the answer to a dial is read in every spelling") {
  for (const char* name : {"exotel/connect_response.json", "exotel/connect_response_queued_lower_case.json"})
    for (const std::string& text : variants(golden(name))) {
      CAPTURE(text);
      const auto call = parse_call_answer(text, config);
      REQUIRE(call);
      CHECK(call->provider_call_id == sid);
      // in-progress says at once, and does not mean answered.
      CHECK((call->state == CarrierState::ringing || call->state == CarrierState::queued));
      CHECK(call->to == PhoneNumber::parse("+919876530240"));
      CHECK(call->started_at == created);
      CHECK_FALSE(call->price);
    }
}

TEST_CASE("call details carry the end, the talk and the price") {
  struct Row {
    const char* name;
    CarrierState state;
    std::optional<seconds> duration;
    std::optional<std::int64_t> price_micros;
  };
  const Row rows[] = {
      {"exotel/details_completed.json", CarrierState::completed, seconds{21}, 500'000},
      {"exotel/details_completed_two_legs.json", CarrierState::completed, seconds{8}, 1'500'000},
      {"exotel/details_price_pending.json", CarrierState::completed, seconds{21}, {}},
      {"exotel/details_busy.json", CarrierState::busy, seconds{0}, 0},
  };
  for (const Row& row : rows)
    for (const std::string& text : variants(golden(row.name))) {
      CAPTURE(text);
      const auto call = parse_call_answer(text, config);
      REQUIRE(call);
      CHECK(call->state == row.state);
      CHECK(call->duration == row.duration);
      CHECK((call->price ? std::optional(call->price->micros) : std::nullopt) == row.price_micros);
    }
}

TEST_CASE("a call in progress counts as answered only with a leg that says so") {
  const char* const waiting = R"({"Call":{"Sid":"s","Status":"in-progress","Details":{"Leg1Status":null}}})";
  const char* const talking = R"({"Call":{"Sid":"s","Status":"in-progress","Details":{"Leg1Status":"in-progress"}}})";
  CHECK(parse_call_answer(waiting, config)->state == CarrierState::ringing);
  CHECK(parse_call_answer(talking, config)->state == CarrierState::in_progress);
}

TEST_CASE("status callbacks say the same in JSON, in multipart and in a form") {
  struct Row {
    const char* name;
    CarrierState state;
    bool has_attempt;
    std::optional<seconds> duration;
  };
  const Row rows[] = {
      {"exotel/callback_ringing.json", CarrierState::ringing, false, {}},
      {"exotel/callback_answered.json", CarrierState::in_progress, false, seconds{0}},
      {"exotel/callback_terminal_completed.json", CarrierState::completed, true, seconds{21}},
      {"exotel/callback_terminal_upper_case_answered_by.json", CarrierState::completed, true, seconds{21}},
      {"exotel/callback_terminal_minimal.json", CarrierState::completed, false, {}},
      {"exotel/callback_terminal_busy.json", CarrierState::busy, true, seconds{0}},
      {"exotel/callback_terminal_no_answer.json", CarrierState::no_answer, true, seconds{0}},
      {"exotel/callback_terminal_failed.json", CarrierState::failed, true, seconds{0}},
      {"exotel/callback_terminal_rejected.json", CarrierState::rejected, true, seconds{0}},
  };
  const auto check = [&](const Row& row, const Result<CarrierCall>& call) {
    REQUIRE_MESSAGE(call.has_value(), (call ? "" : call.error().message));
    CHECK(call->provider_call_id == sid);
    CHECK(call->state == row.state);
    CHECK(call->attempt.has_value() == row.has_attempt);
    if (row.has_attempt) CHECK(call->attempt->str() == "01jdq4q8w5e2t8m9n0p1r2s3t4");
    CHECK(call->duration == row.duration);
    CHECK(call->ended_at.has_value() == is_terminal(row.state));
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const std::string& text : variants(golden(row.name))) {
      CAPTURE(text);
      check(row, parse_status_callback("application/json", text, config));
      check(row, parse_status_callback("text/plain", text, config));  // the type may lie
    }
    // The same as a form: null is an empty field, arrays are Legs[0][Status].
    net::FormFields fields;
    std::string urlencoded;
    const auto add = [&](const std::string& name, const boost::json::value& value) {
      const std::string text = value.is_null()     ? ""
                               : value.is_string() ? std::string(value.get_string())
                                                   : boost::json::serialize(value);
      fields.emplace_back(name, text);
      urlencoded += (urlencoded.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(text);
    };
    const auto object = boost::json::parse(golden(row.name)).as_object();
    for (const auto& entry : object) {
      if (entry.key() != "Legs") {
        add(std::string(entry.key()), entry.value());
        continue;
      }
      for (std::size_t i = 0; i < entry.value().as_array().size(); ++i)
        for (const auto& part : entry.value().as_array()[i].as_object())
          add("Legs[" + std::to_string(i) + "][" + std::string(part.key()) + "]", part.value());
    }
    check(row, parse_status_callback("application/x-www-form-urlencoded", urlencoded, config));
    check(row, parse_status_callback(multipart_type, net::format_multipart(fields, "----callramp-sandbox-boundary"),
                                     config));
  }
}

TEST_CASE("the carrier's own multipart callbacks are read") {
  const auto whole =
      parse_status_callback(multipart_type, golden("exotel/callback_terminal_completed.multipart"), config);
  REQUIRE(whole);
  CHECK(whole->state == CarrierState::completed);
  CHECK(whole->duration == seconds{21});
  CHECK(whole->to == PhoneNumber::parse("+919876530240"));
  CHECK(whole->ended_at == *parse_iso("2026-03-03T05:19:00Z"));
  const auto minimal =
      parse_status_callback(multipart_type, golden("exotel/callback_terminal_minimal.multipart"), config);
  REQUIRE(minimal);
  CHECK(minimal->ended_at == *parse_iso("2026-03-03T05:19:00Z"));
}

TEST_CASE("a callback that says nothing is refused with a reason") {
  struct Row {
    const char* type;
    std::string body;
  };
  const Row rows[] = {
      {"application/json", ""},
      {"application/json", "{}"},
      {"application/json", R"({"CallSid":"","Status":"completed"})"},
      {"application/json", R"({"CallSid":"x"})"},
      {"application/json", R"({"CallSid":"x","Status":"exploded"})"},
      {"application/json", R"({"CallSid":["x"],"Status":"completed"})"},
      {"application/json", R"({"CallSid":"x","Status":{}})"},
      {"text/xml", "<CallSid>x</CallSid>"},
      {"multipart/form-data", "CallSid=x"},
      {"application/x-www-form-urlencoded", "CallSid=%zz"},
      {"application/x-www-form-urlencoded", "Legs[=&[0]=1&Legs[0][Status][a][b][c][d]=x"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const auto refused = parse_status_callback(row.type, row.body, config);
    REQUIRE_FALSE(refused);
    CHECK_FALSE(refused.error().message.empty());
  }
}

TEST_CASE("damaged callbacks and answers neither crash nor lie about the call") {
  for (const char* name :
       {"exotel/callback_terminal_completed.json", "exotel/details_completed.json", "exotel/calls_page.json"})
    for (const std::string& text : damaged(golden(name))) {
      for (const char* type :
           {"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
        const auto call = parse_status_callback(type, text, config);
        if (call) CHECK_FALSE(call->provider_call_id.empty());
      }
      const auto page = parse_calls_page(text, config);
      if (page) CHECK(page->calls.size() <= 2);
    }
  for (const std::string& text : damaged(golden("exotel/callback_terminal_completed.multipart"))) {
    const auto call = parse_status_callback(multipart_type, text, config);
    if (call) CHECK_FALSE(call->provider_call_id.empty());
  }
}

TEST_CASE("a list of calls is read with its next page") {
  for (const std::string& text : variants(golden("exotel/calls_page.json"))) {
    const auto page = parse_calls_page(text, config);
    REQUIRE(page);
    REQUIRE(page->calls.size() == 2);
    CHECK(page->calls[0].state == CarrierState::completed);
    CHECK(page->calls[0].duration == seconds{27});
    CHECK(page->calls[1].state == CarrierState::busy);
    CHECK(page->next_uri.empty());
  }
  CHECK(parse_calls_page(golden("exotel/calls_page_empty.json"), config)->calls.empty());
  CHECK_FALSE(parse_calls_page(R"({"Calls":{}})", config));
  // One call that cannot be read spoils the answer: leaving it out could mean dialling it again.
  CHECK_FALSE(parse_calls_page(R"({"Calls":[{"Sid":"a","Status":"completed"},{"Status":"completed"}]})", config));
}

TEST_CASE("refusals mean what the port promises") {
  struct Row {
    int status;
    std::string body;
    bool placing;
    ErrorCode expected;
  };
  const auto says = [](std::string message) {
    return R"({"RestException":{"Status":400,"Message":")" + message + R"("}})";
  };
  const Row rows[] = {
      {400, golden("exotel/error_bad_parameter.json"), true, ErrorCode::invalid_request},
      {400, says("From is not a phone number that can be dialled"), true, ErrorCode::invalid_phone_number},
      {400, says("Invalid 'From' parameter"), true, ErrorCode::invalid_phone_number},
      {400, says("Invalid phone number"), true, ErrorCode::invalid_phone_number},
      {403, says("Call to 0987 cannot be made because of TRAI NDNC regulations"), true,
       ErrorCode::invalid_phone_number},
      {400, says("CallerId is not a valid phone number"), true, ErrorCode::invalid_request},
      {400, says("From date is invalid"), false, ErrorCode::invalid_request},
      {401, golden("exotel/error_without_code.json"), true, ErrorCode::unauthorized},
      {403, golden("exotel/error_numeric_code.json"), true, ErrorCode::unauthorized},
      {402, says("no balance"), true, ErrorCode::unavailable},
      {404, "", true, ErrorCode::not_found},
      {409, "", true, ErrorCode::conflict},
      {429, golden("exotel/error_rate_limited.json"), true, ErrorCode::rate_limited},
      {429, golden("exotel/error_rate_limited.xml"), true, ErrorCode::rate_limited},
      {500, "<html>", true, ErrorCode::timeout},
      {502, "", true, ErrorCode::timeout},
      {504, "", true, ErrorCode::timeout},
      {408, "", true, ErrorCode::timeout},
      {503, "", true, ErrorCode::unavailable},
      {500, "", false, ErrorCode::unavailable},
      {301, "", true, ErrorCode::invalid_request},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    const Error error = parse_refusal(row.status, {}, row.body, row.placing, config);
    CHECK(error.code == row.expected);
    CHECK(error.message.find(std::to_string(row.status)) != std::string::npos);
  }
  const Error limited =
      parse_refusal(429, {{"Retry-After", "12"}}, golden("exotel/error_rate_limited.xml"), true, config);
  CHECK(limited.message.find("at most 200 a minute") != std::string::npos);
  CHECK(limited.message.find("retry after 12 s") != std::string::npos);
}

TEST_CASE("the time to be quiet is bounded") {
  CHECK(retry_after({{"Retry-After", "12"}}, config) == seconds{12});
  CHECK(retry_after({{"Retry-After", "0"}}, config) == seconds{1});
  CHECK(retry_after({{"Retry-After", "99999"}}, config) == config.max_retry_after);
  for (const char* odd : {"", "-3", "soon", "Tue, 24 Nov 2026 10:00:00 GMT", "99999999999999999999999"})
    CHECK(retry_after({{"Retry-After", odd}}, config) == config.default_retry_after);
  CHECK(retry_after({}, config) == config.default_retry_after);
}

TEST_CASE("a dial asks exactly what the documents show") {
  ExotelConfig calls = config;
  calls.caller_id = "08040264890";
  calls.public_url = "https://calls.example.com";
  calls.webhook_secret = "s3cret";
  DialRequest request{.attempt = AttemptId{"01jdq4q8w5e2t8m9n0p1r2s3t4"},
                      .to = *PhoneNumber::parse("+919876530240"),
                      .stream_token = "0123456789abcdef0123456789abcdef",
                      .ring_timeout = seconds{45},
                      .time_limit = seconds{600}};
  std::string expected = golden("exotel/connect_request.form");
  while (expected.ends_with('\n')) expected.pop_back();
  CHECK(connect_form(request, calls).value() == expected);

  request.time_limit = seconds{99'999};
  CHECK(connect_form(request, calls)->find("TimeLimit=14400&") != std::string::npos);
  request.time_limit = seconds{0};
  CHECK(connect_form(request, calls)->find("TimeLimit=1&") != std::string::npos);
  calls.public_url = "http://127.0.0.1:3000";
  CHECK(connect_form(request, calls)->find("StreamUrl=ws%3A%2F%2F127.0.0.1%3A3000%2Fws%2F") != std::string::npos);
  calls.public_url = "https://" + std::string(600, 'a');
  CHECK_FALSE(connect_form(request, calls));
  request.attempt = AttemptId{std::string(129, 'x')};
  calls.public_url = "https://a";
  CHECK_FALSE(connect_form(request, calls));
}
