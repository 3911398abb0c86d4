// WebSocket: an open connection of messages, either side's; Beast stays behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/executor.hpp"
#include "base/result.hpp"

namespace callramp::net {

/// All use is on the executor on which it was opened. One reader at a time; several coroutines may send,
/// whole messages go out in the order of the calls. Pings are answered inside. Destruction closes the TCP
/// connection at once.
class WebSocket {
 public:
  struct Message {
    std::string data;
    bool binary = false;
  };

  virtual ~WebSocket() = default;
  /// The next message; nothing once the peer has closed (see close_code). An error is a broken connection, a
  /// message above the limit or an idle time-out. After nothing or an error there is no more to receive.
  virtual Awaitable<Result<std::optional<Message>>> receive() = 0;
  /// Queues a message and returns at once, unless more than 1 MiB is unsent: then it waits until that is with the
  /// kernel. A cancelled send leaves its message in the queue. An error means that the connection is closed.
  virtual Awaitable<Status> send_text(std::string text) = 0;
  virtual Awaitable<Status> send_binary(std::string bytes) = 0;
  virtual Awaitable<Status> ping() = 0;
  /// Sends what is queued and a close frame, and waits for the peer's, at most 2 s; then the connection is gone. Safe
  /// to call twice.
  virtual Awaitable<void> close(std::uint16_t code = 1000, std::string reason = {}) = 0;
  /// What the peer's close frame said; 1006 if the connection broke without one; nothing while it is open.
  virtual std::optional<std::uint16_t> close_code() const = 0;
  virtual std::string close_reason() const = 0;
  /// Bytes accepted by send_* that the kernel has not taken yet, whole messages: a measure of a stuck peer.
  virtual std::size_t unsent_bytes() const = 0;
};

}  // namespace callramp::net
