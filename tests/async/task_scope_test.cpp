#include "async/task_scope.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <vector>

#include "async/alarm.hpp"
#include "async/channel.hpp"
#include "async/clock.hpp"
#include "async/deadline.hpp"
#include "async/run.hpp"

using namespace callramp;
using namespace callramp::async;

TEST_CASE("a week of sleeping passes at once on the virtual clock") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  Instant woke{};
  run(context, clock, [&]() -> Awaitable<void> {
    co_await clock.sleep_for(hours{24 * 7});
    woke = clock.now();
  });
  CHECK(woke == from_micros(0) + hours{24 * 7});
}

TEST_CASE("stop cancels sleepers and join waits for their clean-up") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  int cleaned = 0;
  run(context, clock, [&]() -> Awaitable<void> {
    TaskScope scope(co_await asio::this_coro::executor);
    for (int i = 0; i < 3; ++i) {
      scope.spawn([](Clock& clock, int& cleaned) -> Awaitable<void> {
        bool aborted = false;
        try {
          co_await clock.sleep_for(hours{1});
        } catch (const boost::system::system_error&) {
          aborted = true;
        }
        co_await ignore_cancellation();
        co_await shielded(clock.sleep_for(seconds{2}));
        cleaned += aborted ? 1 : 0;
      }(clock, cleaned));
    }
    co_await clock.sleep_for(seconds{1});
    co_await scope.stop();
    CHECK(clock.now() == from_micros(3'000'000));
  });
  CHECK(cleaned == 3);
}

TEST_CASE("join throws what a task threw, after all have ended") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  bool other_ended = false;
  bool caught = false;
  run(context, clock, [&]() -> Awaitable<void> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn([]() -> Awaitable<void> {
      throw std::runtime_error("broken");
      co_return;
    }());
    scope.spawn([](Clock& clock, bool& ended) -> Awaitable<void> {
      co_await clock.sleep_for(seconds{5});
      ended = true;
    }(clock, other_ended));
    try {
      co_await scope.join();
    } catch (const std::runtime_error&) {
      caught = true;
    }
  });
  CHECK(other_ended);
  CHECK(caught);
}

TEST_CASE("a full channel makes the sender wait and a closed one ends the receiver") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  std::vector<int> received;
  run(context, clock, [&]() -> Awaitable<void> {
    Channel<int> channel(co_await asio::this_coro::executor, 2);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn([](Channel<int>& channel) -> Awaitable<void> {
      for (int i = 0; i < 5; ++i) CHECK(co_await channel.send(i));
      channel.close();
    }(channel));
    co_await clock.sleep_for(seconds{1});
    CHECK(channel.size() == 2);
    while (auto value = co_await channel.receive()) received.push_back(*value);
    co_await scope.join();
  });
  CHECK(received == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("an audio channel forgets the oldest and says so") {
  asio::io_context context;
  Channel<int> channel(context.get_executor(), 2);
  CHECK(channel.push_dropping_oldest(1) == 0);
  CHECK(channel.push_dropping_oldest(2) == 0);
  CHECK(channel.push_dropping_oldest(3) == 1);
  CHECK(channel.take() == 2);
}

TEST_CASE("work that misses its deadline is cancelled and reported as a timeout") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  ErrorCode code{};
  int value = 0;
  const auto slow = [](Clock& clock, Duration span) -> Awaitable<Result<int>> {
    co_await clock.sleep_for(span);
    co_return 7;
  };
  run(context, clock, [&]() -> Awaitable<void> {
    auto late = co_await by_deadline<int>(clock, clock.now() + seconds{1}, "the test", slow(clock, seconds{2}));
    code = late.error().code;
    value = (co_await by_deadline<int>(clock, clock.now() + seconds{3}, "the test", slow(clock, seconds{2}))).value();
  });
  CHECK(code == ErrorCode::timeout);
  CHECK(value == 7);
}

TEST_CASE("with_scope stops its tasks when the coroutine around it is cancelled") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  int ended = 0;
  run(context, clock, [&]() -> Awaitable<void> {
    TaskScope outer(co_await asio::this_coro::executor);
    outer.spawn([](Clock& clock, int& ended) -> Awaitable<void> {
      co_await with_scope([&](TaskScope& scope) -> Awaitable<void> {
        scope.spawn([](Clock& clock, int& ended) -> Awaitable<void> {
          try {
            co_await clock.sleep_for(hours{1});
          } catch (const boost::system::system_error&) {
            ++ended;
          }
        }(clock, ended));
        co_await clock.sleep_for(hours{2});
      });
    }(clock, ended));
    co_await clock.sleep_for(seconds{1});
    co_await outer.stop();
    CHECK(clock.now() == from_micros(1'000'000));
  });
  CHECK(ended == 1);
}

TEST_CASE("an alarm wakes at its time, earlier when rung, and keeps a ring that nobody waited for") {
  asio::io_context context;
  VirtualClock clock(from_micros(0));
  std::vector<std::int64_t> woke;
  run(context, clock, [&]() -> Awaitable<void> {
    Alarm alarm(co_await asio::this_coro::executor, clock);
    co_await alarm.wait_until(from_micros(1'000'000));
    woke.push_back(to_micros(clock.now()));
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn([](Clock& clock, Alarm& alarm) -> Awaitable<void> {
      co_await clock.sleep_for(seconds{1});
      alarm.ring();
    }(clock, alarm));
    co_await alarm.wait_until(Instant::max());
    woke.push_back(to_micros(clock.now()));
    alarm.ring();
    co_await alarm.wait_until(from_micros(9'000'000));
    woke.push_back(to_micros(clock.now()));
    co_await alarm.wait_until(from_micros(4'000'000));
    woke.push_back(to_micros(clock.now()));
    co_await scope.join();
  });
  CHECK(woke == std::vector<std::int64_t>{1'000'000, 2'000'000, 2'000'000, 4'000'000});
}
