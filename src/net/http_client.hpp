// HttpClient: requests to other services over pooled connections, TLS verified, streamed responses, and WebSockets out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "async/executor.hpp"
#include "base/log.hpp"
#include "net/http.hpp"
#include "net/web_socket.hpp"

namespace callramp::net {

struct ClientOptions {
  std::string ca_file;  ///< PEM bundle that is trusted besides the system's; for private CAs and tests
  Duration connect_timeout = seconds{5};
  Duration body_read_timeout = seconds{15};
  std::size_t max_idle_per_origin = 64;
  Duration max_idle = seconds{30};  ///< a pooled connection unused for longer is not used again
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_websocket_message_bytes = 4 * 1024 * 1024;
  Duration websocket_idle_timeout = seconds{60};
  std::string user_agent = "callramp";
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  /// If set, the body goes on with what this returns, chunked, until it returns nothing; an error gives the request up.
  /// Such a request is sent once.
  std::function<Result<std::string>()> more_body;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  /// Read it to the end and the connection goes back to the pool; destroy it before and the connection is closed, which
  /// is how a streamed reply is cancelled.
  std::unique_ptr<BodyReader> body;
};

/// Bound to one executor. Errors: `unavailable` if the request certainly was not received (no address, no connection,
/// TLS refused); `timeout` if it may have been (deadline passed or connection lost after the first byte was written).
/// The difference decides whether a dial may be repeated. A request on a pooled connection that the server had closed
/// is repeated once on a new one if not a byte of a response arrived and the method is GET, HEAD, PUT or DELETE, or if
/// the connection was known dead before anything was written.
class HttpClient {
 public:
  HttpClient(const Executor& executor, ClientOptions options, Log& log);
  ~HttpClient();

  /// The response's head by `deadline`; each read of its body within `body_read_timeout` of the options.
  Awaitable<Result<ClientResponse>> send(ClientRequest request, Instant deadline);
  /// send() and read_all(), for small bodies: the whole answer by `deadline`.
  struct Whole {
    int status = 0;
    Headers headers;
    std::string body;
  };
  Awaitable<Result<Whole>> fetch(ClientRequest request, Instant deadline, std::size_t body_limit = 1024 * 1024);

  /// A refused upgrade is an error whose message has status, `dg-error` or body (the first 200 bytes); the code is
  /// unauthorized for 401 and 403, rate_limited for 429, else unavailable.
  Awaitable<Result<std::unique_ptr<WebSocket>>> websocket(std::string url, Headers headers, Instant deadline);

  /// Opens connections to the origin of `url` ahead of need until `count` are idle. For latency, never for correctness.
  Awaitable<Status> warm(std::string url, std::size_t count, Instant deadline);
  /// Connections opened and requests that found a pooled one, since the start.
  struct Counts {
    std::uint64_t opened = 0;
    std::uint64_t reused = 0;
  };
  Counts counts() const noexcept;  ///< from any thread

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with bodies and sockets that outlive the client object
};

}  // namespace callramp::net
