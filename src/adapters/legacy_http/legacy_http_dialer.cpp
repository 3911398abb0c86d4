#include "adapters/legacy_http/legacy_http_dialer.hpp"

#include "adapters/common/json_read.hpp"
#include "net/digest.hpp"

namespace callramp::legacy_http {
namespace {

namespace json = boost::json;
using adapters::excerpt;
using adapters::find;
using adapters::text;

Error refusal(int status, std::string_view body) {
  const std::string said =
      "the old system answered " + std::to_string(status) + (body.empty() ? "" : " (" + excerpt(body) + ")");
  switch (status) {
    case 401:
    case 403: return {ErrorCode::unauthorized, said + ": check OLD_SYSTEM_TOKEN"};
    case 404: return {ErrorCode::not_found, said};
    case 409: return {ErrorCode::conflict, said};
    case 422: return {ErrorCode::invalid_phone_number, said};
    case 429: return {ErrorCode::rate_limited, said};
    case 503: return {ErrorCode::unavailable, said};
    default: break;
  }
  // It may have taken the call before it broke; placing again with the same attempt is safe.
  return {status >= 500 || status == 408 ? ErrorCode::timeout : ErrorCode::invalid_request, said};
}

Result<std::optional<Money>> parse_cost(const json::value& report, const LegacyHttpConfig& config) {
  const json::value* cost = find(report, "cost");
  if (!cost) return std::nullopt;
  std::string amount = adapters::text_of(cost).value_or("");
  std::string currency;
  if (cost->is_object()) {
    amount = text(*cost, "amount").value_or("");
    currency = text(*cost, "currency").value_or("");
  } else if (const std::size_t space = amount.find(' '); space != std::string::npos) {
    currency = amount.substr(space + 1);
    amount.resize(space);
  }
  Money money{.currency = config.currency};
  if (!currency.empty()) {
    TRY(parsed, Currency::parse(currency));
    money.currency = parsed;
  }
  TRY(micros, parse_micros(amount));
  money.micros = micros;
  return money;
}

Result<std::optional<Instant>> parse_at(const json::value& report, std::string_view key) {
  const auto written = text(report, key);
  if (!written || written->empty()) return std::nullopt;
  TRY(at, parse_iso(*written));
  return at;
}

net::Response plain(int status, std::string body = {}) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

}  // namespace

LegacyHttpDialer::LegacyHttpDialer(LegacyHttpConfig config, net::ClientPool& clients, Log& log)
    : config_(std::move(config)), clients_(clients), log_(log) {
  for (std::string* url : {&config_.base_url, &config_.public_url})
    while (url->ends_with('/')) url->pop_back();
}

Awaitable<Result<std::string>> LegacyHttpDialer::ask(net::ClientRequest request, Instant deadline) {
  net::HttpClient* const client = co_await clients_.here();
  if (!config_.token.empty()) request.headers.set("Authorization", "Bearer " + config_.token);
  CO_TRY(answer, co_await client->fetch(std::move(request), deadline, config_.max_answer_bytes));
  if (answer.status / 100 == 2) co_return std::move(answer.body);
  Error error = refusal(answer.status, answer.body);
  log_.warn("old_system_refused", {{"status", answer.status}, {"reason", error.message}});
  co_return std::unexpected(std::move(error));
}

Awaitable<Result<std::string>> LegacyHttpDialer::place(LegacyDial dial, Instant deadline) {
  json::object body{
      {"attemptId", dial.attempt.str()},
      {"callId", dial.call.str()},
      {"phoneNumber", dial.phone.e164()},
      {"userId", dial.user.str()},
      {"callbackUrl", config_.public_url + "/webhooks/old-system/" + config_.webhook_secret + "/call-status"}};
  CO_TRY(metadata, adapters::parse_json(dial.metadata_json.empty() ? "{}" : dial.metadata_json, "the call's metadata"));
  body["metadata"] = std::move(metadata);
  if (!dial.script.empty()) body["script"] = dial.script;
  net::ClientRequest request{.method = "POST", .url = config_.base_url + "/calls"};
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Idempotency-Key", dial.attempt.str());
  request.body = json::serialize(body);
  CO_TRY(answer, co_await ask(std::move(request), deadline));
  const auto value = adapters::parse_json(answer, "the old system's answer");
  auto id = value ? text(*value, "id") : std::nullopt;
  if (!id || id->empty())
    co_return fail(ErrorCode::timeout, "the old system took the call and named no id: " + excerpt(answer));
  co_return *std::move(id);
}

Awaitable<Result<LegacyReport>> LegacyHttpDialer::lookup(std::string id, Instant deadline) {
  CO_TRY(body, co_await ask({.url = config_.base_url + "/calls/" + net::percent_encode(id)}, deadline));
  co_return parse_report(body, config_);
}

Awaitable<Status> LegacyHttpDialer::probe(Instant deadline) {
  CO_TRY(body, co_await ask({.url = config_.base_url + "/health"}, deadline));
  co_return Status{};
}

Result<LegacyReport> parse_report(std::string_view body, const LegacyHttpConfig& config) {
  TRY(value, adapters::parse_json(body, "the old system's report"));
  LegacyReport report{.id = text(value, "id").value_or("")};
  if (report.id.empty())
    return fail(ErrorCode::invalid_request, "the old system's report has no id: " + excerpt(body), "id");
  if (const auto outcome = text(value, "outcome")) {
    TRY(parsed, parse_outcome(*outcome));
    report.outcome = parsed;
  }
  TRY(started_at, parse_at(value, "startedAt"));
  TRY(ended_at, parse_at(value, "endedAt"));
  TRY(cost, parse_cost(value, config));
  report.started_at = started_at;
  report.ended_at = ended_at;
  report.cost = cost;
  return report;
}

Awaitable<net::Response> legacy_webhook(net::Request& request, std::string secret, const LegacyHttpConfig& config,
                                        LegacyEvents& events, Log& log) {
  if (config.webhook_secret.empty() || !net::constant_time_equal(secret, config.webhook_secret)) co_return plain(404);
  auto body = co_await net::read_all(*request.body, config.max_callback_bytes);
  if (!body) co_return plain(body.error().code == ErrorCode::payload_too_large ? 413 : 400, body.error().message);
  auto report = parse_report(*body, config);
  if (report && !report->outcome) report = fail(ErrorCode::invalid_request, "the report has no outcome", "outcome");
  if (!report) {
    log.warn("old_system_bad_callback", {{"reason", report.error().message}, {"bytes", body->size()}});
    co_return plain(400, report.error().message);
  }
  const std::string id = report->id;
  const auto stored = co_await events.on_legacy_report(*std::move(report));
  if (stored) co_return plain(200);
  log.error("old_system_callback_not_stored", {{"id", id}, {"reason", stored.error().message}});
  co_return plain(503);
}

}  // namespace callramp::legacy_http
