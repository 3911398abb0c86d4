// What rolls back, where to, and what only freezes.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "core/stats/drift.hpp"
#include "world.hpp"

using namespace callramp;
using namespace callramp::rollout;
using namespace callramp::rollout::testing;

namespace {

World in_week_2() {
  World world(whole_plan(), 1);
  world.state.history.insert(world.state.history.begin(), {.run = 1, .phase = 0, .passed = true});
  world.after(hours{30});
  world.facts.uptime = {.minutes = 1800, .last_day_minutes = 1440};
  return world;
}

}  // namespace

TEST_CASE("each trigger leads to its target") {
  struct Row {
    std::string what;
    std::function<void(World&)> spoil;
    std::string rule;
    std::string to;
  };
  const std::vector<Row> rows{
      {"a P1 bug", [](World& w) { w.item("bug", "P1"); }, "trigger.latch", "0"},
      {"a critical security issue", [](World& w) { w.item("security", "critical"); }, "trigger.latch", "0"},
      {"six complaints",
       [](World& w) {
         for (int i = 0; i < 6; ++i) w.item("complaint", "annoyance");
       },
       "trigger.latch", "5"},
      {"three unwanted calls",
       [](World& w) {
         for (int i = 0; i < 3; ++i) w.item("complaint", "unwanted");
       },
       "trigger.latch", "0"},
      {"73 minutes down in a day", [](World& w) { w.facts.uptime.last_day_down = 73; }, "trigger.latch", "5"},
      {"a success rate of 50 %", [](World& w) { w.calls(250, 250); }, "trigger.rate", "5"},
      {"new far below old",
       [](World& w) {
         for (int i = 0; i < 20; ++i) w.first(10, 11, 150, 40);
       },
       "trigger.versus", "5"},
      {"a provider that only new has is down",
       [](World& w) { w.level("provider_down(llm)", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}); },
       "trigger.latch", "5"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World world = in_week_2();
    row.spoil(world);
    const Decision decision = world.act();
    CAPTURE(decision.sentence);
    CHECK(decision.action == Action::roll_back);
    CHECK(decision.rule == row.rule);
    CHECK(to_string(decision.to) == row.to);
    CHECK(decision.sentence.starts_with("Rolled back: "));
    CHECK(decision.after.stage == Stage::rolled_back);
    REQUIRE(decision.after.incident.has_value());
    CHECK(decision.after.incident->items.size() == 5);
    // Decided once: the same evidence does nothing more.
    const Decision again = world.look();
    CHECK(again.action == Action::hold);
    CHECK(again.to == decision.to);
  }
}

TEST_CASE("every sentence after a rollback begins with when it was and why") {
  const auto because = [](const World& world, const std::string& percentage) {
    std::string at = to_iso(world.state.stage_since).substr(0, 16);
    at[10] = ' ';
    return "Rolled back to " + percentage + " at " + at + " UTC because ";
  };
  World rate = in_week_2();
  rate.calls(250, 250);
  rate.act();
  CHECK(
      rate.after(hours{3}).look().sentence.starts_with(because(rate, "5 %") + "250 of 500 calls succeeded (50.0 %)."));

  World bug = in_week_2();
  bug.item("bug", "P1");
  bug.act();
  const Decision after_bug = bug.after(hours{3}).look();
  CHECK(after_bug.sentence.starts_with(because(bug, "0 %") + "open bugs (P1): 1 now"));
  CHECK(after_bug.sentence.find("still needs communicated, root-cause") != std::string::npos);

  World order = in_week_2();
  REQUIRE(order.order(CommandKind::rollback).has_value());
  CHECK(order.look().sentence.starts_with(because(order, "5 %") + "it was ordered by asha: because."));

  // A second fall is the newest cause; what somebody set by hand since is said beside it.
  World twice = in_week_2();
  twice.facts.uptime.last_day_down = 80;
  twice.act();
  twice.after(hours{2});
  for (int i = 0; i < 6; ++i) twice.item("complaint", "annoyance");
  twice.act();
  const Decision second = twice.look();
  CHECK(second.sentence.starts_with(because(twice, "0 %") + "customer complaints: 6 now"));
  CHECK(second.sentence.find("second trigger within a day") != std::string::npos);
  CHECK(second.sentence.find("in force") == std::string::npos);
  twice.facts.percentage = *Percent::parse("1");
  CHECK(twice.look().sentence.find("1 % in force.") != std::string::npos);
}

TEST_CASE("what lies just short of a trigger does nothing") {
  const std::vector<std::function<void(World&)>> harmless{
      [](World& w) {
        for (int i = 0; i < 5; ++i) w.item("complaint", "annoyance");
      },
      [](World& w) {
        for (int i = 0; i < 9; ++i) w.item("complaint", "annoyance", "rejected");
      },
      [](World& w) { w.facts.uptime.last_day_down = 72; },
      [](World& w) { w.item("bug", "P1", "resolved"); },
      [](World& w) { w.item("bug", "P2"); },
      [](World& w) { w.item("security", "high"); },
      [](World& w) { w.calls(66, 34); },
      [](World& w) { w.level("provider_down(llm)", {1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1}); },
  };
  for (std::size_t i = 0; i < harmless.size(); ++i) {
    CAPTURE(i);
    World world = in_week_2();
    harmless[i](world);
    const Decision decision = world.look();
    CAPTURE(decision.sentence);
    CHECK(decision.action == Action::hold);
  }
}

TEST_CASE("a P1 takes everything to zero whatever else is missing") {
  for (const Stage stage : {Stage::running, Stage::holding, Stage::frozen, Stage::complete, Stage::watching}) {
    World world = in_week_2();
    world.state.stage = stage;
    world.facts.heartbeat.reset();
    world.facts.gauges.clear();
    world.facts.uptime = {};
    world.facts.calls_enabled = false;
    world.state.manual_flags = true;
    world.facts.flags_set_by = "ops";
    world.facts.percentage = *Percent::from_basis_points(5000);
    world.item("bug", "P1");
    const Decision decision = world.look();
    CHECK(decision.action == Action::roll_back);
    CHECK(decision.to == Percent{});
  }
  // Even if the plan forgot it.
  World forgot(success_plan());
  forgot.item("bug", "P1");
  CHECK(forgot.look().to == Percent{});
}

TEST_CASE("the first phase rolls back to nothing and a second trigger within a day goes to zero") {
  World first(whole_plan());
  first.after(hours{30}).calls(200, 250);
  CHECK(to_string(first.act().to) == "0");
  World world = in_week_2();
  world.facts.uptime.last_day_down = 80;
  CHECK(to_string(world.act().to) == "5");
  CHECK(world.look().action == Action::hold);
  world.after(hours{2}).item("complaint", "annoyance");
  for (int i = 0; i < 5; ++i) world.item("complaint", "annoyance");
  const Decision second = world.act();
  CAPTURE(second.sentence);
  CHECK(second.action == Action::roll_back);
  CHECK(to_string(second.to) == "0");
  CHECK(second.sentence.find("second trigger") != std::string::npos);
}

TEST_CASE("new against old may only freeze without a good A/A comparison and says nothing with too many unknowns") {
  struct Row {
    AaResult aa;
    Action action;
  };
  const Row rows[]{{{.run = true, .users = 2000}, Action::roll_back},
                   {{.run = true, .users = 1999}, Action::freeze},
                   {{.run = true, .alarm = true, .users = 9000}, Action::freeze},
                   {{.run = false, .users = 9000}, Action::freeze}};
  for (const Row& row : rows) {
    World world = in_week_2();
    world.facts.aa = row.aa;
    for (int i = 0; i < 20; ++i) world.first(10, 11, 150, 40);
    CHECK(world.look().action == row.action);
  }
  World unknown = in_week_2();
  for (int i = 0; i < 20; ++i) {
    Bucket bucket{.start = unknown.now, .phase = 1};
    bucket.fresh = {.total = 21, .connected = 10};
    bucket.old = {.total = 190, .connected = 150, .unknown = 11};
    unknown.fold.add_first(bucket);
  }
  const Decision decision = unknown.look();
  CHECK(find(decision.triggers, "call_success_rate vs old < -5%").verdict == Verdict::no_data);
  CHECK(decision.action == Action::hold);
}

TEST_CASE("users who behave alike weaken the comparison with old") {
  World world = in_week_2();
  for (int i = 0; i < 3; ++i) world.first(10, 11, 150, 40);
  CHECK(world.look().action == Action::roll_back);
  world.facts.aa.design_effect = 3;
  CHECK(world.look().action == Action::hold);
}

TEST_CASE("freezes stop the growth and a person lifts them") {
  struct Row {
    std::string what;
    std::function<void(World&)> spoil;
    std::string rule;
  };
  const std::vector<Row> rows{
      {"63 % of 1000", [](World& w) { w.calls(630, 370); }, "freeze.rate"},
      {"an unwanted call", [](World& w) { w.item("complaint", "unwanted"); }, "freeze.complaint"},
      {"a breach of privacy", [](World& w) { w.item("complaint", "privacy", "confirmed"); }, "freeze.complaint"},
      {"half of the share", [](World& w) { w.first(150, 30, 2900, 100); }, "freeze.share"},
      {"an outage of both", [](World& w) { w.level("provider_outage(telephony)", {1}); }, "freeze.outage"},
      {"slow answers",
       [](World& w) {
         w.facts.times["response_time"] = {.total = 1000, .over = std::vector<std::int64_t>(time_bounds().size(), 120)};
       },
       "freeze.rate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World world = in_week_2();
    row.spoil(world);
    const Decision decision = world.act();
    CAPTURE(decision.sentence);
    CHECK(decision.action == Action::freeze);
    CHECK(decision.rule == row.rule);
    CHECK(decision.to == decision.from);
    CHECK(world.state.stage == Stage::frozen);
    CHECK(world.look().action == Action::hold);
    REQUIRE(world.order(CommandKind::resume).has_value());
    CHECK(world.state.stage == Stage::running);
    CHECK(world.look().action == Action::hold);  // the same evidence does not freeze twice
  }
}

TEST_CASE("another complaint of the kind freezes again after the first was lifted") {
  World world = in_week_2();
  world.item("complaint", "unwanted");
  world.act();
  REQUIRE(world.order(CommandKind::resume).has_value());
  world.item("complaint", "unwanted");
  CHECK(world.look().action == Action::freeze);
}

TEST_CASE("a dead pipeline freezes after an hour and not before") {
  World world = in_week_2();
  const Instant last = world.now;
  world.now = last + minutes{60};
  CHECK(world.look().action == Action::hold);
  world.now = last + minutes{61};
  const Decision decision = world.act();
  CHECK(decision.rule == "freeze.evidence");
  CHECK(world.state.unstable.empty() == false);
}

TEST_CASE("the first day of a phase freezes sooner") {
  World world(success_plan());
  world.after(hours{20}).calls(116, 74);  // between 1 in 10 and 1 in 20
  world.state.watch_until = world.now + hours{1};
  const double log_e = find(world.look().criteria, "call_success_rate > 70%").log_e_fail;
  CAPTURE(log_e);
  CHECK(log_e > std::log(10.0));
  CHECK(log_e < std::log(20.0));
  CHECK(world.look().action == Action::freeze);
  CHECK(find(world.look().criteria, "call_success_rate > 70%").verdict == Verdict::undecided);
  world.state.watch_until = world.now;
  CHECK(world.look().action == Action::hold);
}

TEST_CASE("a drop after many good calls freezes first and rolls back then though the sum is still good") {
  World world(success_plan());
  world.after(hours{30}).calls(1500, 500);
  CHECK(world.look().action == Action::hold);
  int until_freeze = 0;
  int until_rollback = 0;
  for (int calls = 20; calls <= 1000; calls += 20) {
    world.after(minutes{5}).calls(11, 9);
    const double drift = world.fold.sums().drift;
    if (until_freeze == 0 && drift >= stats::drift_freeze_level) until_freeze = calls;
    if (drift < stats::drift_rollback_level) continue;
    until_rollback = calls;
    break;
  }
  CHECK(until_freeze > 50);
  CHECK(until_rollback > until_freeze);
  const Decision decision = world.look();
  CAPTURE(decision.sentence);
  CHECK(decision.rule == "trigger.drift");
  CHECK(find(decision.criteria, "call_success_rate > 70%").estimate > 0.65);
}

TEST_CASE("evidence between the lines is a person's and neither advances nor rolls back") {
  World world(success_plan());
  world.after(std::chrono::days{8}).calls(625, 375);  // .625: proven below .70, not below .60
  const Decision decision = world.look();
  CHECK(decision.action == Action::freeze);
  CHECK(decision.rollback_log_e < decision.rollback_need);
}

TEST_CASE("the rollback's weighted mean gives the success rate half of the weight") {
  World world(success_plan());
  // A trigger alone has E = 1 on the other half: it needs twice the evidence.
  world.after(hours{30}).calls(104, 96);
  const Decision decision = world.look();
  const Judgement& success = find(decision.triggers, "call_success_rate < 60%");
  if (decision.rollback_log_e != 0)
    CHECK(decision.rollback_log_e == doctest::Approx(std::log(0.5 + 0.5 * std::exp(success.log_e_fail))));
  world.calls(200, 200);
  const Decision sure = world.look();
  CHECK(sure.rollback_log_e ==
        doctest::Approx(std::log(0.5 + 0.5 * std::exp(find(sure.triggers, "call_success_rate < 60%").log_e_fail))));
  CHECK(sure.action == Action::roll_back);
}
