#include "async/task_scope.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/ensure.hpp"

namespace callramp::async {

bool is_cancellation(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (const asio::multiple_exceptions& several) {
    // What a cancelled `a || b` throws: both were aborted.
    return is_cancellation(several.first_exception());
  } catch (...) {
    return false;
  }
}

struct TaskScope::State {
  explicit State(const Executor& executor) : executor(executor), idle(executor) {}
  Executor executor;
  Signal idle;
  std::list<asio::cancellation_signal> running;
  bool cancelled = false;
  std::exception_ptr failure;
};

TaskScope::TaskScope(const Executor& executor) : state_(std::make_shared<State>(executor)) {}

TaskScope::~TaskScope() { ENSURE(state_->running.empty(), "a TaskScope was destroyed before join() or stop()"); }

void TaskScope::spawn(Awaitable<void> task) {
  const auto place = state_->running.emplace(state_->running.end());
  asio::co_spawn(state_->executor, std::move(task),
                 asio::bind_cancellation_slot(place->slot(), [state = state_, place](std::exception_ptr thrown) {
                   state->running.erase(place);
                   if (thrown && !state->failure && !is_cancellation(thrown)) state->failure = thrown;
                   if (state->running.empty()) state->idle.notify();
                 }));
  if (state_->cancelled) place->emit(asio::cancellation_type::terminal);
}

void TaskScope::cancel() {
  state_->cancelled = true;
  // A task may end inside emit() and erase itself, so the iterator moves on first.
  for (auto task = state_->running.begin(); task != state_->running.end();)
    (task++)->emit(asio::cancellation_type::terminal);
}

Awaitable<void> TaskScope::join() {
  const auto state = state_;
  co_await shielded([](std::shared_ptr<State> state) -> Awaitable<void> {
    while (!state->running.empty()) co_await state->idle.wait();
  }(state));
  if (auto thrown = std::exchange(state->failure, nullptr)) std::rethrow_exception(thrown);
}

Awaitable<void> TaskScope::stop() {
  cancel();
  return join();
}

std::size_t TaskScope::size() const noexcept { return state_->running.size(); }

Awaitable<void> shielded(Awaitable<void> body) { co_await run_on(co_await asio::this_coro::executor, std::move(body)); }

}  // namespace callramp::async
