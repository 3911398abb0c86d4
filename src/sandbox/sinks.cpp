#include "sandbox/sinks.hpp"

#include <boost/json.hpp>

#include "sandbox/http_faults.hpp"

namespace callramp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t kBodyMost = 1024 * 1024;
/// The oldest are forgotten.
constexpr std::size_t kMessagesKept = 10'000;

net::Response plain(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

net::Response as_json(int status, const json::value& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = json::serialize(body)};
}

}  // namespace

Awaitable<net::Response> Sinks::handle(net::Request& request) {
  const std::string sink = request.path.substr(1, request.path.find('/', 1) - 1);
  if (sink != "slack" && sink != "pagerduty" && sink != "webhook")
    co_return plain(404, "there are /slack, /pagerduty and /webhook\n");
  auto body = co_await net::read_all(*request.body, kBodyMost);
  if (!body) co_return plain(413, body.error().message + "\n");
  if (request.method == "GET") co_return list(sink);
  if (request.method != "POST") co_return plain(405, "POST a message or GET the list\n");
  if (faults_.draw(sink, FaultKind::rate_limit)) {
    net::Response response = plain(429, "rate_limited\n");
    response.headers.set("Retry-After", "1");
    co_return response;
  }
  if (faults_.draw(sink, FaultKind::server_error)) co_return plain(503, "unavailable\n");
  if (faults_.draw(sink, FaultKind::auth_error)) co_return plain(401, "invalid_token\n");
  co_return co_await with_http_faults(clock_, faults_, sink, keep(request, sink, *std::move(body)));
}

net::Response Sinks::keep(const net::Request& request, std::string sink, std::string body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  // Slack and PagerDuty take JSON objects only; a webhook is whatever its sender likes.
  if (sink != "webhook" && (error || !parsed.is_object())) return plain(400, "invalid_payload\n");
  messages_.push_back({.received_at = clock_.now(),
                       .sink = sink,
                       .path = request.path,
                       .headers = request.headers,
                       .body = std::move(body)});
  if (messages_.size() > kMessagesKept) messages_.pop_front();
  if (sink == "pagerduty") {
    const json::value* key = parsed.as_object().if_contains("dedup_key");
    const json::value dedup = key != nullptr ? *key : json::value("sandbox-" + std::to_string(messages_.size()));
    return as_json(202, {{"status", "success"}, {"message", "Event processed"}, {"dedup_key", dedup}});
  }
  return plain(200, "ok");
}

net::Response Sinks::list(const std::string& sink) const {
  json::array messages;
  for (const Message& message : messages_) {
    if (message.sink != sink) continue;
    json::object headers;
    for (const auto& [name, value] : message.headers) headers[name] = value;
    boost::system::error_code error;
    json::value body = json::parse(message.body, error);
    if (error) body = json::value(message.body);
    messages.push_back({{"receivedAt", to_iso(message.received_at)},
                        {"path", message.path},
                        {"headers", std::move(headers)},
                        {"body", std::move(body)}});
  }
  return as_json(200, messages);
}

std::map<std::string, std::uint64_t> Sinks::counts() const {
  std::map<std::string, std::uint64_t> counts;
  for (const Message& message : messages_) ++counts[message.sink];
  return counts;
}

}  // namespace callramp::sandbox
