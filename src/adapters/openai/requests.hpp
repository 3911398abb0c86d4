// What OpenAI's two adapters share: headers, and the question whether the key is good.
#pragma once

#include "adapters/openai/config.hpp"
#include "base/ids.hpp"
#include "net/client_pool.hpp"

namespace callramp::openai {

/// With the attempt as X-Client-Request-Id, which OpenAI logs.
net::Headers headers_for(const OpenAiConfig& config, const AttemptId& attempt);
/// POST of JSON; anything but 2xx is the refusal.
Awaitable<Result<net::ClientResponse>> post_json(const OpenAiConfig& config, net::ClientPool& clients, std::string path,
                                                 std::string body, AttemptId attempt, Instant deadline);
/// GET /models: checks the key, costs nothing.
Awaitable<Status> probe_key(const OpenAiConfig& config, net::ClientPool& clients, Instant deadline);

}  // namespace callramp::openai
