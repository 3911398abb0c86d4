#include "adapters/prometheus/prometheus_source.hpp"

#include <fmt/format.h>

#include <cmath>

#include "adapters/common/json_read.hpp"

namespace callramp::prometheus_adapter {
namespace {

namespace json = boost::json;
using adapters::excerpt;
using adapters::find;
using adapters::text;

// "value": [1732430000.123, "0.93"]; the number is text, for JSON has no NaN and no infinity.
Result<double> parse_pair(const json::value* pair) {
  if (pair == nullptr || !pair->is_array() || pair->get_array().size() != 2)
    return fail(ErrorCode::invalid_request, "Prometheus answered without a value");
  const std::string written = adapters::text_of(&pair->get_array()[1]).value_or("");
  const std::optional<double> number = adapters::number_of(&pair->get_array()[1]);
  if (!number || !std::isfinite(*number))
    return fail(ErrorCode::not_found, fmt::format("the value is '{}', which is no number", written));
  return *number;
}

Error refusal(int status, std::string_view body) {
  const auto value = adapters::parse_json(body, "Prometheus's answer");
  const std::string why = value ? text(*value, "error").value_or(excerpt(body)) : excerpt(body);
  const std::string said = fmt::format("Prometheus answered {}{}{}", status, why.empty() ? "" : ": ", why);
  switch (status) {
    case 401:
    case 403: return {ErrorCode::unauthorized, said + "; check PROMETHEUS_TOKEN"};
    case 400:
    case 422: return {ErrorCode::invalid_request, said};
    case 404: return {ErrorCode::invalid_request, said + "; check the path in PROMETHEUS_URL"};
    default: return {ErrorCode::unavailable, said};
  }
}

}  // namespace

PrometheusSource::PrometheusSource(PrometheusSourceConfig config, net::ClientPool& clients)
    : config_(std::move(config)), clients_(clients) {
  while (config_.base_url.ends_with('/')) config_.base_url.pop_back();
}

Awaitable<Result<double>> PrometheusSource::read(std::string expression, Instant deadline) {
  net::HttpClient* const client = co_await clients_.here();
  net::ClientRequest request{.url = config_.base_url + "/api/v1/query?query=" + net::percent_encode(expression)};
  if (!config_.token.empty()) request.headers.set("Authorization", "Bearer " + config_.token);
  const auto answer = co_await client->fetch(std::move(request), deadline, config_.max_answer_bytes);
  if (!answer)
    co_return fail(answer.error().code,
                   fmt::format("Prometheus at {} does not answer ({})", config_.base_url, answer.error().message));
  if (answer->status != 200) co_return std::unexpected(refusal(answer->status, answer->body));
  co_return parse_instant_value(answer->body);
}

Result<double> parse_instant_value(std::string_view body) {
  TRY(value, adapters::parse_json(body, "Prometheus's answer"));
  if (text(value, "status") != "success")
    return fail(ErrorCode::invalid_request, "Prometheus refused: " + text(value, "error").value_or(excerpt(body)));
  const json::value* data = find(value, "data");
  const json::value* result = data ? find(*data, "result") : nullptr;
  if (result == nullptr || !result->is_array())
    return fail(ErrorCode::invalid_request, "Prometheus answered without a result: " + excerpt(body));
  const std::string type = text(*data, "resultType").value_or("");
  if (type == "scalar") return parse_pair(result);
  if (type != "vector")
    return fail(ErrorCode::invalid_request,
                fmt::format("the expression gives a {} and not one number; wrap it, as in sum(…)", type));
  const json::array& series = result->get_array();
  if (series.empty()) return fail(ErrorCode::not_found, "no series answers the expression now");
  if (series.size() > 1)
    return fail(ErrorCode::invalid_request,
                fmt::format("the expression gives {} series and not one; wrap it, as in sum(…)", series.size()));
  return parse_pair(find(series[0], "value"));
}

}  // namespace callramp::prometheus_adapter
