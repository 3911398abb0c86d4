// Kill -9 at every step of deciding and applying, as a program that is suddenly gone: what it had in memory is lost,
// and the next one starts on the same stores. (tests/crash does it to the real program, at random instants.)
#include <algorithm>
#include <set>

#include "engine/rollout_world.hpp"

using namespace callramp;
using namespace callramp::engine;
using rollout::Action;
using rollout::CommandKind;
using rollout::Stage;

namespace {

// One life of the program: until it is killed, or for `span`.
Awaitable<bool> live(RolloutWorld& world, Duration span) {
  co_await world.start_process();
  const Instant end = world.clock.now() + span;
  bool killed = false;
  async::TaskScope life(world.executor);
  life.spawn(world.process->controller.run());
  while (life.size() > 0 && world.clock.now() < end) co_await world.clock.sleep_for(milliseconds{500});
  try {
    co_await life.stop();
  } catch (const Killed&) {
    killed = true;
  }
  co_return killed;
}

Awaitable<void> check_agreement(RolloutWorld& world, const std::string& where) {
  INFO(where);
  const RolloutRecord record = (co_await world.stores->rollouts().rollout("outbound-calls")).value();
  const auto decisions = (co_await world.stores->rollouts().decisions("outbound-calls", std::nullopt, 100)).value();
  const FlagState flags = (co_await world.stores->flags().current()).value();
  REQUIRE_FALSE(decisions.empty());
  const StoredDecision& last = decisions.front();
  CHECK(record.last_decision == last.decision.id);
  CHECK(record.state == last.decision.after);
  CHECK(flags.flags.outbound_calls_percentage == record.state.percentage);
  CHECK(flags.flags.outbound_calls_percentage == last.decision.to);
  CHECK(world.flags().current().flags.version == flags.version);
  CHECK((co_await world.stores->rollouts().unconfirmed()).value().empty());
  std::int64_t changed = 0;
  for (const StoredDecision& one : decisions) {
    if (!one.sets_flags) continue;
    ++changed;
    CHECK(one.confirmed_at);
    CHECK_FALSE(one.receipt.empty());
  }
  // Every decision that moves the flag moved it once.
  const auto history = (co_await world.stores->flags().history(100)).value();
  CHECK(std::ranges::count(history, "rollout", &FlagChange::source) == changed);
  for (std::size_t i = 0; i + 1 < decisions.size(); ++i)
    CHECK(decisions[i].decision.before == decisions[i + 1].decision.after);
}

}  // namespace

TEST_CASE("killed at any step of deciding and applying flag and state and log agree and nothing is decided twice") {
  const std::vector<std::string> steps{"decided", "stored", "published", "receipt made", "confirmed"};
  for (const std::string& step : steps) {
    RolloutWorld world;
    world.traffic = false;
    world.controller_runs = false;
    world.run([&]() -> Awaitable<void> {
      co_await world.upload(plan_text());
      co_await world.order(CommandKind::start);
      const auto before = (co_await world.stores->rollouts().decisions("outbound-calls", std::nullopt, 100)).value();
      co_await world.report("bug", "BUG-1", "P1");
      world.steps.clear();
      world.kill_after = step;
      CHECK_MESSAGE(co_await live(world, minutes{5}), step);
      CHECK(std::ranges::find(world.steps, step) != world.steps.end());
      CHECK_FALSE(co_await live(world, minutes{5}));
      co_await check_agreement(world, "killed after: " + step);
      const auto after = (co_await world.stores->rollouts().decisions("outbound-calls", std::nullopt, 100)).value();
      CHECK(std::ranges::count_if(
                after, [](const StoredDecision& one) { return one.decision.action == Action::roll_back; }) == 1);
      CHECK(co_await world.percentage() == Percent{});
      // A third life finds nothing to do.
      CHECK_FALSE(co_await live(world, minutes{5}));
      CHECK((co_await world.stores->rollouts().decisions("outbound-calls", std::nullopt, 100)).value().size() ==
            after.size());
    });
  }
}

TEST_CASE("killed in the middle of an order or a drill the next start sees it through") {
  for (const std::string step : {"decided", "stored", "published", "receipt made", "confirmed"}) {
    for (const bool drill : {false, true}) {
      RolloutWorld world;
      world.traffic = false;
      world.controller_runs = false;
      world.run([&]() -> Awaitable<void> {
        co_await world.upload(plan_text());
        if (drill) co_await world.order(CommandKind::start);
        world.kill_after = step;
        bool killed = false;
        try {
          if (drill)
            (void)co_await world.rollouts().drill("outbound-calls", "practice", world.admin);
          else
            (void)co_await world.rollouts().command("outbound-calls", {.kind = CommandKind::start, .reason = "go"},
                                                    world.admin);
        } catch (const Killed&) {
          killed = true;
        }
        CHECK(killed);
        CHECK_FALSE(co_await live(world, minutes{5}));
        if (!drill && step == "decided") {
          CHECK(co_await world.percentage() == Percent{});  // it was never stored, and nobody was told that it was
          co_return;
        }
        co_await check_agreement(world, (drill ? "drill killed after: " : "start killed after: ") + step);
        CHECK(co_await world.percentage() == Percent::parse("20").value());
        CHECK(((co_await world.stores->flags().current()).value().flags.outbound_calls_enabled));
        CHECK((co_await world.stores->rollouts().rollout("outbound-calls")).value().state.stage == Stage::running);
      });
    }
  }
}
