// RoutingBoard: the flags and pins that this node routes by, as one immutable snapshot per thread.
//
// Readers take no lock and count no references: each io thread has its own slot, which only it touches. A publication
// is a task posted to every thread, and is over when all have run it; that is what "in force on this node" means.
#pragma once

#include <memory>
#include <vector>

#include "async/executor.hpp"
#include "core/flags/flags.hpp"

namespace callramp::engine {

class RoutingBoard {
 public:
  /// One slot per executor; `executors[i]` must be the one whose thread has async::thread_index() == i.
  RoutingBoard(std::vector<Executor> executors, RoutingState initial);

  /// This thread's snapshot. Only on a thread of the executors; valid until that thread runs its next task.
  const RoutingState& current() const noexcept;
  /// Returns when every thread has it. A version older than the current one changes nothing.
  Awaitable<void> publish(RoutingState state);

 private:
  std::vector<Executor> executors_;
  std::vector<std::shared_ptr<const RoutingState>> slots_;  // slot i: thread i only; the states themselves are shared
};

}  // namespace callramp::engine
