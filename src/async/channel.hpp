// Channel<T>: a bounded queue between coroutines of one executor.
//
// At its limit `send` waits (events: the producer slows down) and `push_dropping_oldest` forgets the oldest (audio: a
// late frame is worth less than a new one). Both are named at the call, so every queue says what happens when it is
// full.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "async/signal.hpp"
#include "base/ensure.hpp"

namespace callramp::async {

template <class T>
class Channel {
 public:
  Channel(const Executor& executor, std::size_t limit) : limit_(limit), changed_(executor) {
    ENSURE(limit > 0, "a channel holds at least one value");
  }

  /// False if the channel is full or closed; `value` is untouched then.
  bool try_send(T& value) {
    if (closed_ || queue_.size() >= limit_) return false;
    queue_.push_back(std::move(value));
    changed_.notify();
    return true;
  }
  /// Waits for room. False if the channel was closed; the value is lost then.
  Awaitable<bool> send(T value) {
    while (!closed_ && queue_.size() >= limit_) co_await changed_.wait();
    co_return try_send(value);
  }
  /// Returns how many old values were dropped to make room (0 or 1). Nothing is kept after close().
  std::size_t push_dropping_oldest(T value) {
    if (closed_) return 0;
    std::size_t dropped = 0;
    if (queue_.size() >= limit_) {
      queue_.pop_front();
      dropped = 1;
    }
    queue_.push_back(std::move(value));
    changed_.notify();
    return dropped;
  }
  /// The next value in order; nothing once the channel is closed and empty.
  Awaitable<std::optional<T>> receive() {
    while (queue_.empty() && !closed_) co_await changed_.wait();
    co_return take();
  }
  /// The next value if one waits.
  std::optional<T> take() {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    changed_.notify();
    return value;
  }
  /// No more sends; what waits can still be received.
  void close() {
    closed_ = true;
    changed_.notify();
  }
  void clear() {
    queue_.clear();
    changed_.notify();
  }
  bool closed() const noexcept { return closed_; }
  std::size_t size() const noexcept { return queue_.size(); }

 private:
  std::size_t limit_;
  std::deque<T> queue_;
  bool closed_ = false;
  Signal changed_;
};

}  // namespace callramp::async
