// Clock: what time it is, and waiting for a time. The seam that lets five weeks pass in seconds.
//
// It lives here and not among the ports because deadlines and scopes, one floor below, need it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>

#include "async/executor.hpp"
#include "base/time.hpp"

namespace boost::asio {
class io_context;
}

namespace callramp::async {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const noexcept = 0;
  /// Returns at or after `when`, at once if it has passed. Throws operation_aborted when the coroutine is cancelled.
  virtual Awaitable<void> sleep_until(Instant when) = 0;
  Awaitable<void> sleep_for(Duration span) { return sleep_until(now() + span); }
  /// Returns at `when` or as soon as somebody cancels `timer`, whose expiry is ours meanwhile. The cheap way to wait
  /// for two things; see Alarm. Throws operation_aborted when the coroutine is cancelled.
  virtual Awaitable<void> wait(asio::steady_timer& timer, Instant when) = 0;
};

/// The machine's clock. Thread-safe; a sleep runs on the awaiting coroutine's executor and is immune to clock steps.
class SystemClock final : public Clock {
 public:
  Instant now() const noexcept override;
  Awaitable<void> sleep_until(Instant when) override;
  Awaitable<void> wait(asio::steady_timer& timer, Instant when) override;
};

/// Time that passes only when nothing else can happen. One io_context, one thread.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Instant start) : now_(start) {}
  Instant now() const noexcept override { return now_; }
  Awaitable<void> sleep_until(Instant when) override;
  Awaitable<void> wait(asio::steady_timer& timer, Instant when) override;

  /// Runs what is ready; if nothing was, moves to the next sleeper's time and wakes it. False once nothing is ready and
  /// nobody sleeps until `end`.
  bool step(asio::io_context& context, Instant end);
  /// Steps until `end`; the clock stands there afterwards, if it was not later already.
  void run_until(asio::io_context& context, Instant end);

 private:
  Instant now_;
  // Sleepers of one instant wake in the order in which they lay down: the same seed gives the same history.
  std::multimap<Instant, asio::steady_timer*> sleepers_;
};

}  // namespace callramp::async
