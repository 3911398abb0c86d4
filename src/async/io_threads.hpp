// IoThreads: one io_context and one thread per core; whatever starts on one stays there.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/executor.hpp"

namespace callramp::async {

class IoThreads {
 public:
  explicit IoThreads(std::size_t count);
  ~IoThreads();  ///< stop() and join
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  std::vector<Executor> executors() const;
  Executor executor(std::size_t index) const;
  std::size_t size() const noexcept;
  /// Ends the loops; what still runs is destroyed unfinished, so stop services first.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a task returned or threw, carried to another thread.
template <class T>
struct Outcome {
  std::exception_ptr thrown;
  std::optional<T> value;
};

// The exception's last reference moves along with the outcome. Left to Asio, the thread that threw would drop one after
// the other thread has it; libstdc++ counts those references out of ThreadSanitizer's sight.
template <class T>
Awaitable<Outcome<T>> outcome_of(Awaitable<T> task) {
  Outcome<T> outcome;
  try {
    outcome.value.emplace(co_await std::move(task));
  } catch (...) {
    outcome.thrown = std::current_exception();
  }
  co_return outcome;
}

inline Awaitable<bool> to_value(Awaitable<void> task) {
  co_await std::move(task);
  co_return true;
}

/// Runs `task` on `executor` and blocks this thread (not one of IoThreads) for its result; throws what it
/// throws. If the loops end first, it throws std::future_error(broken_promise).
template <class T>
T run_blocking(const Executor& executor, Awaitable<T> task) {
  if constexpr (std::is_void_v<T>) {
    run_blocking(executor, to_value(std::move(task)));
  } else {
    auto outcome = asio::co_spawn(executor, outcome_of(std::move(task)), asio::use_future).get();
    if (outcome.thrown) std::rethrow_exception(std::move(outcome.thrown));
    return std::move(*outcome.value);
  }
}

}  // namespace callramp::async
