// Budgets, levels, proofs, complaints as a rate, labels, costs: each row is one rule.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "world.hpp"

using namespace callramp;
using namespace callramp::rollout;
using namespace callramp::rollout::testing;

namespace {

struct Row {
  std::string condition;
  std::function<void(World&)> set;
  Verdict verdict;
};

// As a criterion of the second phase, after the first was passed with 500 calls.
Verdict judged(const Row& row) {
  Plan plan = success_plan();
  plan.phases[1].advance_when.push_back(read(row.condition));
  World world(plan);
  world.calls(400, 100);
  world.state.phase = 1;
  world.after(std::chrono::days{8});
  world.state.phase_started_at = world.now - std::chrono::days{8};
  row.set(world);
  const Decision decision = world.look();
  CAPTURE(decision.sentence);
  return find(decision.criteria, row.condition).verdict;
}

void cost(World& world, double per_call, int days = 7) {
  world.facts.costs.clear();
  for (int day = 1; day <= days; ++day)
    world.facts.costs.push_back({.day = day, .calls = 100, .micros = static_cast<std::int64_t>(per_call * 1e8)});
  world.facts.today = days + 1;
}

void hourly(World& world, std::string_view name, double value, int minutes_long) {
  Gauge& gauge = world.facts.gauges[std::string(name)];
  for (int i = minutes_long; i >= 0; --i) gauge.readings.push_back({.at = world.now - minutes{i}, .value = value});
}

}  // namespace

TEST_CASE("criteria of facts") {
  const std::vector<Row> rows{
      {"cost_per_call <= budget", [](World& w) { cost(w, 5.9); }, Verdict::pass},
      {"cost_per_call <= budget", [](World& w) { cost(w, 6.1); }, Verdict::fail},
      {"cost_per_call <= budget", [](World&) {}, Verdict::no_data},
      {"cost_predictable", [](World& w) { cost(w, 5); }, Verdict::pass},
      {"cost_predictable", [](World& w) { cost(w, 5, 6); }, Verdict::undecided},
      {"cost_predictable", [](World& w) { cost(w, 7); }, Verdict::fail},
      {"cost_predictable",
       [](World& w) {
         cost(w, 5);
         w.facts.costs.back().micros *= 2;
       },
       Verdict::fail},
      {"cost_predictable",  // a day that still runs is none of the seven
       [](World& w) {
         cost(w, 5, 8);
         w.facts.costs.back() = {.day = 8, .calls = 2, .micros = 0};
         w.facts.today = 8;
       },
       Verdict::pass},
      {"cost_predictable",
       [](World& w) {
         cost(w, 5);
         w.facts.today = 7;
       },
       Verdict::undecided},
      {"complaint_rate < 2 per 1000", [](World& w) { w.calls(900, 100); }, Verdict::pass},
      {"complaint_rate < 2 per 1000", [](World& w) { w.calls(300, 30); }, Verdict::undecided},
      {"complaint_rate < 2 per 1000", [](World& w) { w.calls(900, 100).item("complaint", "content"); }, Verdict::pass},
      {"complaint_rate < 2 per 1000",
       [](World& w) {
         w.calls(900, 100);
         for (int i = 0; i < 3; ++i) w.item("complaint", "content");
       },
       Verdict::undecided},
      {"complaint_rate < 2 per 1000",
       [](World& w) {
         w.calls(900, 100);
         for (int i = 0; i < 15; ++i) w.item("complaint", "content");
       },
       Verdict::fail},
      {"voicemail_accuracy > 80%", [](World& w) { w.facts.labels = {60, 58, 60, 60}; }, Verdict::pass},
      {"voicemail_accuracy > 80%", [](World& w) { w.facts.labels = {60, 60, 60, 58}; }, Verdict::undecided},  // 3 %
      {"voicemail_accuracy > 80%", [](World& w) { w.facts.labels = {200, 190, 0, 0}; }, Verdict::no_data},
      {"voicemail_accuracy > 80%", [](World& w) { w.facts.labels = {200, 100, 200, 170}; }, Verdict::fail},
      {"customer_satisfaction > 4",
       [](World& w) {
         for (int i = 0; i < 120; ++i) w.item("satisfaction", "").facts.items.back().value = 5;
       },
       Verdict::pass},
      {"customer_satisfaction > 4",
       [](World& w) {
         for (int i = 0; i < 200; ++i) w.item("satisfaction", "").facts.items.back().value = 3;
       },
       Verdict::fail},
      {"feature_adoption > 80%",
       [](World& w) {
         w.facts.users_on_new = 81;
         w.facts.users_routable = 100;
       },
       Verdict::pass},
      {"feature_adoption > 80%",
       [](World& w) {
         w.facts.users_on_new = 80;
         w.facts.users_routable = 100;
       },
       Verdict::fail},
      {"support_tickets < 2 in 7d", [](World& w) { w.item("ticket", ""); }, Verdict::pass},
      {"support_tickets < 2 in 7d", [](World& w) { w.item("ticket", "").item("ticket", ""); }, Verdict::fail},
      {"support_tickets < 2 in 7d",
       [](World& w) {
         w.item("ticket", "").item("ticket", "");
         for (EvidenceItem& item : w.facts.items) item.at = w.now - std::chrono::days{8};
       },
       Verdict::pass},
      {"memory_trend < 2%", [](World& w) { w.level("memory_trend", {0.01}); }, Verdict::pass},
      {"memory_trend < 2%", [](World& w) { w.level("memory_trend", {0.03}); }, Verdict::fail},
      {"memory_trend < 2%", [](World& w) { w.level("memory_trend", {0.01}).after(minutes{4}); }, Verdict::no_data},
      {"memory_trend < 2%", [](World& w) { w.facts.gauges["memory_trend"].exists = false; }, Verdict::not_applicable},
      {"memory_trend < 2%", [](World& w) { w.facts.gauges["memory_trend"].missing = "Prometheus is silent"; },
       Verdict::no_data},
      {"db_p95 vs previous_phase < +25%",
       [](World& w) {
         w.level("db", {0.036});
         w.facts.gauges["db"].phases = {{0, 0.030}, {1, 0.036}};
       },
       Verdict::pass},
      {"db_p95 vs previous_phase < +25%",
       [](World& w) {
         w.level("db", {0.039});
         w.facts.gauges["db"].phases = {{0, 0.030}, {1, 0.039}};
       },
       Verdict::fail},
      {"db_p95 vs previous_phase < +25%", [](World& w) { w.level("db", {0.012}); }, Verdict::no_data},
      // Below 25 ms a time is noise: ten times next to nothing is next to nothing.
      {"db_p95 vs previous_phase < +25%",
       [](World& w) {
         w.level("db", {0.004});
         w.facts.gauges["db"].phases = {{0, 0.0004}, {1, 0.004}};
       },
       Verdict::pass},
      {"db_p95 vs previous_phase < +25%",
       [](World& w) {
         w.level("db", {0.032});
         w.facts.gauges["db"].phases = {{0, 0.0004}, {1, 0.032}};
       },
       Verdict::fail},
      {"load_test(concurrent >= 100, fresh <= 14d, same_version)",
       [](World& w) { w.facts.proofs = {{"load_test", w.now - std::chrono::days{13}, 100, 1, "1.0", true}}; },
       Verdict::pass},
      {"load_test(concurrent >= 100, fresh <= 14d, same_version)",
       [](World& w) { w.facts.proofs = {{"load_test", w.now - std::chrono::days{15}, 100, 1, "1.0", true}}; },
       Verdict::fail},
      {"load_test(concurrent >= 100, fresh <= 14d, same_version)",
       [](World& w) { w.facts.proofs = {{"load_test", w.now, 99, 1, "1.0", true}}; }, Verdict::fail},
      {"load_test(concurrent >= 100, fresh <= 14d, same_version)",
       [](World& w) { w.facts.proofs = {{"load_test", w.now, 100, 1, "0.9", true}}; }, Verdict::fail},
      {"load_test(concurrent >= 100, fresh <= 14d, same_version)",
       [](World& w) { w.facts.proofs = {{"load_test", w.now, 100, 1, "1.0", false}}; }, Verdict::fail},
      {"load_test(hours >= 4)", [](World&) {}, Verdict::no_data},
      {"drilled(kill_switch, fresh <= 30d)",
       [](World& w) {
         w.facts.proofs = {{.name = "drill:kill_switch", .at = w.now - std::chrono::days{29}, .passed = true}};
       },
       Verdict::pass},
      {"drilled(kill_switch, fresh <= 30d)",
       [](World& w) { w.facts.proofs = {{.name = "drill:rollback", .at = w.now, .passed = true}}; }, Verdict::no_data},
      {"old_decommissioned", [](World&) {}, Verdict::fail},
      {"old_decommissioned", [](World& w) { w.facts.has_old_system = false; }, Verdict::not_applicable},
      {"call_success_rate vs phase(week-1) > -5%", [](World& w) { w.calls(1700, 300); }, Verdict::pass},
      {"call_success_rate vs phase(week-1) > -5%", [](World& w) { w.calls(700, 300); }, Verdict::fail},
      {"call_success_rate vs phase(week-1) > -5%", [](World& w) { w.calls(80, 20); }, Verdict::undecided},
      {"call_success_rate vs phase(week-3) > -5%", [](World& w) { w.calls(80, 20); }, Verdict::no_data},
      {"call_success_rate vs old > -10%",
       [](World& w) {
         for (int i = 0; i < 60; ++i) w.first(8, 2, 72, 18);
       },
       Verdict::pass},
      {"call_success_rate vs old > -10%", [](World& w) { w.first(8, 2, 72, 18); }, Verdict::undecided},
      {"call_success_rate vs old > -10%", [](World& w) { w.facts.has_old_system = false; }, Verdict::not_applicable},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CAPTURE(rows[i].condition);
    CHECK(to_string(judged(rows[i])) == to_string(rows[i].verdict));
  }
}

TEST_CASE("a rate of complaints says how many calls it still needs to mean anything") {
  Plan plan = success_plan();
  plan.phases[0].advance_when.push_back(read("complaint_rate < 2 per 1000"));
  World world(plan);
  world.calls(300, 30);
  const Decision decision = world.look();
  const Judgement& found = find(decision.criteria, "complaint_rate < 2 per 1000");
  REQUIRE(found.forecast);
  CHECK(found.forecast->q50 == 170);
  CHECK(found.reason.find("170 more are needed.") != std::string::npos);
  world.calls(170, 0);
  const Judgement later = find(world.look().criteria, "complaint_rate < 2 per 1000");
  CHECK(later.verdict == Verdict::pass);
  CHECK_FALSE(later.forecast);
}

TEST_CASE("triggers of levels hold for their time without a break and a gap is missing") {
  struct TriggerRow {
    std::string condition;
    std::function<void(World&)> set;
    bool fires;
  };
  const std::vector<TriggerRow> rows{
      {"memory_used > 90% for 5m", [](World& w) { hourly(w, "memory_used", 0.95, 6); }, true},
      {"memory_used > 90% for 5m", [](World& w) { hourly(w, "memory_used", 0.95, 4); }, false},
      {"memory_used > 90% for 5m", [](World& w) { hourly(w, "memory_used", 0.90, 9); }, false},
      {"memory_used > 90% for 5m",
       [](World& w) {
         hourly(w, "memory_used", 0.95, 9);
         auto& readings = w.facts.gauges["memory_used"].readings;
         readings.erase(readings.begin() + 5, readings.begin() + 9);
       },
       false},
      {"memory_used > 90% for 5m",
       [](World& w) {
         hourly(w, "memory_used", 0.95, 9);
         w.after(minutes{4});
       },
       false},
      {"db_pool_waits(>1s) >= 5 in 5m", [](World& w) { hourly(w, "db_pool_waits(>1s)", 1, 9); }, true},
      {"db_pool_waits(>1s) >= 6 in 5m", [](World& w) { hourly(w, "db_pool_waits(>1s)", 1, 9); }, false},
      {"queue_backlog > 500", [](World& w) { w.level("queue_backlog", {501}); }, true},
      {"queue_backlog > 500", [](World& w) { w.level("queue_backlog", {500}); }, false},
      {"queue_backlog > 500", [](World& w) { w.level("queue_backlog", {900}).after(minutes{9}); }, false},
      {"db_pool_exhausted", [](World& w) { w.level("db_pool_exhausted", {1}); }, true},
      {"db_pool_exhausted", [](World& w) { w.level("db_pool_exhausted", {0}); }, false},
      {"cost_overrun > 20%", [](World& w) { cost(w, 7.3); }, true},
      {"cost_overrun > 20%", [](World& w) { cost(w, 7.2); }, false},
      {"cost_overrun > 20%",
       [](World& w) {
         cost(w, 60);
         w.facts.costs = {{1, 20, 1'200'000'000}};
       },
       false},
      {"cost_per_call > 6", [](World& w) { cost(w, 7); }, true},
      {"cost_per_call > 6", [](World& w) { w.facts.costs = {{1, 20, 1'200'000'000}}; }, false},
      {"complaint_rate > 10 per 1000",
       [](World& w) {
         w.calls(900, 100);
         for (int i = 0; i < 40; ++i) w.item("complaint", "content");
       },
       true},
      {"complaint_rate > 10 per 1000",
       [](World& w) {
         w.calls(80, 20);
         for (int i = 0; i < 2; ++i) w.item("complaint", "content");
       },
       false},
      {"complaint_rate vs previous_phase > 2x",
       [](World& w) {
         w.item("complaint", "content").facts.items.back().phase = 0;
         w.calls(450, 50);
         for (int i = 0; i < 40; ++i) w.item("complaint", "content");
       },
       true},
      {"complaint_rate vs previous_phase > 2x",
       [](World& w) {
         for (int i = 0; i < 5; ++i) w.item("complaint", "content").facts.items.back().phase = 0;
         w.calls(450, 50);
         for (int i = 0; i < 9; ++i) w.item("complaint", "content");
       },
       false},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CAPTURE(rows[i].condition);
    Plan plan = success_plan();
    plan.phases[1].roll_back_when.push_back({.condition = read(rows[i].condition)});
    World world(plan);
    world.calls(400, 100);
    world.state.phase = 1;
    world.after(hours{30});
    rows[i].set(world);
    world.alive();
    const Decision decision = world.look();
    CAPTURE(decision.sentence);
    CHECK(find(decision.triggers, rows[i].condition).fires == rows[i].fires);
    CHECK((decision.action == Action::roll_back) == rows[i].fires);
  }
}

TEST_CASE("uptime is a budget of minutes with its own words") {
  World world = ready_world();
  world.facts.uptime = {.minutes = 10'080, .down = 12, .last_day_minutes = 1440};
  world.now = world.state.earliest_advance;
  world.alive();
  CHECK(find(world.look().criteria, "uptime > 99.5%").reason == "Uptime: pass. 99.88 %, 12.0 of 50.4 min used.");
  world.now -= hours{1};
  world.alive();
  CHECK(find(world.look().criteria, "uptime > 99.5%").verdict == Verdict::undecided);
  world.facts.uptime.down = 51;
  CHECK(find(world.look().criteria, "uptime > 99.5%").verdict == Verdict::fail);
}

TEST_CASE("success is shown split into talked and voicemail") {
  World world(success_plan());
  Bucket bucket{.start = world.now, .phase = 0, .fresh = {.total = 100, .completed = 58, .voicemail_left = 13}};
  world.fold.add_calls(bucket);
  CHECK(find(world.after(hours{1}).look().criteria, "call_success_rate > 70%")
            .reason.find("71 % = 58 talked + 13 voicemail") != std::string::npos);
}

TEST_CASE("what-if gives the arithmetic of a rate alone") {
  const WhatIf question{.condition = read("call_success_rate > 70%"), .good = 152, .bad = 62, .line = 0.65};
  const Judgement judgement = what_if(question);
  CHECK(judgement.verdict == Verdict::undecided);
  CHECK(judgement.estimate == doctest::Approx(152.0 / 214));
  CHECK(judgement.lo == doctest::Approx(0.611).epsilon(0.001));
  CHECK(judgement.hi == doctest::Approx(0.799).epsilon(0.001));
  REQUIRE(judgement.forecast.has_value());
  CHECK(judgement.forecast->needs == 158);
  CHECK(judgement.forecast->q10 == 53);
  CHECK(judgement.forecast->q50 == 185);
  WhatIf failing = question;
  failing.good = 115;
  failing.bad = 99;
  failing.alpha = 0.01;
  const Judgement fails = what_if(failing);
  CHECK(fails.verdict == Verdict::fail);
  CHECK(std::exp(fails.log_e_fail) == doctest::Approx(107).epsilon(0.01));
  WhatIf passing = question;
  passing.good = 158;
  passing.bad = 56;
  CHECK(what_if(passing).verdict == Verdict::pass);
  passing.good = 157;
  passing.bad = 57;
  CHECK(what_if(passing).verdict == Verdict::undecided);
  CHECK(what_if({.condition = question.condition}).verdict == Verdict::no_data);
}
