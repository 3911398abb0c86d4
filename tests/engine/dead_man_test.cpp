#include "engine/dead_man.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "async/run.hpp"
#include "async/task_scope.hpp"

namespace callramp::engine {
namespace {

struct FakeSettings final : SettingStore {
  bool works = true;
  int writes = 0;
  Awaitable<Result<std::optional<std::string>>> get(std::string) override { co_return std::nullopt; }
  Awaitable<Status> put(std::string, std::string) override {
    if (!works) co_return fail(ErrorCode::unavailable, "the disk is full");
    ++writes;
    co_return Status{};
  }
};

struct DeadManWorld {
  asio::io_context context{1};
  async::VirtualClock clock{from_micros(1'764'000'000'000'000)};
  NullLog log;
  FakeSettings settings;
  bool dialer_looks = true;
  Instant stuck_at = clock.now();
  bool outside_answers = true;
  std::vector<Instant> pings;
  DeadMan dead_man{{},
                   settings,
                   [this] { return dialer_looks ? clock.now() : stuck_at; },
                   [this](Instant) -> Awaitable<Status> {
                     pings.push_back(clock.now());
                     if (!outside_answers) co_return fail(ErrorCode::unavailable, "no connection");
                     co_return Status{};
                   },
                   clock,
                   log};

  template <class Story>
  void run(Story story) {
    async::run(context, clock, [&]() -> Awaitable<void> {
      async::TaskScope scope(context.get_executor());
      scope.spawn(dead_man.run());
      co_await story();
      co_await scope.stop();
    });
  }
};

TEST_CASE_FIXTURE(DeadManWorld, "somebody outside hears every minute that all is well") {
  run([&]() -> Awaitable<void> {
    co_await clock.sleep_for(minutes{10});
    REQUIRE(pings.size() == 10);
    CHECK(pings[1] - pings[0] == minutes{1});
    CHECK(settings.writes == 10);
  });
}

TEST_CASE_FIXTURE(DeadManWorld, "nothing is heard while the dialer is stuck or nothing can be stored") {
  run([&]() -> Awaitable<void> {
    co_await clock.sleep_for(seconds{30});
    CHECK(pings.size() == 1);
    dialer_looks = false;
    co_await clock.sleep_for(minutes{5});
    CHECK(pings.size() == 1);
    dialer_looks = true;
    settings.works = false;
    co_await clock.sleep_for(minutes{5});
    CHECK(pings.size() == 1);
    settings.works = true;
    co_await clock.sleep_for(minutes{1});
    CHECK(pings.size() == 2);
  });
}

TEST_CASE_FIXTURE(DeadManWorld, "a monitor that does not answer changes nothing") {
  run([&]() -> Awaitable<void> {
    outside_answers = false;
    co_await clock.sleep_for(minutes{3});
    outside_answers = true;
    co_await clock.sleep_for(minutes{3});
    CHECK(pings.size() == 6);
  });
}

}  // namespace
}  // namespace callramp::engine
