#include "sandbox/exotel_wire.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>

#include "base/ensure.hpp"
#include "base/money.hpp"
#include "net/http.hpp"

namespace callramp::sandbox::exotel {

namespace json = boost::json;

namespace {

constexpr auto kIndia = minutes{330};
constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TwilioResponse>\n";

// Documented limits (reference A.2, A.6).
constexpr std::size_t kStreamUrlBelow = 600;
constexpr std::size_t kStreamNameMost = 32;
constexpr std::size_t kCustomFieldMost = 128;
constexpr int kTimeLimitMost = 14400;
constexpr std::size_t kCustomParametersMost = 3;
constexpr std::size_t kCustomParametersBytes = 256;
/// No limit is documented for TimeOut; networks give up ringing within minutes.
constexpr int kTimeOutMost = 600;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return out;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::optional<int> whole_number(std::string_view text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
  return value;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += letter;
    }
  }
  return out;
}

RestError bad(std::string message) { return {400, std::move(message), "BAD_PARAMETER"}; }

/// Looks fields up and keeps the first complaint.
class Form {
 public:
  explicit Form(const net::FormFields& fields) : fields_(fields) {}

  std::string text(std::string_view name) const {
    for (const auto& [key, value] : fields_)
      if (key == name) return value;
    return {};
  }
  /// Values of name, name[] and name[0], name[1] …
  std::vector<std::string> list(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : fields_)
      if (key == name || (key.starts_with(name) && key.substr(name.size()).starts_with('['))) values.push_back(value);
    return values;
  }
  void one_of(std::string_view name, std::initializer_list<std::string_view> choices) {
    const std::string value = text(name);
    if (value.empty() || std::ranges::find(choices, value) != choices.end()) return;
    std::string list;
    for (const std::string_view choice : choices) list += (list.empty() ? "" : ", ") + std::string(choice);
    refuse(std::string(name) + " must be one of " + list);
  }
  void seconds_field(std::string_view name, int most, Duration& into) {
    const std::string value = text(name);
    if (value.empty()) return;
    if (const auto number = whole_number(value, 1, most))
      into = seconds{*number};
    else
      refuse(std::string(name) + " must be a whole number from 1 to " + std::to_string(most));
  }
  void refuse(std::string message) {
    if (!error_) error_ = bad(std::move(message));
  }
  const std::optional<RestError>& error() const { return error_; }

 private:
  const net::FormFields& fields_;
  std::optional<RestError> error_;
};

void read_stream_url(Form& form, Connect& connect) {
  connect.stream_url = form.text("StreamUrl");
  if (connect.stream_url.empty()) {
    form.refuse(form.text("To").empty() && form.text("Url").empty()
                    ? "StreamUrl is missing"
                    : "this stand-in plays the direct bot mode only: StreamUrl, no To, no Url");
    return;
  }
  if (connect.stream_url.size() >= kStreamUrlBelow) form.refuse("StreamUrl must be shorter than 600 characters");
  const auto url = net::parse_url(connect.stream_url);
  if (!url || (url->scheme != "ws" && url->scheme != "wss")) {
    form.refuse("StreamUrl must be a ws or wss URL");
    return;
  }
  if (form.text("StreamType") != "bidirectional") form.refuse("StreamType must be bidirectional");
  const std::size_t question = url->target.find('?');
  if (question == std::string::npos) return;
  const auto pairs = net::parse_query(std::string_view(url->target).substr(question + 1));
  if (!pairs) {
    form.refuse("StreamUrl has a query that cannot be decoded");
    return;
  }
  std::size_t bytes = 0;
  for (const auto& [key, value] : *pairs) {
    if (key == "sample-rate" || key == "sample_rate") {  // the documentation writes both
      const auto rate = whole_number(value, 1, 1'000'000).value_or(0);
      if (rate != 8000 && rate != 16000 && rate != 24000) form.refuse("sample-rate must be 8000, 16000 or 24000");
      connect.sample_rate_hz = rate;
      continue;
    }
    bytes += key.size() + value.size();
    connect.custom_parameters.emplace_back(key, value);
  }
  if (connect.custom_parameters.size() > kCustomParametersMost || bytes > kCustomParametersBytes)
    form.refuse("StreamUrl may carry at most 3 custom parameters of 256 characters in all");
}

void read_callbacks(Form& form, Connect& connect) {
  connect.callback_url = form.text("StatusCallback");
  if (!connect.callback_url.empty()) {
    const auto url = net::parse_url(connect.callback_url);
    if (!url || (url->scheme != "http" && url->scheme != "https"))
      form.refuse("StatusCallback must be an http or https URL");
  }
  for (const std::string& event : form.list("StatusCallbackEvents")) {
    if (event != "terminal" && event != "answered" && event != "ringing")
      form.refuse("StatusCallbackEvents must be terminal, answered or ringing");
    connect.callback_events.insert(event);
  }
  form.one_of("StatusCallbackContentType", {"multipart/form-data", "application/json"});
  connect.json_callbacks = form.text("StatusCallbackContentType") == "application/json";
}

/// A JSON value as XML text or form text.
std::string plain(const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.as_string());
  return json::serialize(value);
}

json::value time_or_null(const std::optional<Instant>& at) {
  if (!at) return nullptr;
  return json::value(india_time(*at));
}

std::string decimal(std::int64_t micros) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(micros / 1'000'000),
                static_cast<long long>(micros / 1000 % 1000));
  return text;
}

std::string price(const CallRecord& record) {
  const std::int64_t pulses = record.answered ? std::max<std::int64_t>(1, (record.talk_seconds() + 59) / 60) : 0;
  const auto micros = parse_micros(record.price_per_pulse);
  ENSURE(micros.has_value(), "the world's price was checked when it was read");
  return decimal(pulses * *micros);
}

json::array legs(const CallRecord& record, LegStatus status) {
  return {json::object{{"OnCallDuration", record.talk_seconds()},
                       {"Status", to_string(status)},
                       {"AnsweredBy", status == LegStatus::in_progress ? "NA" : record.answered_by}}};
}

}  // namespace

std::variant<Connect, RestError> parse_connect(const net::FormFields& fields) {
  Form form(fields);
  Connect connect;
  const auto from = international(form.text("From"));
  if (form.text("From").empty()) form.refuse("From is missing");
  if (!from) form.refuse("From is not a phone number that can be dialled");
  connect.from = from.value_or("");
  connect.caller_id = form.text("CallerId");
  if (connect.caller_id.empty()) form.refuse("CallerId is missing");
  if (!international(connect.caller_id)) form.refuse("CallerId is not a phone number");
  read_stream_url(form, connect);
  read_callbacks(form, connect);
  if (form.text("StreamName").size() > kStreamNameMost) form.refuse("StreamName must have at most 32 characters");
  form.one_of("CallType", {"trans"});
  form.one_of("Record", {"true", "false"});
  form.one_of("RecordingChannels", {"single", "dual"});
  form.one_of("RecordingFormat", {"mp3", "mp3-hq"});
  form.seconds_field("TimeLimit", kTimeLimitMost, connect.time_limit);
  form.seconds_field("TimeOut", kTimeOutMost, connect.ring_limit);
  connect.custom_field = form.text("CustomField");
  if (characters(connect.custom_field) > kCustomFieldMost) form.refuse("CustomField must have at most 128 characters");
  if (form.error()) return *form.error();
  return connect;
}

std::string_view to_string(LegStatus status) noexcept {
  constexpr std::array names = {"", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"};
  return names.at(static_cast<std::size_t>(status));
}

std::string_view to_string(CallbackEvent event) noexcept {
  constexpr std::array names = {"ringing", "answered", "terminal"};
  return names.at(static_cast<std::size_t>(event));
}

std::int64_t CallRecord::talk_seconds() const {
  if (!answered || !ended) return 0;
  return std::chrono::duration_cast<seconds>(*ended - *answered).count();
}

std::string national(std::string_view e164) {
  if (e164.starts_with("+91")) return "0" + std::string(e164.substr(3));
  return std::string(e164);
}

std::optional<std::string> international(std::string_view number) {
  const std::string_view digits = number.starts_with('+') ? number.substr(1) : number;
  const bool only_digits = std::ranges::all_of(digits, [](unsigned char letter) { return std::isdigit(letter) != 0; });
  if (!only_digits || digits.size() < 7 || digits.size() > 15) return std::nullopt;
  if (number.starts_with('+')) return std::string(number);
  if (digits.starts_with('0')) {
    if (digits.size() != 11) return std::nullopt;
    return "+91" + std::string(digits.substr(1));
  }
  if (digits.size() == 10) return "+91" + std::string(digits);
  return "+" + std::string(digits);
}

std::string india_time(Instant at) {
  const auto local = std::chrono::floor<seconds>(at + kIndia);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::optional<Instant> from_india_time(std::string_view text) {
  const auto at = parse_iso(std::string(text) + "+05:30");
  if (!at) return std::nullopt;
  return *at;
}

json::object call_object(const CallRecord& record, Instant now, bool details) {
  const bool settled = record.ended && now >= record.priced;
  json::object call{
      {"Sid", record.sid},
      {"ParentCallSid", nullptr},
      {"DateCreated", india_time(record.created)},
      {"DateUpdated", india_time(record.ended.value_or(record.answered.value_or(record.created)))},
      {"AccountSid", record.account},
      {"To", nullptr},
      {"From", national(record.request.from)},
      {"PhoneNumberSid", record.request.caller_id},
      {"Status", record.status},
      {"StartTime", india_time(record.created)},
      {"EndTime", settled ? time_or_null(record.ended) : nullptr},
      {"Duration", nullptr},
      {"Price", nullptr},
      {"Direction", "outbound-api"},
      {"AnsweredBy", nullptr},
      {"ForwardedFrom", nullptr},
      {"CallerName", nullptr},
      {"Uri", "/v1/Accounts/" + record.account + "/Calls.json/" + record.sid},
      {"RecordingUrl", nullptr},
  };
  if (settled) {
    const auto whole = record.answered ? std::chrono::floor<seconds>(*record.ended - record.created).count() : 0;
    call["Duration"] = std::to_string(whole);
    call["Price"] = price(record);
  }
  if (details) {
    call["Details"] = {
        {"ConversationDuration", record.talk_seconds()},
        {"Leg1Status", record.leg == LegStatus::none ? json::value(nullptr) : json::value(to_string(record.leg))},
        {"Leg2Status", nullptr},
        {"Legs", json::array{{{"Leg", {{"Id", 1}, {"OnCallDuration", record.talk_seconds()}}}}}}};
  }
  return call;
}

std::string call_json(const CallRecord& record, Instant now, bool details, const ExotelHabits& habits) {
  json::object call = call_object(record, now, details);
  if (!habits.lower_case_body) return json::serialize(json::object{{"Call", std::move(call)}});
  json::object small;
  for (const auto& [key, value] : call) small[lower(key)] = value;
  return json::serialize(json::object{{"call", std::move(small)}});
}

std::string call_xml(const CallRecord& record, Instant now) {
  std::string xml = std::string(kXmlHead) + " <Call>\n";
  for (const auto& [key, value] : call_object(record, now, false)) {
    const std::string name(key);
    xml += value.is_null() ? "  <" + name + "/>\n" : "  <" + name + ">" + escaped(plain(value)) + "</" + name + ">\n";
  }
  return xml + " </Call>\n</TwilioResponse>\n";
}

std::string error_json(const RestError& error) {
  json::object body{{"Status", error.status}, {"Message", error.message}};
  if (!error.code.empty()) body["Code"] = error.code;
  return json::serialize(json::object{{"RestException", std::move(body)}});
}

std::string error_xml(const RestError& error) {
  std::string xml = std::string(kXmlHead) + " <RestException>\n  <Status>" + std::to_string(error.status) +
                    "</Status>\n  <Message>" + escaped(error.message) + "</Message>\n";
  if (!error.code.empty()) xml += "  <Code>" + escaped(error.code) + "</Code>\n";
  return xml + " </RestException>\n</TwilioResponse>\n";
}

std::string streams_xml(std::size_t active, int limit) {
  return "<TwilioResponse><Stream><ActiveStreamCount>" + std::to_string(active) +
         "</ActiveStreamCount><ThrottleLimit>" + std::to_string(limit) + "</ThrottleLimit></Stream></TwilioResponse>\n";
}

std::string streams_json(std::size_t active, int limit) {
  return json::serialize(json::object{{"active_streams", active}, {"max_allowed_streams", limit}});
}

json::object callback_object(const CallRecord& record, CallbackEvent event, Instant at) {
  const bool terminal = event == CallbackEvent::terminal;
  if (record.request.callback_events.empty())
    return {
        {"CallSid", record.sid}, {"DateUpdated", india_time(at)}, {"Status", record.status}, {"RecordingUrl", nullptr}};
  json::object fields{
      {"CallSid", record.sid},
      {"EventType", to_string(event)},
      {"DateCreated", india_time(record.created)},
      {"DateUpdated", india_time(at)},
      {"Status", event == CallbackEvent::ringing ? "ringing"
                 : terminal                      ? record.status
                                                 : "in-progress"},
      {"From", national(record.request.from)},
      {"To", nullptr},
      {"PhoneNumberSid", record.request.caller_id},
      {"StartTime", india_time(record.created)},
      {"EndTime", terminal ? time_or_null(record.ended) : nullptr},
      {"Direction", "outbound-api"},
  };
  if (event == CallbackEvent::answered) fields["Legs"] = legs(record, LegStatus::in_progress);
  if (terminal) {
    fields["RecordingUrl"] = nullptr;
    fields["ConversationDuration"] = record.talk_seconds();
    fields["CustomField"] = record.request.custom_field;
    fields["Legs"] = legs(record, record.leg);
  }
  return fields;
}

net::FormFields callback_form(const json::object& fields) {
  net::FormFields form;
  for (const auto& [key, value] : fields) {
    if (!value.is_array()) {
      form.emplace_back(key, plain(value));
      continue;
    }
    std::size_t index = 0;
    for (const json::value& item : value.as_array()) {
      for (const auto& [name, part] : item.as_object())
        form.emplace_back(std::string(key) + "[" + std::to_string(index) + "][" + std::string(name) + "]", plain(part));
      ++index;
    }
  }
  return form;
}

}  // namespace callramp::sandbox::exotel
