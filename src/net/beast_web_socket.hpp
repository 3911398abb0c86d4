// WebSockets over a Transport, either side's: the only place that knows Beast's streams. For HttpServer and HttpClient.
#pragma once

#include <memory>
#include <string>

#include "net/http.hpp"
#include "net/transport.hpp"
#include "net/web_socket.hpp"

namespace callramp::net {

struct WebSocketLimits {
  std::size_t max_message_bytes = 0;
  Duration idle_timeout{};  ///< nothing received at all; pings go out at half of it
};

/// Answers `request` with 101 and `headers`. The transport's deadline holds until it is open.
Awaitable<Result<std::unique_ptr<WebSocket>>> accept_web_socket(Transport transport, const Request& request,
                                                                Headers headers, WebSocketLimits limits);
/// Asks for the upgrade; see HttpClient::websocket for the errors. The transport's deadline holds until it is open.
Awaitable<Result<std::unique_ptr<WebSocket>>> connect_web_socket(Transport transport, Url url, Headers headers,
                                                                 WebSocketLimits limits);

}  // namespace callramp::net
