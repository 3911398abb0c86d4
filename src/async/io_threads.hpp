// IoThreads: one io_context and one thread per core; whatever starts on one stays there.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstddef>
#include <memory>
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

/// Runs `task` on `executor` and blocks this thread (not one of IoThreads) for its result; throws what it
/// throws. If the loops end first, it throws std::future_error(broken_promise).
template <class T>
T run_blocking(const Executor& executor, Awaitable<T> task) {
  return asio::co_spawn(executor, std::move(task), asio::use_future).get();
}

}  // namespace callramp::async
