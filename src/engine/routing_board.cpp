#include "engine/routing_board.hpp"

#include "async/task_scope.hpp"
#include "async/thread_index.hpp"
#include "base/ensure.hpp"

namespace callramp::engine {

RoutingBoard::RoutingBoard(std::vector<Executor> executors, RoutingState initial)
    : executors_(std::move(executors)),
      slots_(executors_.size(), std::make_shared<const RoutingState>(std::move(initial))) {
  ENSURE(!executors_.empty(), "a board needs at least one thread");
}

const RoutingState& RoutingBoard::current() const noexcept { return *slots_[async::thread_index()]; }

Awaitable<void> RoutingBoard::publish(RoutingState state) {
  const auto shared = std::make_shared<const RoutingState>(std::move(state));
  for (std::size_t i = 0; i < executors_.size(); ++i) {
    co_await async::run_on(
        executors_[i],
        [](RoutingBoard& board, std::size_t slot, std::shared_ptr<const RoutingState> next) -> Awaitable<void> {
          // Two publications may overtake each other on the way here; the newer flags stay. Equal versions differ in
          // pins.
          if (next->flags.version >= board.slots_[slot]->flags.version) board.slots_[slot] = std::move(next);
          co_return;
        }(*this, i, shared));
  }
}

}  // namespace callramp::engine
