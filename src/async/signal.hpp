// Signal: coroutines wait on it, somebody notifies, they look again. The one waiting primitive under channels, task
// scopes and the virtual clock.
//
// All use is on one executor. It is an Asio timer that never fires on its own: cancelling it wakes the waiters, a
// cancelled coroutine leaves with operation_aborted, and no handler of our own is needed.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "async/executor.hpp"

namespace callramp::async {

/// Waits until `timer` expires or is cancelled by a notifier; throws operation_aborted if it was the coroutine that was
/// cancelled.
Awaitable<void> wait_for_wake(asio::steady_timer& timer);

class Signal {
 public:
  explicit Signal(const Executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

  /// Wakes everyone who waits now. Never resumes anybody inside the call.
  void notify() { timer_.cancel(); }

  /// Returns after a notify; spurious returns are possible, so wait in a loop on a condition. Throws
  /// boost::system::system_error(operation_aborted) when the waiting coroutine is cancelled.
  Awaitable<void> wait() { return wait_for_wake(timer_); }

 private:
  asio::steady_timer timer_;
};

}  // namespace callramp::async
