#include "adapters/twilio/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.hpp"
#include "net/digest.hpp"

namespace callramp::twilio {
namespace {

using adapters::excerpt;
using adapters::find;
using adapters::integer;
using adapters::text;

// Twilio's error codes that blame the number to be dialled, from its error dictionary: no number, not reachable from
// this account's region, no valid number at all, a malformed one.
constexpr std::array<std::int64_t, 4> number_codes{21211, 21214, 21217, 13224};
// Credentials, a suspended account, no permission.
constexpr std::array<std::int64_t, 4> denied_codes{20003, 20005, 20403, 10001};
constexpr std::int64_t too_many_requests = 20429;
constexpr std::int64_t concurrency_exceeded = 10004;

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// SIP's own words of why it did not ring (RFC 3261 §21).
CarrierState refined(CarrierState state, std::optional<std::int64_t> sip) {
  if (!sip || (state != CarrierState::failed && state != CarrierState::busy && state != CarrierState::canceled))
    return state;
  switch (*sip) {
    case 404:
    case 410:
    case 484:
    case 604: return CarrierState::invalid_number;
    case 403:
    case 603:
    case 607:
    case 608: return CarrierState::rejected;
    default: return state;
  }
}

std::optional<CarrierState> state_of(std::string_view status) {
  if (status == "queued" || status == "initiated") return CarrierState::queued;
  if (status == "ringing") return CarrierState::ringing;
  if (status == "in-progress" || status == "answered") return CarrierState::in_progress;
  if (status == "completed") return CarrierState::completed;
  if (status == "busy") return CarrierState::busy;
  if (status == "no-answer") return CarrierState::no_answer;
  if (status == "failed") return CarrierState::failed;
  if (status == "canceled") return CarrierState::canceled;
  return std::nullopt;
}

std::optional<PhoneNumber> number_of(const std::optional<std::string>& e164) {
  if (!e164) return std::nullopt;
  auto parsed = PhoneNumber::parse(*e164);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

std::optional<seconds> span_of(std::optional<std::int64_t> whole) {
  constexpr std::int64_t week = 7 * 24 * 3600;
  if (!whole || *whole < 0 || *whole > week) return std::nullopt;
  return seconds{*whole};
}

/// "-0.00850" of what it took from the account: what it cost.
std::optional<Money> price_of(const json::value& call) {
  auto amount = text(call, "price");
  const auto unit = text(call, "price_unit");
  if (!amount || amount->empty() || !unit) return std::nullopt;
  if (amount->starts_with('-')) amount->erase(0, 1);
  const auto micros = parse_micros(*amount);
  auto currency = Currency::parse(*unit);
  if (!micros || !currency) return std::nullopt;
  return Money{*micros, *currency};
}

}  // namespace

std::optional<Instant> parse_time(std::string_view text) {
  if (const auto iso = parse_iso(text)) return *iso;
  // "Tue, 31 Aug 2010 20:36:28 +0000" (RFC 2822 §3.3), always of this width and always UTC.
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 31 || text.substr(3, 2) != ", " || !text.ends_with(" +0000")) return std::nullopt;
  const auto month = months.find(text.substr(8, 3));
  const auto day = digits(text.substr(5, 2));
  const auto year = digits(text.substr(12, 4));
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year) return std::nullopt;
  std::string iso = std::string(text.substr(12, 4)) + "-";
  const auto number = std::to_string(month / 3 + 1);
  iso += (number.size() == 1 ? "0" : "") + number + "-" + std::string(text.substr(5, 2)) + "T" +
         std::string(text.substr(17, 8)) + "Z";
  const auto parsed = parse_iso(iso);
  if (!parsed) return std::nullopt;
  return *parsed;
}

Result<CarrierCall> parse_call(const json::value& call) {
  CarrierCall parsed;
  parsed.provider_call_id = text(call, "sid").value_or("");
  if (parsed.provider_call_id.empty())
    return fail(ErrorCode::invalid_request, "Twilio's call has no sid: " + excerpt(json::serialize(call)));
  const std::string status = text(call, "status").value_or("");
  const auto state = state_of(status);
  if (!state)
    return fail(ErrorCode::invalid_request,
                "Twilio's call " + parsed.provider_call_id + " has the unknown status '" + excerpt(status, 40) + "'");
  parsed.state = *state;
  parsed.to = number_of(text(call, "to"));
  // start_time is when it began to be connected, and null until then; date_created is when it was asked for.
  for (const char* key : {"start_time", "date_created"})
    if (auto at = text(call, key))
      if (auto parsed_at = parse_time(*at)) parsed.started_at = parsed_at;
  if (auto at = text(call, "end_time")) parsed.ended_at = parse_time(*at);
  if (is_terminal(*state)) parsed.duration = span_of(integer(call, "duration"));
  parsed.price = price_of(call);
  parsed.detail = "status " + status;
  if (auto by = text(call, "answered_by"); by && !by->empty()) parsed.detail += ", answered by " + excerpt(*by, 40);
  return parsed;
}

Result<CarrierCall> parse_call_answer(std::string_view body) {
  TRY(value, adapters::parse_json(body, "Twilio's answer"));
  return parse_call(value);
}

Result<CallsPage> parse_calls_page(std::string_view body) {
  TRY(value, adapters::parse_json(body, "Twilio's list of calls"));
  const json::value* calls = find(value, "calls");
  if (!calls || !calls->is_array())
    return fail(ErrorCode::invalid_request, "Twilio's list of calls has no calls: " + excerpt(body));
  CallsPage page;
  for (const json::value& element : calls->get_array()) {
    TRY(parsed, parse_call(element));
    page.calls.push_back(std::move(parsed));
  }
  page.next_uri = text(value, "next_page_uri").value_or("");
  return page;
}

Result<CarrierCall> parse_status_callback(const net::FormFields& fields, std::optional<AttemptId> attempt) {
  const auto field = [&](std::string_view name) -> std::optional<std::string> {
    for (const auto& [key, value] : fields)
      if (key == name) return value;
    return std::nullopt;
  };
  const auto number = [&](std::string_view name) -> std::optional<std::int64_t> {
    const auto value = field(name);
    const auto whole = value ? digits(*value) : std::nullopt;
    return whole ? std::optional<std::int64_t>(*whole) : std::nullopt;
  };
  CarrierCall parsed{.provider_call_id = field("CallSid").value_or(""), .attempt = std::move(attempt)};
  if (parsed.provider_call_id.empty()) return fail(ErrorCode::invalid_request, "Twilio's callback has no CallSid");
  const std::string status = field("CallStatus").value_or("");
  const auto state = state_of(status);
  if (!state)
    return fail(ErrorCode::invalid_request,
                "Twilio's callback has the unknown CallStatus '" + excerpt(status, 40) + "'");
  const auto sip = number("SipResponseCode");
  parsed.state = refined(*state, sip);
  parsed.to = number_of(field("To"));
  if (is_terminal(parsed.state)) {
    if (auto at = field("Timestamp")) parsed.ended_at = parse_time(*at);
    // CallDuration is in seconds; Duration, of the same callback, in billed minutes.
    parsed.duration = span_of(number("CallDuration"));
  }
  parsed.detail = "status " + status;
  if (sip) parsed.detail += ", SIP " + std::to_string(*sip);
  if (auto by = field("AnsweredBy"); by && !by->empty()) parsed.detail += ", answered by " + excerpt(*by, 40);
  return parsed;
}

std::string signature(std::string_view auth_token, std::string_view url, net::FormFields fields) {
  std::ranges::sort(fields);
  std::string text(url);
  for (const auto& [name, value] : fields) text += name + value;
  return base64_encode(net::hmac_sha1(auth_token, text));
}

seconds retry_after(const net::Headers& headers, const TwilioConfig& config) {
  const auto header = headers.find("Retry-After");
  const auto wanted = header ? digits(*header) : std::nullopt;
  if (!wanted) return config.default_retry_after;
  return std::clamp(seconds{*wanted}, seconds{1}, config.max_retry_after);
}

Error parse_refusal(int status, const net::Headers& headers, std::string_view body, bool placing,
                    const TwilioConfig& config) {
  const auto value = adapters::parse_json(body, "answer");
  const std::int64_t code = value ? integer(*value, "code").value_or(0) : 0;
  std::string words = value ? text(*value, "message").value_or("") : std::string(body);
  if (code != 0) words += (words.empty() ? "code " : ", code ") + std::to_string(code);
  words = excerpt(words);
  const std::string said = "Twilio answered " + std::to_string(status) + (words.empty() ? "" : " (" + words + ")");
  const auto one_of = [code](const auto& codes) { return std::ranges::find(codes, code) != codes.end(); };
  if (status == 429 || code == too_many_requests)
    return {ErrorCode::rate_limited,
            said + ": retry after " + std::to_string(retry_after(headers, config).count()) + " s"};
  if (code == concurrency_exceeded) return {ErrorCode::concurrent_limit_reached, said};
  if (status == 401 || status == 403 || one_of(denied_codes))
    return {ErrorCode::unauthorized, said + ": check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"};
  if (placing && one_of(number_codes))
    return {ErrorCode::invalid_phone_number, said + ": it does not dial this number"};
  if (status == 404) return {ErrorCode::not_found, said + ": check TWILIO_ACCOUNT_SID and the call's id"};
  if (status == 503) return {ErrorCode::unavailable, said};
  // A server that broke while it answered may have dialled before; one that redirects or refuses has not.
  if (status >= 500 || status == 408)
    return {placing ? ErrorCode::timeout : ErrorCode::unavailable, said + (placing ? ": it may have dialled" : "")};
  return {ErrorCode::invalid_request, said};
}

}  // namespace callramp::twilio
