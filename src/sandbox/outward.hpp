// What carriers do towards the agent: open its media socket, post their callbacks.
#pragma once

#include <memory>
#include <string>

#include "net/http_client.hpp"
#include "net/web_socket.hpp"
#include "sandbox/parts.hpp"

namespace callramp::sandbox::outward {

/// Exotel's documents: the handshake must finish within 10 s, and is tried once more. Null if it never did.
Awaitable<std::unique_ptr<net::WebSocket>> open_media(net::HttpClient& client, Parts parts, std::string url);

/// True if it was taken with 2xx.
Awaitable<bool> post(net::HttpClient& client, Parts parts, std::string url, net::Headers headers, std::string body);

}  // namespace callramp::sandbox::outward
