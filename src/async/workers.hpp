// Workers: threads of their own for what would keep an io thread too long: reading a million rows, waiting for a disk.
//
// A coroutine hands over a closure that owns what it needs, and is resumed on its own executor with what it returned or
// threw. Work that has begun ends; a coroutine that is cancelled meanwhile gets its result and leaves at its next
// co_await.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "async/io_threads.hpp"

namespace callramp::async {

class Workers {
 public:
  /// `begin` runs once on each thread, before its work: to name it, or to lower its priority. No threads: work runs at
  /// once on the thread that asks, for the virtual clock and for tests.
  explicit Workers(std::size_t threads, std::function<void()> begin = {});
  /// Runs what waits, then ends the threads. Every io_context with a waiting coroutine must still be there.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  template <class T>
  Awaitable<T> run(std::move_only_function<T()> work) {
    auto start = [this, work = std::move(work)](auto handler) mutable {
      auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
      submit([work = std::move(work), handler = std::move(handler), executor]() mutable {
        Outcome<T> outcome;
        try {
          outcome.value.emplace(work());
        } catch (...) {
          outcome.thrown = std::current_exception();
        }
        work = nullptr;  // what it owned goes before the coroutine goes on
        asio::post(executor, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
          std::move(handler)(std::move(outcome));
        });
      });
    };
    auto outcome = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Outcome<T>)>(std::move(start),
                                                                                                  asio::use_awaitable);
    if (outcome.thrown) std::rethrow_exception(std::move(outcome.thrown));
    co_return std::move(*outcome.value);
  }

 private:
  using Job = std::move_only_function<void()>;
  void submit(Job job);
  void serve();

  std::mutex mutex_;  // guards jobs_ and closing_
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool closing_ = false;
  std::function<void()> begin_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace callramp::async
