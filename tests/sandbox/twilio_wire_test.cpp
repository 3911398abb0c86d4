// Twilio's messages as the stand-in writes and reads them, held by the golden files that the adapter reads too.
#include "sandbox/twilio_wire.hpp"

#include <map>

#include "audio/g711.hpp"
#include "base/base64.hpp"
#include "golden.hpp"
#include "net/http.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::sandbox::twilio;
using callramp::test::golden;

namespace {

std::string line(const std::string& name) {
  std::string text = golden("twilio/" + name);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

net::FormFields create_fields(std::map<std::string, std::string> changed = {}) {
  net::FormFields fields = net::parse_query(line("create_request.form")).value();
  for (auto& [name, value] : changed)
    for (auto& [key, old] : fields)
      if (key == name) old = value;
  return fields;
}

CallRecord record() {
  CallRecord made{.sid = "CA5ef8732a3c49700934481addd5ce1659",
                  .account = "AC00000000000000000000000000000001",
                  .auth_token = "12345",
                  .request = std::get<CreateCall>(parse_create(create_fields())),
                  .created = *parse_iso("2026-03-03T05:18:33Z"),
                  .price_per_minute = "0.04960"};
  return made;
}

CallRecord ended(std::string status, const char* at, bool answered, int sip = 0) {
  CallRecord made = record();
  made.status = std::move(status);
  made.sip_code = sip;
  if (answered) made.answered = *parse_iso("2026-03-03T05:18:39Z");
  made.ended = *parse_iso(at);
  made.priced = *made.ended + seconds{60};
  return made;
}

}  // namespace

TEST_CASE("a request to Twilio is read as it is written in the golden file") {
  const auto parsed = parse_create(create_fields());
  REQUIRE(std::holds_alternative<CreateCall>(parsed));
  const auto& call = std::get<CreateCall>(parsed);
  CHECK(call.to == "+919876530240");
  CHECK(call.from == "+14155550100");
  CHECK(call.stream_url == "wss://calls.example.com/ws/twilio/voice/0123456789abcdef0123456789abcdef");
  CHECK(call.ring_limit == seconds{45});
  CHECK(call.time_limit == seconds{600});
  CHECK(call.callback_events.size() == 4);
}

TEST_CASE("requests that Twilio would refuse are refused with its codes") {
  struct Row {
    const char* field;
    std::string value;
    int code;
  };
  const Row rows[] = {
      {"To", "", 21201},
      {"To", "12", 21211},
      {"From", "", 21213},
      {"From", "callramp", 21212},
      {"Twiml", "", 21205},
      {"Twiml", "<Response><Say>Hello</Say></Response>", 12100},
      {"Twiml", "<Response><Connect><Stream url=\"https://x.example\"/></Connect></Response>", 21205},
      {"Twiml", "<Response><Connect><Stream url=\"wss://x.example/a?b=c\"/></Connect></Response>", 21205},
      {"Twiml", "<Response><Connect><Stream url=\"wss://x", 12100},
      {"Twiml", "<Response>" + std::string(5000, 'x'), 21218},
      {"Timeout", "0", 21220},
      {"TimeLimit", "soon", 21220},
      {"StatusCallback", "nowhere", 21609},
      {"StatusCallbackEvent", "danced", 21626},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    CAPTURE(row.value);
    const auto parsed = parse_create(create_fields({{row.field, row.value}}));
    REQUIRE(std::holds_alternative<RestError>(parsed));
    CHECK(std::get<RestError>(parsed).code == row.code);
    CHECK(std::get<RestError>(parsed).status == 400);
  }
}

TEST_CASE("Twilio's calls and callbacks are written as the golden files") {
  const auto as_json = [](const std::string& name) { return boost::json::parse(golden("twilio/" + name)); };
  CHECK(call_object(record(), *parse_iso("2026-03-03T05:18:33Z")) == as_json("create_response.json"));
  const CallRecord completed = ended("completed", "2026-03-03T05:19:00Z", true);
  CHECK(call_object(completed, *completed.ended) == as_json("call_price_pending.json"));
  CHECK(call_object(completed, completed.priced) == as_json("call_completed.json"));
  const CallRecord busy = ended("busy", "2026-03-03T05:18:41Z", false, 486);
  CHECK(call_object(busy, busy.priced) == as_json("call_busy.json"));

  const auto fields = [](const char* name) { return net::parse_query(line(name)).value(); };
  CHECK(callback_form(record(), "initiated", 0, record().created) == fields("callback_initiated.form"));
  CHECK(callback_form(completed, "completed", 3, *completed.ended) == fields("callback_completed.form"));
  CHECK(callback_form(busy, "busy", 2, *busy.ended) == fields("callback_busy.form"));
  const CallRecord declined = ended("busy", "2026-03-03T05:18:41Z", false, 603);
  CHECK(callback_form(declined, "busy", 2, *declined.ended) == fields("callback_declined.form"));
  CHECK(boost::json::parse(error_json({401, 20003, "Authenticate"})) == as_json("error_authenticate.json"));
}

TEST_CASE("Twilio's media messages are written and read as the golden files") {
  const auto as_json = [](const std::string& name) { return boost::json::parse(golden("twilio/" + name)); };
  MediaWriter writer({.stream_sid = "MZ18ad3ab5a668481ce02b83e7395059f0",
                      .call_sid = "CA5ef8732a3c49700934481addd5ce1659",
                      .account = "AC00000000000000000000000000000001",
                      .parameters = {}});
  std::string bytes;
  for (int i = 0; i < 160; ++i) bytes += static_cast<char>(i);
  CHECK(boost::json::parse(writer.connected()) == as_json("ws_connected.json"));
  CHECK(boost::json::parse(writer.start()) == as_json("ws_start.json"));
  CHECK(boost::json::parse(writer.media_text(base64_encode(bytes), 160)) == as_json("ws_media.json"));
  CHECK(boost::json::parse(writer.dtmf('1')) == as_json("ws_dtmf.json"));
  CHECK(boost::json::parse(writer.mark("turn-1-end")) == as_json("ws_mark.json"));
  CHECK(boost::json::parse(writer.stop()) == as_json("ws_stop.json"));

  const AgentMessage media = writer.parse(golden("twilio/out_media.json"));
  CHECK(media.kind == AgentMessage::Kind::media);
  CHECK(media.pcm == audio::decode(audio::Law::mu, bytes));
  CHECK(writer.parse(golden("twilio/out_mark.json")).name == "turn-1-end");
  CHECK(writer.parse(golden("twilio/out_clear.json")).kind == AgentMessage::Kind::clear);
  const std::pair<const char*, const char*> broken[] = {
      {"{", "not_json"},
      {R"({"event":"media","streamSid":"MZ1","media":{"payload":"AA=="}})", "wrong_stream"},
      {R"({"event":"dance","streamSid":"MZ18ad3ab5a668481ce02b83e7395059f0"})", "unknown_event"},
      {R"({"event":"media","streamSid":"MZ18ad3ab5a668481ce02b83e7395059f0","media":{}})", "empty_media"},
      {R"({"event":"media","streamSid":"MZ18ad3ab5a668481ce02b83e7395059f0","media":{"payload":"!"}})", "bad_base64"},
      {R"({"event":"mark","streamSid":"MZ18ad3ab5a668481ce02b83e7395059f0","mark":{}})", "no_mark_name"},
  };
  for (const auto& [text, rule] : broken) {
    CAPTURE(text);
    CHECK(writer.parse(text).violation == rule);
  }
}

TEST_CASE("the stand-in signs as Twilio's documentation shows") {
  CHECK(sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
             {{"To", "+18005551212"},
              {"Digits", "1234"},
              {"CallSid", "CA1234567890ABCDE"},
              {"From", "+14158675309"},
              {"Caller", "+14158675309"}}) == "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}
