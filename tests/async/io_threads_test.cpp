#include "async/io_threads.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include "async/signal.hpp"
#include "async/task_scope.hpp"

using namespace callramp;
using async::IoThreads;
using async::run_blocking;
using async::run_on;
using async::TaskScope;
using async::with_scope;

namespace {

Awaitable<std::thread::id> which_thread() { co_return std::this_thread::get_id(); }

Awaitable<std::thread::id> which_thread_of(Executor other) {
  co_return co_await asio::co_spawn(other, which_thread(), asio::use_awaitable);
}

Awaitable<void> throws() {
  throw std::runtime_error("refused");
  co_return;
}

struct SetOnEnd {
  bool& flag;
  ~SetOnEnd() { flag = true; }
};

Awaitable<void> waits_forever(bool& destroyed, std::promise<void>& started) {
  SetOnEnd end{destroyed};
  async::Signal never(co_await asio::this_coro::executor);
  started.set_value();
  for (;;) co_await never.wait();
}

}  // namespace

TEST_CASE("each executor runs on a thread of its own and stays there") {
  IoThreads threads(3);
  std::set<std::thread::id> ids;
  for (const auto& executor : threads.executors()) {
    const auto id = run_blocking(executor, which_thread());
    CHECK(id == run_blocking(executor, which_thread()));
    ids.insert(id);
  }
  CHECK(ids.size() == 3);
  CHECK_FALSE(ids.contains(std::this_thread::get_id()));
}

TEST_CASE("a coroutine awaits work of another thread") {
  IoThreads threads(2);
  CHECK(run_blocking(threads.executor(0), which_thread_of(threads.executor(1))) ==
        run_blocking(threads.executor(1), which_thread()));
}

TEST_CASE("run_blocking throws what the task throws") {
  IoThreads threads(1);
  CHECK_THROWS_WITH_AS(run_blocking(threads.executor(0), throws()), "refused", std::runtime_error);
}

TEST_CASE("what still runs when the threads stop is destroyed") {
  bool destroyed = false;
  {
    IoThreads threads(2);
    std::promise<void> started;
    auto result = asio::co_spawn(threads.executor(1), waits_forever(destroyed, started), asio::use_future);
    started.get_future().wait();
    threads.stop();
    CHECK_FALSE(destroyed);
  }
  CHECK(destroyed);
}

TEST_CASE("who waits for work on another thread may be cancelled while it ends there") {
  IoThreads io(2);
  constexpr int rounds = 3000;
  std::atomic<int> done = 0;
  for (int i = 0; i < rounds; ++i)
    run_blocking(io.executor(0), [](Executor other, std::atomic<int>& done) -> Awaitable<void> {
      co_await with_scope([other, &done](TaskScope& scope) -> Awaitable<void> {
        scope.spawn([](Executor other, std::atomic<int>& done) -> Awaitable<void> {
          co_await run_on(other, [](std::atomic<int>& done) -> Awaitable<void> {
            ++done;
            co_return;
          }(done));
        }(other, done));
        co_await asio::post(asio::use_awaitable);  // it is on its way: the scope's end cancels it there
      });
    }(io.executor(1), done));
  CHECK(done == rounds);
}
