#include "net/message_stream.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

namespace callramp::net {
namespace {

constexpr std::size_t first_buffer_bytes = 2048;  // a usual request with room to spare
constexpr std::size_t body_buffer_bytes = 32 * 1024;

StreamFault to_stream_fault(MessageParser::Fault fault) {
  switch (fault) {
    case MessageParser::Fault::none: return StreamFault::none;
    case MessageParser::Fault::malformed: return StreamFault::malformed;
    case MessageParser::Fault::head_too_large: return StreamFault::head_too_large;
  }
  return StreamFault::malformed;
}

}  // namespace

Awaitable<StreamFault> MessageStream::start(MessageParser::Kind kind) {
  parser.start(kind, max_header_bytes_);
  if (has_bytes()) co_return StreamFault::none;
  // What a body needed is too much for thousands of idle connections.
  if (buffer_.size() > first_buffer_bytes) buffer_ = std::vector<char>();
  co_return co_await fill();
}

Awaitable<StreamFault> MessageStream::read_head() {
  for (;;) {
    if (const auto fault = parse(); fault != StreamFault::none || parser.head_done()) co_return fault;
    if (const auto fault = co_await fill(); fault != StreamFault::none) co_return fault;
  }
}

Awaitable<StreamFault> MessageStream::read_body() {
  if (buffer_.size() < body_buffer_bytes && !parser.done()) buffer_.resize(body_buffer_bytes);
  for (;;) {
    // A step of the parser may end behind a chunk's head, with the chunk still in the buffer.
    for (auto before = end_ + 1; has_bytes() && !parser.has_body() && !parser.done() && end_ - begin_ < before;) {
      before = end_ - begin_;
      if (const auto fault = parse(); fault != StreamFault::none) co_return fault;
    }
    if (parser.has_body() || parser.done()) co_return StreamFault::none;
    const auto fault = co_await fill();
    if (fault == StreamFault::closed && orderly_end_) {
      MessageParser::Fault at_end = MessageParser::Fault::none;
      parser.put_eof(at_end);
      co_return at_end == MessageParser::Fault::none ? StreamFault::none : StreamFault::closed;
    }
    if (fault != StreamFault::none) co_return fault;
  }
}

Awaitable<void> MessageStream::discard(std::size_t limit) {
  begin_ = end_ = 0;
  for (std::size_t read = 0; read < limit; read += end_, end_ = 0)
    if (co_await fill() != StreamFault::none) co_return;
}

StreamFault MessageStream::parse() {
  if (!has_bytes() || parser.done()) return StreamFault::none;
  MessageParser::Fault fault = MessageParser::Fault::none;
  begin_ += parser.put({buffer_.data() + begin_, end_ - begin_}, fault);
  if (begin_ == end_) begin_ = end_ = 0;
  return to_stream_fault(fault);
}

Awaitable<StreamFault> MessageStream::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    // The parser gives up at max_header_bytes_, and a chunk's head has to fit into the same.
    const std::size_t limit = std::max(max_header_bytes_ + first_buffer_bytes, body_buffer_bytes);
    if (end_ >= limit) co_return StreamFault::malformed;
    buffer_.resize(std::min(limit, std::max(first_buffer_bytes, end_ * 2)));
  }
  if (transport.expired()) co_return StreamFault::timed_out;
  NetError error;
  end_ += co_await transport.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                                             asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return StreamFault::none;
  if (error == asio::error::operation_aborted)
    co_return transport.expired() ? StreamFault::timed_out : StreamFault::cancelled;
  orderly_end_ = error == asio::error::eof;
  co_return StreamFault::closed;
}

}  // namespace callramp::net
