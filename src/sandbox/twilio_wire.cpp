#include "sandbox/twilio_wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "audio/g711.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"
#include "base/money.hpp"
#include "base/phone.hpp"
#include "net/digest.hpp"
#include "net/http.hpp"

namespace callramp::sandbox::twilio {

namespace json = boost::json;

namespace {

constexpr int kRingMost = 600;
constexpr int kTimeLimitMost = 86'400;
constexpr std::size_t kTwimlMost = 4000;
constexpr std::size_t kPayloadMost = 100'000;

RestError bad(int code, std::string message) { return {400, code, std::move(message)}; }

std::string field(const net::FormFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return {};
}

std::optional<int> whole(std::string_view text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
  return value;
}

/// name="value" of an element's text; the instructions that we play are written by programs, one element each.
std::string attribute(std::string_view element, std::string_view name) {
  const std::string wanted = " " + std::string(name) + "=\"";
  const std::size_t from = element.find(wanted);
  if (from == std::string_view::npos) return {};
  const std::size_t begin = from + wanted.size();
  const std::size_t end = element.find('"', begin);
  return end == std::string_view::npos ? "" : std::string(element.substr(begin, end - begin));
}

std::optional<RestError> read_twiml(const std::string& twiml, CreateCall& call) {
  if (twiml.empty()) return bad(21205, "this stand-in plays the parameter Twiml only; Url and ApplicationSid are not");
  if (twiml.size() > kTwimlMost) return bad(21218, "Twiml is longer than 4000 characters");
  const std::size_t connect = twiml.find("<Connect>");
  const std::size_t stream = twiml.find("<Stream ", connect == std::string::npos ? 0 : connect);
  if (!twiml.starts_with("<Response>") || connect == std::string::npos || stream == std::string::npos)
    return bad(12100, "Twiml is not <Response><Connect><Stream url=…/></Connect></Response>");
  const std::size_t end = twiml.find('>', stream);
  if (end == std::string::npos) return bad(12100, "Twiml ends inside an element");
  call.stream_url = attribute(std::string_view(twiml).substr(stream, end - stream), "url");
  const auto url = net::parse_url(call.stream_url);
  if (!url || (url->scheme != "wss" && url->scheme != "ws")) return bad(21205, "Stream url must be a wss URL");
  if (url->target.find('?') != std::string::npos) return bad(21205, "Stream url must have no query string");
  for (std::size_t at = twiml.find("<Parameter ", end); at != std::string::npos;
       at = twiml.find("<Parameter ", at + 1)) {
    const std::string_view element = std::string_view(twiml).substr(at, twiml.find('>', at) - at);
    call.parameters.emplace_back(attribute(element, "name"), attribute(element, "value"));
  }
  return std::nullopt;
}

std::string decimal(std::int64_t micros) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%05lld", static_cast<long long>(micros / 1'000'000),
                static_cast<long long>(micros / 10 % 100'000));
  return text;
}

std::string json_text(std::string_view text) { return json::serialize(json::value(text)); }

AgentMessage broken(std::string_view violation) { return {.violation = violation}; }

}  // namespace

std::string error_json(const RestError& error) {
  return json::serialize(json::object{{"code", error.code},
                                      {"message", error.message},
                                      {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(error.code)},
                                      {"status", error.status}});
}

std::variant<CreateCall, RestError> parse_create(const net::FormFields& fields) {
  CreateCall call{.to = field(fields, "To"), .from = field(fields, "From")};
  if (call.to.empty()) return bad(21201, "No 'To' number is specified");
  if (!PhoneNumber::parse(call.to)) return bad(21211, "The 'To' number " + call.to + " is not a valid phone number.");
  if (call.from.empty()) return bad(21213, "No 'From' number is specified");
  if (!PhoneNumber::parse(call.from))
    return bad(21212, "The 'From' number " + call.from + " is not a valid phone number.");
  if (auto error = read_twiml(field(fields, "Twiml"), call)) return *error;
  if (const std::string ring = field(fields, "Timeout"); !ring.empty()) {
    const auto limit = whole(ring, 1, kRingMost);
    if (!limit) return bad(21220, "Timeout must be a whole number from 1 to 600");
    call.ring_limit = seconds{*limit};
  }
  if (const std::string talk = field(fields, "TimeLimit"); !talk.empty()) {
    const auto limit = whole(talk, 1, kTimeLimitMost);
    if (!limit) return bad(21220, "TimeLimit must be a whole number of seconds");
    call.time_limit = seconds{*limit};
  }
  call.callback_url = field(fields, "StatusCallback");
  if (!call.callback_url.empty()) {
    const auto url = net::parse_url(call.callback_url);
    if (!url || (url->scheme != "http" && url->scheme != "https"))
      return bad(21609, "StatusCallback is not a valid URL");
  }
  for (const auto& [name, value] : fields) {
    if (name != "StatusCallbackEvent") continue;
    if (value != "initiated" && value != "ringing" && value != "answered" && value != "completed")
      return bad(21626, "StatusCallbackEvent '" + value + "' is not a valid event");
    call.callback_events.insert(value);
  }
  return call;
}

std::int64_t CallRecord::talk_seconds() const {
  if (!answered || !ended) return 0;
  return std::chrono::duration_cast<seconds>(*ended - *answered).count();
}

std::string rfc_time(Instant at) {
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto whole_second = std::chrono::floor<seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(whole_second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(whole_second - day);
  char text[48];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000",
                days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

json::object call_object(const CallRecord& record, Instant now) {
  const auto time_or_null = [](const std::optional<Instant>& at) -> json::value {
    return at ? json::value(rfc_time(*at)) : json::value(nullptr);
  };
  json::object call{{"sid", record.sid},
                    {"account_sid", record.account},
                    {"to", record.request.to},
                    {"from", record.request.from},
                    {"status", record.status},
                    {"direction", "outbound-api"},
                    {"date_created", rfc_time(record.created)},
                    {"date_updated", rfc_time(record.ended.value_or(record.answered.value_or(record.created)))},
                    {"start_time", time_or_null(record.answered)},
                    {"end_time", time_or_null(record.ended)},
                    {"duration", nullptr},
                    {"price", nullptr},
                    {"price_unit", "USD"},
                    {"answered_by", nullptr},
                    {"parent_call_sid", nullptr},
                    {"api_version", "2010-04-01"},
                    {"uri", "/2010-04-01/Accounts/" + record.account + "/Calls/" + record.sid + ".json"}};
  if (record.ended) call["duration"] = std::to_string(record.talk_seconds());
  if (record.ended && now >= record.priced && record.answered) {
    const auto micros = parse_micros(record.price_per_minute);
    ENSURE(micros.has_value(), "the world's price was checked when it was read");
    call["price"] = "-" + decimal(*micros * std::max<std::int64_t>(1, (record.talk_seconds() + 59) / 60));
  }
  return call;
}

net::FormFields callback_form(const CallRecord& record, std::string_view status, int sequence, Instant at) {
  net::FormFields form{{"CallSid", record.sid},
                       {"AccountSid", record.account},
                       {"From", record.request.from},
                       {"To", record.request.to},
                       {"CallStatus", std::string(status)},
                       {"Direction", "outbound-api"},
                       {"ApiVersion", "2010-04-01"},
                       {"Timestamp", rfc_time(at)},
                       {"SequenceNumber", std::to_string(sequence)},
                       {"CallbackSource", "call-progress-events"}};
  if (!record.ended) return form;
  form.emplace_back("CallDuration", std::to_string(record.talk_seconds()));
  form.emplace_back("Duration", std::to_string((record.talk_seconds() + 59) / 60));
  if (record.sip_code != 0) form.emplace_back("SipResponseCode", std::to_string(record.sip_code));
  return form;
}

std::string sign(std::string_view auth_token, std::string_view url, net::FormFields fields) {
  std::ranges::sort(fields);
  std::string text(url);
  for (const auto& [name, value] : fields) text += name + value;
  return base64_encode(net::hmac_sha1(auth_token, text));
}

std::string MediaWriter::next() { return "\"sequenceNumber\":\"" + std::to_string(++sequence_) + "\","; }

std::string MediaWriter::connected() { return R"({"event":"connected","protocol":"Call","version":"1.0.0"})"; }

std::string MediaWriter::start() {
  json::object custom;
  for (const auto& [name, value] : identity_.parameters) custom[name] = value;
  const json::object start{
      {"accountSid", identity_.account},
      {"streamSid", identity_.stream_sid},
      {"callSid", identity_.call_sid},
      {"tracks", json::array{"inbound"}},
      {"mediaFormat", json::object{{"encoding", "audio/x-mulaw"}, {"sampleRate", 8000}, {"channels", 1}}},
      {"customParameters", std::move(custom)}};
  return R"({"event":"start",)" + next() + "\"start\":" + json::serialize(start) +
         ",\"streamSid\":" + json_text(identity_.stream_sid) + "}";
}

std::string MediaWriter::bytes_of(audio::PcmView chunk) const { return audio::encode(audio::Law::mu, chunk); }

std::string MediaWriter::media_text(std::string_view payload, std::size_t samples) {
  // The timestamp is where the chunk begins, milliseconds since the stream's start.
  const std::uint64_t timestamp = samples_ * 1000 / audio::line_rate_hz;
  samples_ += samples;
  std::string text = R"({"event":"media",)" + next();
  text.reserve(text.size() + payload.size() + 160);
  text += R"("media":{"track":"inbound","chunk":")" + std::to_string(++chunk_) + R"(","timestamp":")" +
          std::to_string(timestamp) + R"(","payload":")";
  text += payload;
  text += "\"},\"streamSid\":" + json_text(identity_.stream_sid) + "}";
  return text;
}

std::string MediaWriter::dtmf(char digit) {
  return R"({"event":"dtmf","streamSid":)" + json_text(identity_.stream_sid) + "," + next() +
         R"("dtmf":{"track":"inbound_track","digit":")" + digit + "\"}}";
}

std::string MediaWriter::mark(std::string_view name) {
  return R"({"event":"mark",)" + next() + "\"streamSid\":" + json_text(identity_.stream_sid) +
         ",\"mark\":{\"name\":" + json_text(name) + "}}";
}

std::string MediaWriter::stop() {
  return R"({"event":"stop",)" + next() + "\"streamSid\":" + json_text(identity_.stream_sid) +
         ",\"stop\":{\"accountSid\":" + json_text(identity_.account) + ",\"callSid\":" + json_text(identity_.call_sid) +
         "}}";
}

AgentMessage MediaWriter::parse(std::string_view text) const {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return broken("not_json");
  const json::object& message = parsed.get_object();
  const auto text_of = [](const json::object& object, std::string_view key) -> const json::string* {
    const json::value* value = object.if_contains(key);
    return value ? value->if_string() : nullptr;
  };
  const auto inner = [&](std::string_view key) -> const json::object* {
    const json::value* value = message.if_contains(key);
    return value ? value->if_object() : nullptr;
  };
  const json::string* event = text_of(message, "event");
  if (event == nullptr) return broken("unknown_event");
  const json::string* sid = text_of(message, "streamSid");
  if (sid == nullptr || *sid != identity_.stream_sid) return broken("wrong_stream");
  if (*event == "clear") return {.kind = AgentMessage::Kind::clear};
  if (*event == "mark") {
    const json::object* mark = inner("mark");
    const json::string* name = mark ? text_of(*mark, "name") : nullptr;
    if (name == nullptr || name->empty()) return broken("no_mark_name");
    return {.kind = AgentMessage::Kind::mark, .name = std::string(*name)};
  }
  if (*event != "media") return broken("unknown_event");
  const json::object* media = inner("media");
  const json::string* payload = media ? text_of(*media, "payload") : nullptr;
  if (payload == nullptr || payload->empty()) return broken("empty_media");
  const auto bytes = base64_decode(*payload);
  if (!bytes) return broken("bad_base64");
  if (bytes->size() > kPayloadMost) return broken("too_long");
  return {.kind = AgentMessage::Kind::media, .pcm = audio::decode(audio::Law::mu, *bytes)};
}

}  // namespace callramp::sandbox::twilio
