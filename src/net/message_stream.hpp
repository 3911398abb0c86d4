// MessageStream: HTTP messages off a Transport, one after the other; what server and client have in common.
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/message_parser.hpp"
#include "net/transport.hpp"

namespace callramp::net {

/// Why there are no more bytes or no message in them.
enum class StreamFault {
  none,
  closed,     ///< by the peer, or the connection broke
  timed_out,  ///< the transport's deadline passed
  malformed,
  head_too_large,
  cancelled,  ///< by us
};

/// Reads one message at a time; bytes behind it stay for the next. Deadlines are set on `transport` by the caller.
class MessageStream {
 public:
  MessageStream(Transport connection, std::size_t max_header_bytes)
      : transport(std::move(connection)), max_header_bytes_(max_header_bytes) {}

  /// Forgets the last message and waits for the first byte of the next.
  Awaitable<StreamFault> start(MessageParser::Kind kind);
  /// Until parser.head_done().
  Awaitable<StreamFault> read_head();
  /// Until parser.has_body() or parser.done().
  Awaitable<StreamFault> read_body();
  /// Bytes came that no message has used yet.
  bool has_bytes() const noexcept { return begin_ < end_; }
  /// Reads and forgets whatever comes, until the peer closes, `limit` bytes, or the deadline.
  Awaitable<void> discard(std::size_t limit);

  Transport transport;
  MessageParser parser;

 private:
  Awaitable<StreamFault> fill();
  StreamFault parse();

  std::size_t max_header_bytes_;
  std::vector<char> buffer_;  // grows with need, so that an idle connection is cheap
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool orderly_end_ = false;
};

}  // namespace callramp::net
