#include "adapters/exotel/exotel_telephony.hpp"

#include <algorithm>
#include <array>

#include "adapters/exotel/wire.hpp"
#include "base/base64.hpp"

namespace callramp::exotel {
namespace {

using adapters::form_of;
using adapters::web_socket_origin;
using adapters::without_slash;

/// The spellings under which Exotel may keep a number, for its filter.
std::string spellings(const PhoneNumber& number, const ExotelConfig& config) {
  const std::string digits = number.e164().substr(1);
  std::string list = number.e164();
  if (digits.starts_with(config.country_code)) list += ",0" + digits.substr(config.country_code.size());
  return list;
}

}  // namespace

Result<std::string> connect_form(const DialRequest& request, const ExotelConfig& config) {
  const std::string stream_url =
      web_socket_origin(config.public_url) + "/ws/exotel/voice/" + request.stream_token + "?sample-rate=8000";
  if (stream_url.size() > config.max_stream_url)
    return fail(ErrorCode::invalid_request, "the stream URL has " + std::to_string(stream_url.size()) +
                                                " characters, Exotel takes " + std::to_string(config.max_stream_url) +
                                                "; shorten PUBLIC_URL");
  if (request.attempt.str().size() > config.max_custom_field)
    return fail(ErrorCode::invalid_request,
                "attempt id '" + request.attempt.str() + "' is longer than Exotel's CustomField");
  return form_of({
      {"From", request.to.e164()},
      {"CallerId", config.caller_id},
      {"StreamUrl", stream_url},
      {"StreamType", "bidirectional"},
      {"CallType", "trans"},
      {"TimeLimit", std::to_string(std::clamp(request.time_limit, seconds{1}, config.max_time_limit).count())},
      {"TimeOut", std::to_string(std::max(request.ring_timeout, seconds{1}).count())},
      {"CustomField", request.attempt.str()},
      {"StatusCallback", config.public_url + "/webhooks/exotel/" + config.webhook_secret + "/call-status"},
      {"StatusCallbackEvents[]", "terminal"},
      {"StatusCallbackEvents[]", "answered"},
      {"StatusCallbackEvents[]", "ringing"},  // documented for StreamUrl calls alone, which ours are
      {"StatusCallbackContentType", "application/json"},
  });
}

ExotelTelephony::ExotelTelephony(ExotelConfig config, net::ClientPool& clients, async::Clock& clock, Log& log)
    : config_(std::move(config)), clients_(clients), clock_(clock), log_(log) {
  config_.base_url = without_slash(std::move(config_.base_url));
  config_.public_url = without_slash(std::move(config_.public_url));
  authorization_ = "Basic " + base64_encode(config_.api_key + ":" + config_.api_token);
}

std::string ExotelTelephony::account_path() const { return "/v1/Accounts/" + net::percent_encode(config_.account_sid); }

Awaitable<Result<std::string>> ExotelTelephony::ask(std::string method, std::string path, std::string form,
                                                    Instant deadline) {
  if (const Duration left = silence_.left(clock_.now()); left > Duration::zero())
    co_return fail(ErrorCode::rate_limited, "Exotel asked for silence: retry after " + to_words(left));
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
  log_.warn("exotel_refused", {{"status", answer.status}, {"placing", placing}, {"message", refusal.message}});
  co_return std::unexpected(std::move(refusal));
}

Awaitable<Result<std::string>> ExotelTelephony::place(DialRequest request, Instant deadline) {
  CO_TRY(form, connect_form(request, config_));
  auto answer = co_await ask("POST", account_path() + "/Calls/connect.json", std::move(form), deadline);
  if (!answer) {
    // The head was read, so the request had arrived: a broken or oversized body says nothing about the dial.
    if (answer.error().code == ErrorCode::payload_too_large || answer.error().code == ErrorCode::internal)
      answer.error().code = ErrorCode::timeout;
    co_return std::unexpected(std::move(answer).error());
  }
  const auto value = adapters::parse_json(*answer, "Exotel's answer");
  const json::value* call = value ? adapters::find(*value, "Call") : nullptr;
  auto sid = call ? adapters::text(*call, "Sid") : std::nullopt;
  if (!sid || sid->empty()) {
    log_.error("exotel_answer_without_sid", {{"attempt_id", request.attempt}, {"body", adapters::excerpt(*answer)}});
    co_return fail(ErrorCode::timeout,
                   "Exotel accepted the dial without a call id: it may have dialled; ask for the number's calls");
  }
  co_return *std::move(sid);
}

Awaitable<Result<CarrierCall>> ExotelTelephony::lookup(std::string provider_call_id, Instant deadline) {
  const std::string path = account_path() + "/Calls/" + net::percent_encode(provider_call_id) + ".json?details=true";
  CO_TRY(body, co_await ask("GET", path, {}, deadline));
  co_return parse_call_answer(body, config_);
}

Awaitable<Result<std::vector<CarrierCall>>> ExotelTelephony::find(PhoneNumber to, Instant from, Instant until,
                                                                  Instant deadline) {
  const std::string window = "gte:" + format_time(std::chrono::floor<seconds>(from), config_) +
                             ";lte:" + format_time(std::chrono::ceil<seconds>(until), config_);
  std::string path = account_path() + "/Calls.json?" +
                     form_of({{"DateCreated", window},
                              {"From", spellings(to, config_)},
                              {"PageSize", std::to_string(config_.page_size)},
                              {"SortBy", "DateCreated:asc"}});
  std::vector<CarrierCall> found;
  for (int page_number = 1; page_number <= config_.max_pages; ++page_number) {
    CO_TRY(body, co_await ask("GET", std::move(path), {}, deadline));
    CO_TRY(page, parse_calls_page(body, config_));
    for (std::size_t i = 0; i < page.calls.size(); ++i) {
      CarrierCall& call = page.calls[i];
      // A From that cannot be read (masked, empty) passed the filter, so it counts: missing a call would dial it twice.
      if (call.to && *call.to != to) continue;
      if (!call.to) log_.warn("exotel_unreadable_from", {{"call_sid", call.provider_call_id}});
      call.to = to;
      found.push_back(std::move(call));
    }
    if (page.next_uri.empty()) co_return found;
    if (!page.next_uri.starts_with("/"))
      co_return fail(ErrorCode::unavailable,
                     "Exotel's list of calls goes on at no path of its own: " + adapters::excerpt(page.next_uri));
    path = std::move(page.next_uri);
  }
  co_return fail(ErrorCode::unavailable, "Exotel's list of calls is longer than " + std::to_string(config_.max_pages) +
                                             " pages; ask for a shorter time");
}

Awaitable<Status> ExotelTelephony::probe(Instant deadline) {
  CO_TRY(body, co_await ask("GET", account_path() + "/Calls.json?PageSize=1", {}, deadline));
  CO_TRY(page, parse_calls_page(body, config_));
  co_return Status{};
}

}  // namespace callramp::exotel
