#include "adapters/twilio/twilio_telephony.hpp"

#include <algorithm>

#include "adapters/twilio/wire.hpp"
#include "base/base64.hpp"

namespace callramp::twilio {

using adapters::form_of;

std::string callback_url(const std::string& attempt, const TwilioConfig& config) {
  return config.public_url + "/webhooks/twilio/call-status?attempt=" + net::percent_encode(attempt);
}

std::string call_form(const DialRequest& request, const TwilioConfig& config) {
  // A Stream's URL may carry no query, so the token is in its path. Nothing in it needs escaping: an origin that we
  // checked, and hex digits. When we close the socket the instructions are at their end, and Twilio hangs up.
  const std::string twiml = "<Response><Connect><Stream url=\"" + adapters::web_socket_origin(config.public_url) +
                            "/ws/twilio/voice/" + request.stream_token + "\"/></Connect></Response>";
  return form_of({
      {"To", request.to.e164()},
      {"From", config.caller_id},
      {"Twiml", twiml},
      {"Timeout", std::to_string(std::clamp(request.ring_timeout, seconds{5}, config.max_ring).count())},
      {"TimeLimit", std::to_string(std::clamp(request.time_limit, seconds{1}, config.max_time_limit).count())},
      {"StatusCallback", callback_url(request.attempt.str(), config)},
      {"StatusCallbackMethod", "POST"},
      {"StatusCallbackEvent", "initiated"},
      {"StatusCallbackEvent", "ringing"},
      {"StatusCallbackEvent", "answered"},
      {"StatusCallbackEvent", "completed"},
  });
}

TwilioTelephony::TwilioTelephony(TwilioConfig config, net::ClientPool& clients, async::Clock& clock, Log& log)
    : config_(std::move(config)), clients_(clients), clock_(clock), log_(log) {
  config_.base_url = adapters::without_slash(std::move(config_.base_url));
  config_.public_url = adapters::without_slash(std::move(config_.public_url));
  authorization_ = "Basic " + base64_encode(config_.account_sid + ":" + config_.auth_token);
}

std::string TwilioTelephony::calls_path() const {
  return "/2010-04-01/Accounts/" + net::percent_encode(config_.account_sid) + "/Calls";
}

Awaitable<Result<std::string>> TwilioTelephony::ask(std::string method, std::string path, std::string form,
                                                    Instant deadline) {
  if (const Duration left = silence_.left(clock_.now()); left > Duration::zero())
    co_return fail(ErrorCode::rate_limited, "Twilio asked for silence: retry after " + to_words(left));
  const bool placing = method == "POST";
  net::HttpClient* const client = co_await clients_.here();
  net::ClientRequest request{.method = std::move(method), .url = config_.base_url + std::move(path)};
  request.headers.set("Authorization", authorization_);
  request.headers.set("Accept", "application/json");
  if (placing) request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = std::move(form);
  CO_TRY(answer, co_await client->fetch(std::move(request), deadline, config_.max_answer_bytes));
  if (answer.status >= 200 && answer.status < 300) co_return std::move(answer.body);
  if (answer.status == 429) silence_.until(clock_.now() + retry_after(answer.headers, config_));
  Error refusal = parse_refusal(answer.status, answer.headers, answer.body, placing, config_);
  log_.warn("twilio_refused", {{"status", answer.status}, {"placing", placing}, {"message", refusal.message}});
  co_return std::unexpected(std::move(refusal));
}

Awaitable<Result<std::string>> TwilioTelephony::place(DialRequest request, Instant deadline) {
  auto answer = co_await ask("POST", calls_path() + ".json", call_form(request, config_), deadline);
  if (!answer) {
    // The head was read, so the request had arrived: a broken or oversized body says nothing about the dial.
    if (answer.error().code == ErrorCode::payload_too_large || answer.error().code == ErrorCode::internal)
      answer.error().code = ErrorCode::timeout;
    co_return std::unexpected(std::move(answer).error());
  }
  const auto value = adapters::parse_json(*answer, "Twilio's answer");
  auto sid = value ? adapters::text(*value, "sid") : std::nullopt;
  if (!sid || sid->empty()) {
    log_.error("twilio_answer_without_sid", {{"attempt_id", request.attempt}, {"body", adapters::excerpt(*answer)}});
    co_return fail(ErrorCode::timeout,
                   "Twilio accepted the dial without a call id: it may have dialled; ask for the number's calls");
  }
  co_return *std::move(sid);
}

Awaitable<Result<CarrierCall>> TwilioTelephony::lookup(std::string provider_call_id, Instant deadline) {
  CO_TRY(body, co_await ask("GET", calls_path() + "/" + net::percent_encode(provider_call_id) + ".json", {}, deadline));
  co_return parse_call_answer(body);
}

Awaitable<Result<std::vector<CarrierCall>>> TwilioTelephony::find(PhoneNumber to, Instant from, Instant until,
                                                                  Instant deadline) {
  std::string path =
      calls_path() + ".json?" + form_of({{"To", to.e164()}, {"PageSize", std::to_string(config_.page_size)}});
  // Its times have whole seconds.
  const Instant earliest = std::chrono::floor<seconds>(from);
  std::vector<CarrierCall> found;
  for (int page_number = 1; page_number <= config_.max_pages; ++page_number) {
    CO_TRY(body, co_await ask("GET", std::move(path), {}, deadline));
    CO_TRY(page, parse_calls_page(body));
    for (CarrierCall& call : page.calls) {
      if (call.started_at && *call.started_at < earliest) co_return found;
      // A number that cannot be read passed the filter, so it counts: missing a call would dial it twice.
      if ((call.to && *call.to != to) || (call.started_at && *call.started_at > until)) continue;
      call.to = to;
      found.push_back(std::move(call));
    }
    if (page.next_uri.empty()) co_return found;
    if (!page.next_uri.starts_with("/"))
      co_return fail(ErrorCode::unavailable,
                     "Twilio's list of calls goes on at no path of its own: " + adapters::excerpt(page.next_uri));
    path = std::move(page.next_uri);
  }
  co_return fail(ErrorCode::unavailable, "Twilio's list of calls is longer than " + std::to_string(config_.max_pages) +
                                             " pages; ask for a shorter time");
}

Awaitable<Status> TwilioTelephony::probe(Instant deadline) {
  CO_TRY(body, co_await ask("GET", calls_path() + ".json?PageSize=1", {}, deadline));
  CO_TRY(page, parse_calls_page(body));
  (void)page;
  co_return Status{};
}

}  // namespace callramp::twilio
