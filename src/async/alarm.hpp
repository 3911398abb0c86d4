// Alarm: one coroutine waits for a time or for being told that the time has changed, whichever comes first.
//
// The playout of every call waits like this fifty times a second, so it is one timer and no parallel group. A ring that
// comes while nobody waits is kept: the next wait returns at once, and no wake-up is ever lost.
#pragma once

#include <utility>

#include "async/clock.hpp"

namespace callramp::async {

class Alarm {
 public:
  Alarm(const Executor& executor, Clock& clock) : clock_(clock), timer_(executor) {}

  /// Wakes the waiter, or the next one. On the alarm's executor.
  void ring() {
    rung_ = true;
    timer_.cancel();
  }
  /// Returns at `when` or when rung; Instant::max() waits for the ring alone. One waiter at a time. Throws
  /// operation_aborted when the coroutine is cancelled.
  Awaitable<void> wait_until(Instant when) {
    if (!rung_) co_await clock_.wait(timer_, when);
    rung_ = false;
  }

 private:
  Clock& clock_;
  asio::steady_timer timer_;
  bool rung_ = false;
};

}  // namespace callramp::async
