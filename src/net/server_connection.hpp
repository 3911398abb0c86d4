// ServerConnection: one client of an HttpServer from its first byte to its last, on one executor.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_server.hpp"
#include "net/message_stream.hpp"

namespace callramp::net {

/// What all connections of a server share, on whatever thread.
struct ServerShared {
  ServerOptions options;
  Handler handler;
  Log& log;
  std::optional<asio::ssl::context> tls;

  std::atomic<std::size_t> connections = 0;
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> malformed = 0;
  std::atomic<std::uint64_t> head_too_large = 0;
  std::atomic<std::uint64_t> timed_out = 0;
  std::atomic<std::uint64_t> failed = 0;
};

/// For a log.
std::string what_of(const std::exception_ptr& thrown);

class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(std::shared_ptr<ServerShared> shared, Tcp::socket socket, std::string remote_address);

  /// Until the connection ends; throws operation_aborted when cancelled.
  Awaitable<void> run();
  /// Ends the connection now if it is between requests, else behind the current one.
  void finish() noexcept;

 private:
  class RequestBody;
  class ResponseStream;
  struct Refusal {
    int status;
    std::string message;
  };

  // Each returns whether the connection goes on.
  Awaitable<bool> exchange();
  Awaitable<bool> respond(Request& request, Response& response);
  Awaitable<bool> stream_response(Request& request, Response& response, bool keep);
  Awaitable<bool> skip_rest_of_body();

  Awaitable<void> upgrade(Request& request, Response& response);
  Awaitable<Response> handled(Request& request);
  Awaitable<void> refuse(Refusal refusal);
  Awaitable<Result<std::string>> read_body(Request& request, std::uint64_t number);
  Awaitable<bool> write(std::string_view first, std::string_view second = {});

  std::optional<Refusal> refusal_for(StreamFault fault);
  std::optional<Refusal> take_head(Request& request);
  bool body_may_be_skipped() const;
  void begin_response(const Response& response, bool keep, bool head_only);

  std::shared_ptr<ServerShared> shared_;
  MessageStream stream_;
  std::string remote_address_;
  std::string out_;             // the head being written, and a short body
  std::uint64_t exchange_ = 0;  // counts requests, so that a body reader of an earlier one reads nothing
  StreamFault body_fault_ = StreamFault::none;
  bool wants_continue_ = false;  // the client waits for "100 Continue" before it sends the body
  bool between_requests_ = true;
  bool finishing_ = false;
};

}  // namespace callramp::net
