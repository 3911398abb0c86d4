// A rollout in a few words, for tests: a plan from its conditions, a fold of counts, facts that are perfect unless a
// test spoils them.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/rollout/decide.hpp"
#include "core/rollout/metric.hpp"

namespace callramp::rollout::testing {

inline constexpr Instant day_zero = Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2} + hours{4}};

inline Condition read(std::string_view text) {
  auto condition = parse_condition(text);
  REQUIRE_MESSAGE(condition.has_value(), std::string(text));
  return *condition;
}

struct PhaseWords {
  std::string name;
  long percentage = 5;
  std::vector<std::string> advance_when;
  std::vector<std::string> roll_back_when;  ///< "… => zero" for that target
};

inline Plan plan_of(const std::vector<PhaseWords>& phases, Mode mode = Mode::automatic) {
  Plan plan;
  plan.name = "outbound-calls";
  plan.hash = "plan-1";
  plan.mode = mode;
  plan.approvers = {{.role = "stakeholder", .tokens = {"asha", "rahul"}}};
  plan.budget.per_call = *parse_money("6.00 INR");
  for (const PhaseWords& words : phases) {
    Phase phase{.name = words.name, .percentage = *Percent::from_basis_points(words.percentage * 100)};
    phase.min_duration = std::chrono::days{7};
    phase.expected_volume = Volume{.low = 50, .high = 100};
    for (const std::string& text : words.advance_when) phase.advance_when.push_back(read(text));
    for (std::string text : words.roll_back_when) {
      Trigger trigger;
      if (const auto at = text.find(" => zero"); at != std::string::npos) {
        trigger.target = Target::zero;
        text.resize(at);
      }
      trigger.condition = read(text);
      phase.roll_back_when.push_back(trigger);
    }
    plan.phases.push_back(std::move(phase));
  }
  return plan;
}

/// Success against 70 % and 60 %, nothing else.
inline Plan success_plan(Reading reading = Reading::ladder) {
  const std::vector<std::string> up{"call_success_rate > 70%"};
  const std::vector<std::string> down{"call_success_rate < 60%"};
  Plan plan = plan_of({{"week-1", 5, up, down},
                       {"week-2", 10, up, down},
                       {"week-3", 25, up, down},
                       {"week-4", 50, up, down},
                       {"week-5", 100, up, down}});
  plan.decide.reading = reading;
  return plan;
}

/// Everything that a decision reads, perfect at first: a running rollout in its first phase.
struct World {
  Plan plan;
  RunFold fold;
  Facts facts;
  RolloutState state;
  Instant now = day_zero;

  explicit World(Plan of, int phase = 0) : plan(std::move(of)), fold(plan) {
    facts.binary = "1.0";
    facts.configuration = "c";
    facts.percentage = plan.phases.at(static_cast<std::size_t>(phase)).percentage;
    facts.aa = {.run = true, .users = 5000, .calls = 20'000};
    state = planned(plan, now);
    state.stage = Stage::running;
    state.run = 1;
    state.phase = phase;
    state.percentage = facts.percentage;
    state.run_started_at = state.phase_started_at = state.stable_since = now;
    state.stable_reset = "phase started";
    state.earliest_advance = now + plan.phases[static_cast<std::size_t>(phase)].min_duration;
    state.binary = facts.binary;
    state.configuration = facts.configuration;
    state.history.push_back({.run = 1, .phase = phase, .started_at = now});
    alive();
  }

  World& alive() {
    facts.heartbeat = now;
    return *this;
  }
  /// Lets time pass with everything well.
  World& after(Duration span) {
    now += span;
    return alive();
  }
  /// Counts good and bad final calls on new in the present phase, in buckets of ten, outcomes spread evenly.
  World& calls(std::int64_t good, std::int64_t bad) {
    std::int64_t left = good + bad;
    std::int64_t done_good = 0;
    std::int64_t done = 0;
    while (left > 0) {
      const std::int64_t n = std::min<std::int64_t>(left, 10);
      const std::int64_t upto = (done + n) * good / (good + bad);
      Bucket bucket{.start = now + minutes{5} * (done / 10), .phase = state.phase};
      bucket.fresh = {.total = n, .completed = upto - done_good, .connected = upto - done_good};
      fold.add_calls(bucket);
      done_good = upto;
      done += n;
      left -= n;
    }
    return *this;
  }
  /// First attempts on both systems in one bucket.
  World& first(std::int64_t new_good, std::int64_t new_bad, std::int64_t old_good, std::int64_t old_bad) {
    Bucket bucket{.start = now, .phase = state.phase};
    bucket.fresh = {.total = new_good + new_bad, .completed = new_good, .connected = new_good};
    bucket.old = {.total = old_good + old_bad, .completed = old_good, .connected = old_good};
    fold.add_first(bucket);
    return *this;
  }
  World& item(std::string kind, std::string severity, std::string status = "open") {
    facts.items.push_back({.kind = kind,
                           .external_id = kind + std::to_string(facts.items.size()),
                           .severity = std::move(severity),
                           .status = std::move(status),
                           .at = now,
                           .phase = state.phase,
                           .system = "new"});
    return *this;
  }
  World& level(std::string_view name, std::initializer_list<double> by_minute) {
    Gauge& gauge = facts.gauges[std::string(name)];
    gauge.readings.clear();
    Instant at = now - minutes{static_cast<long>(by_minute.size()) - 1};
    for (const double value : by_minute) {
      gauge.readings.push_back({.at = at, .value = value});
      at += minutes{1};
    }
    return *this;
  }

  Evidence evidence() const { return {.run = fold.sums(), .facts = facts}; }
  Decision look() const { return decide(plan, state, evidence(), now); }
  /// Looks, and keeps the state after it, as the controller does; the flag follows.
  Decision act() {
    Decision decision = look();
    take(decision);
    return decision;
  }
  Result<Decision> order(CommandKind kind, Command order = {}) {
    order.kind = kind;
    if (order.actor.empty()) order.actor = "asha";
    if (order.reason.empty()) order.reason = "because";
    auto decision = command(plan, state, evidence(), order, now);
    if (decision) take(*decision);
    return decision;
  }
  void take(const Decision& decision) {
    if (decision.after.run != state.run) fold = RunFold(plan);
    state = decision.after;
    facts.percentage = decision.to;
  }
};

/// The document's first two phases, nearly whole.
inline Plan whole_plan(Mode mode = Mode::automatic) {
  const std::vector<std::string> up{
      "call_success_rate > 70%",   "uptime > 99.5%",           "open_bugs(P1) == 0", "bugs_found(P2) < 2",
      "response_time_p95 < 200ms", "customer_complaints == 0", "stable_for >= 48h"};
  const std::vector<std::string> down{"open_bugs(P1) >= 1 => zero",     "call_success_rate < 60%",
                                      "call_success_rate vs old < -5%", "uptime < 95%",
                                      "customer_complaints > 5",        "security_issues(critical) >= 1 => zero"};
  return plan_of({{"week-1", 5, up, down}, {"week-2", 10, up, down}, {"week-3", 25, up, down}}, mode);
}

/// Lets the phase's time pass with all that its gate asks for.
inline World& ready(World& world) {
  world.after(std::chrono::days{7} + hours{1}).calls(440, 110);
  world.facts.uptime = {.minutes = 10'080, .down = 3, .last_day_minutes = 1440};
  Exceedances times{.total = 3000, .over = std::vector<std::int64_t>(time_bounds().size(), 0)};
  for (std::size_t i = 0; i < times.over.size(); ++i) times.over[i] = time_bounds()[i] <= 0.2 ? 30 : 3;
  world.facts.times["response_time"] = times;
  world.facts.costs.clear();
  for (std::int64_t day = 0; day < 7; ++day)
    world.facts.costs.push_back({.day = world.state.stable_day + day, .calls = 75, .micros = 75 * 4'000'000});
  world.facts.today = world.state.stable_day + 7;
  return world;
}
inline World ready_world(Plan plan = whole_plan(), int phase = 0) {
  World world(std::move(plan), phase);
  ready(world);
  return world;
}

inline const Judgement& find(const std::vector<Judgement>& list, std::string_view text) {
  for (const Judgement& judgement : list)
    if (judgement.condition.text == text) return judgement;
  FAIL("no judgement of " << text);
  return list.front();
}

}  // namespace callramp::rollout::testing
