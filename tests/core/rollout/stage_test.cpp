// The state machine: people's orders, what they need, and what they lead to.
#include <doctest/doctest.h>

#include <functional>

#include "world.hpp"

using namespace callramp;
using namespace callramp::rollout;
using namespace callramp::rollout::testing;

namespace {

World planned_world(Plan plan) {
  World world(std::move(plan));
  world.state = planned(world.plan, world.now);
  world.facts.percentage = Percent{};
  return world;
}

std::string refusal(const Result<Decision>& made) { return made ? "" : made.error().message; }

void close_incident(World& world) {
  for (IncidentItem& item : world.state.incident->items) item.by = "asha";
}

}  // namespace

TEST_CASE("a rollout starts when its start list is done") {
  Plan plan = success_plan();
  plan.checklists = {
      {.name = "pre-rollout", .gate = "start", .items = {{.id = "security", .text = "Security tested"}}}};
  World world = planned_world(plan);
  CHECK(world.look().sentence.find("checklist (pre-rollout)") != std::string::npos);
  CHECK(refusal(world.order(CommandKind::start)).find("checklist(pre-rollout)") != std::string::npos);
  world.facts.signatures.push_back({.subject = "pre-rollout/security", .by = "asha", .at = world.now});
  const auto started = world.order(CommandKind::start);
  REQUIRE(started.has_value());
  CHECK(world.state.stage == Stage::running);
  CHECK(world.state.run == 1);
  CHECK(to_string(started->to) == "5");
  CHECK(world.state.earliest_advance == world.now + std::chrono::days{7});
  CHECK(world.state.binary == "1.0");
  CHECK(refusal(world.order(CommandKind::start)).find("already") != std::string::npos);
}

TEST_CASE("an order needs a reason") {
  World world(success_plan());
  const auto made =
      command(world.plan, world.state, world.evidence(), {.kind = CommandKind::hold, .actor = "asha"}, world.now);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().field == "reason");
}

TEST_CASE("advance by order needs an open gate or an admin who says that he goes against the evidence") {
  World world(success_plan());
  world.after(hours{5}).calls(8, 2);
  CHECK(refusal(world.order(CommandKind::advance)).find("call_success_rate > 70%") != std::string::npos);
  const auto forced = world.order(CommandKind::advance, {.despite_evidence = true});
  REQUIRE(forced.has_value());
  CHECK(forced->sentence.find("Despite the evidence: call_success_rate > 70%") != std::string::npos);
  CHECK(world.state.phase == 1);
  CHECK(world.state.history.front().passed);
  CHECK(world.state.history.front().despite_evidence);
  World open = ready_world(whole_plan(Mode::guarded));
  REQUIRE(open.order(CommandKind::advance).has_value());
  CHECK_FALSE(open.state.history.front().despite_evidence);
  World killed = ready_world();
  killed.facts.calls_enabled = false;
  CHECK(refusal(killed.order(CommandKind::advance, {.despite_evidence = true})).find("switched off") !=
        std::string::npos);
}

TEST_CASE("hold and resume keep the phase and its evidence") {
  World world(success_plan());
  world.after(hours{5}).calls(80, 20);
  const RolloutState before = world.state;
  REQUIRE(world.order(CommandKind::hold).has_value());
  CHECK(world.state.stage == Stage::holding);
  CHECK(world.look().action == Action::hold);
  CHECK(refusal(world.order(CommandKind::hold)).find("anyway") != std::string::npos);
  REQUIRE(world.order(CommandKind::resume).has_value());
  CHECK(world.state.stage == Stage::running);
  CHECK(world.state.run == before.run);
  CHECK(world.state.phase_started_at == before.phase_started_at);
  CHECK(refusal(world.order(CommandKind::resume)).find("nothing to resume") != std::string::npos);
}

TEST_CASE("a phase is extended by three to seven days") {
  for (const int days : {2, 3, 7, 8}) {
    World world(success_plan());
    const Instant before = world.state.earliest_advance;
    const auto made = world.order(CommandKind::extend, {.by = std::chrono::days{days}});
    CHECK(made.has_value() == (days >= 3 && days <= 7));
    if (made) CHECK(world.state.earliest_advance == before + std::chrono::days{days});
  }
  World world(success_plan());
  CHECK_FALSE(world.order(CommandKind::extend).has_value());
}

TEST_CASE("a rollback by order works in every stage that has traffic and opens the incident") {
  for (const Stage stage : {Stage::running, Stage::holding, Stage::frozen, Stage::complete, Stage::watching}) {
    World world(success_plan(), 2);
    world.state.stage = stage;
    world.state.history = {
        {.run = 1, .phase = 0, .passed = true}, {.run = 1, .phase = 1, .passed = true}, {.run = 1, .phase = 2}};
    World to_zero = world;
    const auto made = world.order(CommandKind::rollback);
    REQUIRE(made.has_value());
    CHECK(to_string(made->to) == "10");
    CHECK(world.state.incident.has_value());
    REQUIRE(to_zero.order(CommandKind::rollback, {.target = Target::zero}).has_value());
    CHECK(to_zero.state.percentage == Percent{});
  }
  World planned = planned_world(success_plan());
  CHECK_FALSE(planned.order(CommandKind::rollback).has_value());
}

TEST_CASE("after a rollback it resumes as a new run with no evidence once the incident is worked through") {
  World world(success_plan(), 2);
  world.state.history = {
      {.run = 1, .phase = 0, .passed = true}, {.run = 1, .phase = 1, .passed = true}, {.run = 1, .phase = 2}};
  world.state.latches.push_back({.condition = "call_success_rate > 70%", .phase = 2, .failed = true, .at = world.now});
  world.after(hours{50}).calls(400, 500);
  REQUIRE(world.act().action == Action::roll_back);
  CHECK(to_string(world.state.percentage) == "10");
  CHECK(refusal(world.order(CommandKind::resume)).find("root-cause") != std::string::npos);
  CHECK_FALSE(world.order(CommandKind::advance, {.despite_evidence = true}).has_value());
  world.facts.waivers = {
      {.condition = "incident/root-cause", .by = "root", .reason = "x", .until = world.now + hours{1}}};
  const std::string still = refusal(world.order(CommandKind::resume));
  CHECK(still.find("root-cause") == std::string::npos);
  CHECK(still.find("re-tested") != std::string::npos);
  close_incident(world);
  world.after(hours{30});
  const auto resumed = world.order(CommandKind::resume);
  REQUIRE(resumed.has_value());
  CHECK(world.state.run == 2);
  CHECK(world.state.phase == 1);  // where the percentage in force was passed
  CHECK(resumed->to == resumed->from);
  CHECK(world.state.latches.empty());
  CHECK(world.state.fired.empty());
  CHECK_FALSE(world.state.incident.has_value());
  CHECK(world.state.earliest_advance == world.now + std::chrono::days{7});
  CHECK(world.fold.sums().total() == Tally{});
  CHECK(world.look().action == Action::hold);
}

TEST_CASE("the last gate completes and two weeks are watched and success is declared with its conditions") {
  Plan plan = success_plan();
  plan.aims = {{.text = "Zero P1 bugs", .group = "success", .condition = read("open_bugs(P1) == 0")},
               {.text = "Stakeholders satisfied", .group = "success"},
               {.text = "Old system decommissioned", .group = "success", .condition = read("old_decommissioned")}};
  World world = ready_world(plan, 4);
  world.fold = RunFold(world.plan);
  world.calls(900, 100);
  const Decision done = world.act();
  CAPTURE(done.sentence);
  CHECK(done.action == Action::complete);
  CHECK(world.state.stage == Stage::complete);
  CHECK(world.act().rule == "watch.begins");
  CHECK(world.state.stage == Stage::watching);
  CHECK(refusal(world.order(CommandKind::declare)).find("watched_for") != std::string::npos);
  world.after(std::chrono::days{14});
  CHECK(refusal(world.order(CommandKind::declare)).find("old_decommissioned") != std::string::npos);
  REQUIRE(world.order(CommandKind::decommission_old).has_value());
  CHECK(refusal(world.order(CommandKind::declare)).find("Stakeholders satisfied") != std::string::npos);
  world.facts.signatures.push_back({.subject = "confirmed(Stakeholders satisfied)", .by = "asha", .at = world.now});
  CHECK(world.look().sentence.find("can be declared") != std::string::npos);
  REQUIRE(world.order(CommandKind::declare).has_value());
  CHECK(world.state.stage == Stage::succeeded);
  CHECK(world.look().to == world.facts.percentage);
}

TEST_CASE("while watching evidence can still freeze and roll back") {
  World world(success_plan(), 4);
  world.state.stage = Stage::watching;
  world.state.history = {{.run = 1, .phase = 3, .passed = true}, {.run = 1, .phase = 4, .passed = true}};
  world.after(hours{40}).calls(500, 500);
  CHECK(world.look().action == Action::roll_back);
  CHECK(to_string(world.look().to) == "50");
}

TEST_CASE("resume takes flags that were changed by hand over again") {
  World world(success_plan());
  world.facts.percentage = Percent{};
  world.facts.flags_set_by = "ops";
  world.act();
  CHECK(world.state.manual_flags);
  CHECK(world.look().to == Percent{});
  const auto resumed = world.order(CommandKind::resume);
  REQUIRE(resumed.has_value());
  CHECK(to_string(resumed->to) == "5");
  CHECK_FALSE(world.state.manual_flags);
}

TEST_CASE("flags that were raised by hand are left alone and flags that lag are not raised where nothing grows") {
  World raised(success_plan());
  raised.facts.percentage = *Percent::from_basis_points(5000);
  raised.facts.flags_set_by = "ops";
  CHECK(to_string(raised.act().to) == "50");
  CHECK(to_string(raised.look().to) == "50");
  for (const Stage stage : {Stage::holding, Stage::frozen, Stage::rolled_back}) {
    World lagging(success_plan());
    lagging.state.stage = stage;
    lagging.facts.percentage = *Percent::from_basis_points(100);
    CHECK(to_string(lagging.look().to) == "1");
  }
}

TEST_CASE("a trigger while people hold the flags lowers them and never raises") {
  World world(success_plan(), 2);
  world.state.history = {{.run = 1, .phase = 0, .passed = true}, {.run = 1, .phase = 1, .passed = true}};
  world.facts.percentage = *Percent::from_basis_points(100);
  world.facts.flags_set_by = "ops";
  world.act();
  world.after(hours{40}).calls(300, 300);
  const Decision decision = world.act();
  CHECK(decision.action == Action::roll_back);
  CHECK(decision.to == *Percent::from_basis_points(100));
  CHECK(world.state.percentage == *Percent::from_basis_points(100));
}

TEST_CASE("what resets stable is named and lasts as long as it lasts") {
  World world(success_plan());
  world.after(hours{30});
  world.facts.binary = "2.0";
  CHECK(world.act().after.stable_reset == "new version of the program");
  CHECK(world.state.stable_since == world.now);
  world.after(hours{1});
  CHECK(world.act().after.stable_since == world.now - hours{1});
  world.facts.configuration = "d";
  CHECK(world.act().after.stable_reset == "changed configuration");
  World budget = ready_world();
  budget.facts.uptime.down = 60;
  CHECK(budget.act().after.unstable == "a budget is overspent");
  budget.after(hours{3});
  CHECK(is_news(budget.look(), budget.look()) == false);
  budget.facts.uptime.down = 0;
  const Decision over = budget.act();
  CHECK(over.after.unstable.empty());
  CHECK(over.after.stable_since == budget.now);
}

TEST_CASE("names of stages and commands read back") {
  for (const Stage stage : {Stage::planned, Stage::running, Stage::holding, Stage::frozen, Stage::rolled_back,
                            Stage::complete, Stage::watching, Stage::succeeded})
    CHECK(parse_stage(to_string(stage)) == stage);
  for (const CommandKind kind :
       {CommandKind::start, CommandKind::advance, CommandKind::hold, CommandKind::extend, CommandKind::resume,
        CommandKind::rollback, CommandKind::complete, CommandKind::declare, CommandKind::decommission_old})
    CHECK(parse_command(to_string(kind)) == kind);
  CHECK_FALSE(parse_stage("paused").has_value());
  CHECK_FALSE(parse_command("stop").has_value());
}
