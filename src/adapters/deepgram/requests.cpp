#include "adapters/deepgram/requests.hpp"

#include "adapters/deepgram/wire.hpp"

namespace callramp::deepgram {

net::Headers authorization(const DeepgramConfig& config) { return {{"Authorization", "Token " + config.api_key}}; }

Awaitable<Status> probe_key(const DeepgramConfig& config, net::ClientPool& clients, Instant deadline) {
  net::HttpClient* const client = co_await clients.here();
  net::ClientRequest request{.url = config.base_url + "/v1/projects", .headers = authorization(config)};
  CO_TRY(answer, co_await client->fetch(std::move(request), deadline));
  if (answer.status / 100 == 2) co_return Status{};
  co_return std::unexpected(parse_refusal(answer.status, answer.headers, answer.body));
}

}  // namespace callramp::deepgram
