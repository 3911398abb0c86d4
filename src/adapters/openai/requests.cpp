#include "adapters/openai/requests.hpp"

#include "adapters/openai/wire.hpp"

namespace callramp::openai {

net::Headers headers_for(const OpenAiConfig& config, const AttemptId& attempt) {
  net::Headers headers{{"Authorization", "Bearer " + config.api_key}};
  if (!attempt.empty()) headers.set("X-Client-Request-Id", attempt.str());
  if (!config.organization.empty()) headers.set("OpenAI-Organization", config.organization);
  if (!config.project.empty()) headers.set("OpenAI-Project", config.project);
  return headers;
}

Awaitable<Result<net::ClientResponse>> post_json(const OpenAiConfig& config, net::ClientPool& clients, std::string path,
                                                 std::string body, AttemptId attempt, Instant deadline) {
  net::HttpClient* const client = co_await clients.here();
  net::ClientRequest request{.method = "POST", .url = config.base_url + path, .headers = headers_for(config, attempt)};
  request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  CO_TRY(answer, co_await client->send(std::move(request), deadline));
  if (answer.status / 100 == 2) co_return std::move(answer);
  const auto words = co_await net::read_all(*answer.body, config.max_error_bytes);
  co_return std::unexpected(parse_refusal(answer.status, answer.headers, words.value_or("")));
}

Awaitable<Status> probe_key(const OpenAiConfig& config, net::ClientPool& clients, Instant deadline) {
  net::HttpClient* const client = co_await clients.here();
  net::ClientRequest request{.url = config.base_url + "/models", .headers = headers_for(config, {})};
  CO_TRY(answer, co_await client->fetch(std::move(request), deadline));
  if (answer.status / 100 == 2) co_return Status{};
  co_return std::unexpected(parse_refusal(answer.status, answer.headers, answer.body));
}

}  // namespace callramp::openai
