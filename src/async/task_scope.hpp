// TaskScope: owns coroutines. None outlives it, none is detached.
//
// Spawn into it, then `co_await join()` (wait for all) or `co_await stop()` (cancel and wait for all) before it dies;
// a scope destroyed with running tasks ends the process, because what those tasks borrowed is about to go. Declare it
// last in its owner. All use is on one executor.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <utility>

#include "async/executor.hpp"
#include "async/signal.hpp"

namespace callramp::async {

/// True if `thrown` says that a coroutine was cancelled, and nothing else.
bool is_cancellation(std::exception_ptr thrown);

class TaskScope {
 public:
  explicit TaskScope(const Executor& executor);
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// Starts `task` (posted, never run inside the call). After cancel() the task starts cancelled.
  /// An exception other than operation_aborted is kept and thrown by join(); the others go on.
  void spawn(Awaitable<void> task);
  /// Asks every task to end at its next suspension point.
  void cancel();
  /// Waits until no task runs, then throws the first kept exception. Runs to its end even if the caller is cancelled
  /// meanwhile; one that may have been cancelled before says `co_await ignore_cancellation();` first.
  Awaitable<void> join();
  /// cancel() and join().
  Awaitable<void> stop();
  /// Tasks that have not ended.
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with completions, which may run after the last task was joined
};

/// Asio throws operation_aborted at the *next* co_await of a cancelled coroutine, clean-up included. A coroutine that
/// has to finish something first says `co_await ignore_cancellation();`, and `co_await heed_cancellation();`
/// afterwards. Both hold for the whole spawned task, not only for the calling function.
inline auto ignore_cancellation() { return asio::this_coro::throw_if_cancelled(false); }
inline auto heed_cancellation() { return asio::this_coro::throw_if_cancelled(true); }

/// Runs `body` out of reach of any later cancellation: hanging up a call, storing an outcome. Give `body` a deadline of
/// its own. In a coroutine that may have been cancelled already: `co_await ignore_cancellation();` first.
Awaitable<void> shielded(Awaitable<void> body);

/// Runs `task` on another executor, to its end whatever becomes of who asked. A cancellation is not carried over: Asio
/// would post it there, where the task, and with it the signal, may be gone already.
template <class T>
Awaitable<T> run_on(Executor executor, Awaitable<T> task) {
  co_return co_await asio::co_spawn(executor, std::move(task),
                                    asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

/// Runs `body(scope)` and then stops the scope, whether body returned, threw or was cancelled. The usual way to own
/// tasks in a coroutine.
template <class Body>
Awaitable<void> with_scope(Body body) {
  TaskScope scope(co_await asio::this_coro::executor);
  std::exception_ptr thrown;
  try {
    co_await body(scope);
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await ignore_cancellation();
  try {
    co_await scope.stop();
  } catch (...) {
    if (!thrown) thrown = std::current_exception();
  }
  co_await heed_cancellation();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace callramp::async
