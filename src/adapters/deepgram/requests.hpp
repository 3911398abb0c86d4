// What Deepgram's two adapters share: the key in the header, and the question whether it is good.
#pragma once

#include "adapters/common/json_read.hpp"
#include "adapters/deepgram/config.hpp"
#include "net/client_pool.hpp"

namespace callramp::deepgram {

net::Headers authorization(const DeepgramConfig& config);
Awaitable<Status> probe_key(const DeepgramConfig& config, net::ClientPool& clients, Instant deadline);

}  // namespace callramp::deepgram
