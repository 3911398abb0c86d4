// HttpServer: HTTP/1.1 with keep-alive, streamed bodies, WebSocket upgrades, limits and a graceful stop, with
// TLS where a certificate is configured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "base/log.hpp"
#include "net/http.hpp"

namespace callramp::net {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one, see HttpServer::port
  /// How long start() asks again for a port in use, blocking: a process that died a moment ago may still hold it.
  Duration bind_patience{0};
  std::string certificate_file;  ///< PEM chain; TLS if set, then private_key_file is needed too
  std::string private_key_file;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_websocket_message_bytes = 1024 * 1024;
  std::size_t max_connections = 20'000;  ///< above it a new connection is closed at once and counted
  /// A client that takes longer to send its head, or pauses longer inside a body, is cut off (408 where
  /// possible).
  Duration read_timeout = seconds{15};
  Duration idle_timeout = seconds{60};            ///< between requests of a kept-alive connection
  Duration write_timeout = seconds{15};           ///< one write without progress
  Duration websocket_idle_timeout = seconds{60};  ///< nothing received at all, pings at half of it
};

/// Runs on the executor of its connection, one request of a connection at a time. What it throws is answered
/// with 500 and logged. The request lives until the returned response has been sent.
using Handler = std::function<Awaitable<Response>(Request&)>;

class HttpServer {
 public:
  /// Each executor runs on one thread. One acceptor per executor, sharing the port (SO_REUSEPORT): a connection stays
  /// on the thread that accepted it.
  HttpServer(std::vector<Executor> executors, ServerOptions options, Handler handler, Log& log);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and listens. An error names address and port: "port 3000 of 127.0.0.1 is in use; set PORT to
  /// another".
  Status start();
  std::uint16_t port() const noexcept;
  /// Stops accepting, lets requests in progress finish until `grace` has passed, then closes what is left.
  /// WebSockets count as in progress. Must have returned before destruction, and before the io_contexts end.
  /// Any executor.
  Awaitable<void> stop(Duration grace);
  std::size_t connections() const noexcept;
  /// What was accepted, and what ran into a limit, since the start.
  struct Counts {
    std::uint64_t accepted = 0;   ///< connections
    std::uint64_t refused = 0;    ///< connections above max_connections
    std::uint64_t requests = 0;   ///< whole heads received
    std::uint64_t malformed = 0;  ///< answered with 400, 501 or 505
    std::uint64_t head_too_large = 0;
    std::uint64_t timed_out = 0;  ///< a head, a body or a write that took too long
    std::uint64_t failed = 0;     ///< handlers that threw
  };
  Counts counts() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with accept loops and connections on other threads
};

}  // namespace callramp::net
