// What must hold whatever happens, tried on many seeds.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "world.hpp"

using namespace callramp;
using namespace callramp::rollout;
using namespace callramp::rollout::testing;

namespace {

// Anything that can happen to a rollout between two looks, by chance.
void happen(World& world, SeededRandom& random) {
  switch (random.below(16)) {
    case 0: world.item("bug", random.below(3) == 0 ? "P1" : "P2"); break;
    case 1: world.item("complaint", random.below(3) == 0 ? "unwanted" : "annoyance"); break;
    case 2: world.facts.items.clear(); break;
    case 3: world.facts.calls_enabled = random.below(3) > 0; break;
    case 4:
      world.facts.percentage = *Percent::from_basis_points(static_cast<long>(random.below(10'001)));
      world.facts.flags_set_by = "ops";
      break;
    case 5: world.facts.flags_set_by.clear(); break;
    case 6: world.facts.heartbeat = world.now - hours{static_cast<long>(random.below(3))}; break;
    case 7:
      world.facts.uptime = {.minutes = 3000,
                            .down = static_cast<std::int64_t>(random.below(90)),
                            .last_day_minutes = 1440,
                            .last_day_down = static_cast<std::int64_t>(random.below(90))};
      break;
    case 8: world.facts.binary = std::to_string(random.below(3)); break;
    case 9: world.first(3, 1, 30, 10); break;
    case 10: ready(world); break;
    case 11: {
      const auto order = static_cast<CommandKind>(random.below(9));
      (void)world.order(order, {.by = std::chrono::days{3}, .despite_evidence = random.below(4) == 0});
      break;
    }
    case 12:
      if (world.state.incident)
        for (IncidentItem& item : world.state.incident->items) item.by = "asha";
      break;
    default: {
      const auto n = static_cast<std::int64_t>(random.below(60));
      world.calls(n * static_cast<std::int64_t>(50 + random.below(40)) / 100 + 1, n / 4 + 1);
    }
  }
  world.after(minutes{static_cast<long>(random.below(600))});
  if (random.below(12) == 0) world.facts.heartbeat.reset();
}

}  // namespace

TEST_CASE("whatever happens the flag never rises in a stage that does not grow and two looks agree") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    World world(whole_plan(seed % 3 == 0 ? Mode::guarded : Mode::automatic));
    Judge judge(world.plan);
    for (int step = 0; step < 60; ++step) {
      happen(world, random);
      const RolloutState before = world.state;
      const Percent in_force = world.facts.percentage;
      const Look& look = judge.look(world.state, world.evidence(), world.now);
      const Action action = look.action;
      const Rule rule = look.rule;
      const bool news = look.news;
      const Decision decision = judge.decide(world.state, world.evidence(), world.now);
      CAPTURE(decision.sentence);
      // The numbers and the words are one decision, and the same inputs give the same.
      CHECK(decision.action == action);
      CHECK(decision.rule == to_string(rule));
      CHECK((news || decision.after == before));
      CHECK(decision == judge.decide(world.state, world.evidence(), world.now));
      CHECK_FALSE(decision.sentence.empty());
      for (const Judgement& judgement : decision.criteria)
        CHECK(std::isfinite(judgement.log_e_pass + judgement.log_e_fail));
      const bool grows_now = before.stage == Stage::running && !before.manual_flags;
      if (!grows_now && before.stage != Stage::complete && before.stage != Stage::watching)
        CHECK(decision.to <= in_force);
      if (decision.action == Action::advance) {
        CHECK(grows_now);
        CHECK(world.facts.calls_enabled);
        for (const Judgement& judgement : decision.criteria) {
          CHECK(judgement.verdict != Verdict::no_data);
          CHECK(judgement.verdict != Verdict::undecided);
          CHECK(judgement.verdict != Verdict::fail);
        }
      }
      const bool p1 = std::ranges::any_of(world.facts.items, [](const EvidenceItem& item) {
        return item.kind == "bug" && item.severity == "P1" && item.status == "open";
      });
      const bool started = before.stage != Stage::planned && before.stage != Stage::succeeded;
      const bool told = std::ranges::find(before.fired, "open_bugs(P1) >= 1") != before.fired.end();
      if (p1 && started && !(before.stage == Stage::rolled_back && told) &&
          (before.percentage > Percent{} || in_force > Percent{}))
        CHECK(decision.to == Percent{});
      world.take(decision);
      // Taken, it is not decided again.
      const Decision again = judge.decide(world.state, world.evidence(), world.now);
      if (decision.action == Action::advance) CHECK(again.action != Action::advance);
      if (decision.action == Action::roll_back) CHECK(again.action == Action::hold);
    }
  }
}

TEST_CASE("five quiet weeks of 50 calls a day with nights and a holiday neither freeze nor reset stable") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SeededRandom random(seed);
    Plan plan = success_plan();
    plan.decide.phase_cap = std::chrono::days{90};
    plan.checklists = {{.name = "phase-end", .gate = "phase-end", .items = {{.id = "never", .text = "Never"}}}};
    World world(plan);
    Judge judge(world.plan);
    Instant last_call = world.now;
    Duration quiet{};
    for (int bucket = 0; bucket < 35 * 24 * 12; ++bucket) {
      world.after(minutes{5});
      const auto since_day_zero = world.now - day_zero;
      const auto hour = (since_day_zero / hours{1}) % 24;
      const auto day = since_day_zero / hours{24};
      const bool open = hour < 12 && day != 17;
      if (hour < 12) quiet += minutes{5};  // the holiday is a calling day to the calendar
      Bucket counts{.start = world.now - minutes{5}, .phase = 0};
      // 50 a day over twelve hours of twelve buckets.
      if (open && random.uniform() < 50.0 / 144) {
        counts.fresh.total = 1;
        (random.uniform() < 0.78 ? counts.fresh.completed : counts.fresh.failed) = 1;
        counts.fresh.connected = counts.fresh.completed;
        quiet = {};
        last_call = world.now;
      }
      world.fold.add_first(counts);
      world.fold.add_calls(counts);
      world.facts.quiet = quiet;
      const Look& look = judge.look(world.state, world.evidence(), world.now);
      CHECK(look.action == Action::hold);
      CHECK(look.unstable.empty());
      if (look.news) world.take(judge.decide(world.state, world.evidence(), world.now));
    }
    CHECK(world.state.stage == Stage::running);
    CHECK(world.state.stable_since == day_zero);
    CHECK(world.now - last_call < hours{14});
  }
}

TEST_CASE("a day without Prometheus and without data is said and neither advances nor rolls back") {
  Plan plan = whole_plan();
  plan.phases[0].roll_back_when.push_back({.condition = read("memory_used > 90% for 5m")});
  World world = ready_world(plan);
  world.level("memory_used", {0.5});
  world.facts.gauges["memory_used"].missing = "Prometheus does not answer since 02:14";
  world.now += hours{24};
  const Decision decision = world.act();
  CAPTURE(decision.sentence);
  CHECK(decision.action == Action::freeze);
  CHECK(decision.sentence.find("no evidence since") != std::string::npos);
  CHECK(find(decision.triggers, "memory_used > 90% for 5m").verdict == Verdict::no_data);
  CHECK(find(decision.criteria, "call_success_rate > 70%").verdict == Verdict::no_data);
  world.item("bug", "P1");
  CHECK(world.look().to == Percent{});
}
