#include "sandbox/exotel_wire.hpp"

#include <doctest/doctest.h>

#include "golden.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::sandbox::exotel;
using callramp::test::golden;
using callramp::test::golden_json;

namespace {

net::FormFields golden_request() {
  std::string text = golden("exotel/connect_request.form");
  text.pop_back();  // the line end of the file
  return net::parse_form("application/x-www-form-urlencoded", text).value();
}

Connect golden_connect() { return std::get<Connect>(parse_connect(golden_request())); }

Instant india(const char* time) { return *from_india_time(std::string("2026-03-03 ") + time); }

CallRecord fresh() {
  CallRecord record;
  record.sid = "c5797dcbaaeed7678c4062a4a3ed2f8a";
  record.account = "acct1";
  record.request = golden_connect();
  record.status = "in-progress";
  record.created = india("10:48:33");
  record.price_per_pulse = "0.500";
  return record;
}

CallRecord completed() {
  CallRecord record = fresh();
  record.status = "completed";
  record.leg = LegStatus::completed;
  record.answered_by = "NotSure";
  record.answered = india("10:48:39");
  record.ended = india("10:49:00");
  record.priced = india("10:51:00");
  return record;
}

CallRecord unanswered(const char* status, LegStatus leg) {
  CallRecord record = fresh();
  record.status = status;
  record.leg = leg;
  record.ended = india("10:48:39");
  record.priced = *record.ended;
  return record;
}

}  // namespace

TEST_CASE("the golden request to connect is understood") {
  const Connect connect = golden_connect();
  CHECK(connect.from == "+919876530240");
  CHECK(connect.caller_id == "08040264890");
  CHECK(connect.custom_field == "01jdq4q8w5e2t8m9n0p1r2s3t4");
  CHECK(connect.sample_rate_hz == 8000);
  CHECK(connect.custom_parameters.empty());
  CHECK(connect.callback_events == std::set<std::string>{"answered", "ringing", "terminal"});
  CHECK(connect.json_callbacks);
  CHECK(connect.time_limit == seconds{600});
  CHECK(connect.ring_limit == seconds{45});
}

TEST_CASE("a request to connect that breaks a documented rule is refused in one sentence") {
  struct Row {
    const char* field;
    std::string value;
    const char* message;
  };
  const std::string stream = "wss://calls.example.com/ws";
  const Row rows[] = {
      {"From", "", "From is missing"},
      {"From", "12ab", "From is not a phone number that can be dialled"},
      {"CallerId", "", "CallerId is missing"},
      {"StreamUrl", "", "StreamUrl is missing"},
      {"StreamUrl", stream + std::string(600 - stream.size(), 'x'), "StreamUrl must be shorter than 600 characters"},
      {"StreamUrl", "https://calls.example.com/ws", "StreamUrl must be a ws or wss URL"},
      {"StreamUrl", stream + "?sample-rate=11025", "sample-rate must be 8000, 16000 or 24000"},
      {"StreamUrl", stream + "?a=1&b=2&c=3&d=4",
       "StreamUrl may carry at most 3 custom parameters of 256 characters in all"},
      {"StreamUrl", stream + "?a=" + std::string(256, 'y'),
       "StreamUrl may carry at most 3 custom parameters of 256 characters in all"},
      {"StreamType", "unidirectional", "StreamType must be bidirectional"},
      {"CustomField", std::string(129, 'x'), "CustomField must have at most 128 characters"},
      {"TimeLimit", "14401", "TimeLimit must be a whole number from 1 to 14400"},
      {"TimeLimit", "ten", "TimeLimit must be a whole number from 1 to 14400"},
      {"TimeOut", "0", "TimeOut must be a whole number from 1 to 600"},
      {"CallType", "promo", "CallType must be one of trans"},
      {"StatusCallback", "ftp://x", "StatusCallback must be an http or https URL"},
      {"StatusCallbackEvents[]", "begun", "StatusCallbackEvents must be terminal, answered or ringing"},
      {"StatusCallbackContentType", "text/plain",
       "StatusCallbackContentType must be one of multipart/form-data, application/json"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    CAPTURE(row.value);
    auto fields = golden_request();
    for (auto& [name, value] : fields)
      if (name == row.field) value = row.value;
    const auto parsed = parse_connect(fields);
    REQUIRE(std::holds_alternative<RestError>(parsed));
    CHECK(std::get<RestError>(parsed).message == row.message);
    CHECK(std::get<RestError>(parsed).status == 400);
  }
}

TEST_CASE("limits of a request to connect are inclusive where the documentation is") {
  auto fields = golden_request();
  for (auto& [name, value] : fields) {
    if (name == "CustomField") {
      value.clear();
      for (int i = 0; i < 128; ++i) value += "ह";  // characters, not bytes
    }
    if (name == "TimeLimit") value = "14400";
    if (name == "StreamUrl") {
      value = "wss://calls.example.com/";
      value += std::string(599 - value.size(), 'x');
    }
  }
  const auto parsed = parse_connect(fields);
  REQUIRE(std::holds_alternative<Connect>(parsed));
  CHECK(std::get<Connect>(parsed).time_limit == hours{4});
}

TEST_CASE("answers and call details are the golden ones") {
  const Instant now = india("12:00:00");
  const auto same = [](const std::string& text, const char* file) {
    CAPTURE(file);
    CHECK(boost::json::serialize(boost::json::parse(text)) == boost::json::serialize(golden_json(file)));
  };
  same(call_json(fresh(), now, false, {}), "exotel/connect_response.json");
  CHECK(call_xml(fresh(), now) == golden("exotel/connect_response.xml"));
  CallRecord queued = fresh();
  queued.status = "queued";
  same(call_json(queued, now, false, {.lower_case_body = true}), "exotel/connect_response_queued_lower_case.json");
  same(call_json(completed(), now, true, {}), "exotel/details_completed.json");
  same(call_json(completed(), india("10:50:59"), true, {}), "exotel/details_price_pending.json");
  CHECK(call_xml(completed(), now) == golden("exotel/details_completed.xml"));
  same(call_json(unanswered("busy", LegStatus::busy), now, true, {}), "exotel/details_busy.json");
  same(error_json({429, "Too many requests; at most 200 a minute", "RATE_LIMIT_EXCEEDED"}),
       "exotel/error_rate_limited.json");
  CHECK(error_xml({429, "Too many requests; at most 200 a minute", "RATE_LIMIT_EXCEEDED"}) ==
        golden("exotel/error_rate_limited.xml"));
  same(error_json({401, "Authentication is required to access this resource", ""}), "exotel/error_without_code.json");
  same(streams_json(3, 100), "exotel/active_streams.json");
  CHECK(streams_xml(3, 100) == golden("exotel/active_streams.xml"));
}

TEST_CASE("status callbacks are the golden ones") {
  const auto same = [](const boost::json::object& fields, const char* file) {
    CAPTURE(file);
    CHECK(boost::json::value(fields) == golden_json(file));
  };
  using enum CallbackEvent;
  same(callback_object(fresh(), ringing, india("10:48:34")), "exotel/callback_ringing.json");
  CallRecord answered_record = fresh();
  answered_record.answered = india("10:48:39");
  same(callback_object(answered_record, answered, india("10:48:39")), "exotel/callback_answered.json");
  same(callback_object(completed(), terminal, india("10:49:00")), "exotel/callback_terminal_completed.json");
  const Instant end = india("10:48:39");
  same(callback_object(unanswered("busy", LegStatus::busy), terminal, end), "exotel/callback_terminal_busy.json");
  same(callback_object(unanswered("busy", LegStatus::canceled), terminal, end),
       "exotel/callback_terminal_rejected.json");
  same(callback_object(unanswered("failed", LegStatus::failed), terminal, end), "exotel/callback_terminal_failed.json");
  same(callback_object(unanswered("no-answer", LegStatus::no_answer), terminal, end),
       "exotel/callback_terminal_no_answer.json");

  CHECK(net::format_multipart(callback_form(callback_object(completed(), terminal, india("10:49:00"))),
                              "----callramp-sandbox-boundary") ==
        golden("exotel/callback_terminal_completed.multipart"));
  CallRecord bare = completed();
  bare.request.callback_events.clear();
  same(callback_object(bare, terminal, india("10:49:00")), "exotel/callback_terminal_minimal.json");
  CHECK(net::format_multipart(callback_form(callback_object(bare, terminal, india("10:49:00"))),
                              "----callramp-sandbox-boundary") == golden("exotel/callback_terminal_minimal.multipart"));
}

TEST_CASE("numbers and times are written as the carrier writes them") {
  CHECK(national("+919876530240") == "09876530240");
  CHECK(national("+4420712345678") == "+4420712345678");
  CHECK(international("09876530240") == "+919876530240");
  CHECK(international("9876530240") == "+919876530240");
  CHECK(international("919876530240") == "+919876530240");
  CHECK_FALSE(international("098765").has_value());
  CHECK_FALSE(international("+91 98765").has_value());
  CHECK_FALSE(international("").has_value());
  CHECK(india_time(*parse_iso("2026-03-03T18:30:00Z")) == "2026-03-04 00:00:00");
  CHECK(from_india_time("2026-03-04 00:00:00") == *parse_iso("2026-03-03T18:30:00Z"));
  CHECK_FALSE(from_india_time("yesterday").has_value());
}

TEST_CASE("the price counts started minutes") {
  const Instant late = india("23:00:00");
  const auto price_of = [&](seconds talk) {
    CallRecord record = completed();
    record.ended = *record.answered + talk;
    record.priced = *record.ended;
    return std::string(call_object(record, late, false)["Price"].as_string());
  };
  CHECK(price_of(seconds{0}) == "0.500");
  CHECK(price_of(seconds{60}) == "0.500");
  CHECK(price_of(seconds{61}) == "1.000");
}
