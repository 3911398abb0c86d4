#include "core/rollout/measured.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/rollout/metric.hpp"
#include "core/rollout/plan.hpp"

using namespace callramp;
using namespace callramp::rollout;

namespace {

Condition condition(std::string_view text) {
  auto read = parse_condition(text);
  REQUIRE_MESSAGE(read, text);
  return *read;
}

}  // namespace

TEST_CASE("what is measured is told apart from what only the grammar knows") {
  Plan plan;
  plan.metrics = {{.name = "pods_ready", .promql = "sum(up)"}};
  for (const char* text : {"call_success_rate > 70%",
                           "call_success_rate vs old < -5%",
                           "uptime > 99.5%",
                           "open_bugs(P1) == 0",
                           "response_time_p95 < 200ms",
                           "provider_latency_p95(stt) < 1s",
                           "queue_backlog < 100",
                           "db_p95 < 50ms",
                           "db_slow_queries(>1s) == 0 in 1h",
                           "db_pool_exhausted",
                           "way_back_ready",
                           "flag_applied",
                           "pods_ready >= 2",
                           "feature_adoption > 50%",
                           "criteria_met",
                           "stable_for >= 48h",
                           "approved_by(any)",
                           "checklist(phase-end)",
                           "drilled(kill_switch, fresh <= 30d)",
                           "contacts_confirmed(fresh <= 30d)",
                           "old_decommissioned",
                           "cost_per_call <= 6 INR"})
    CHECK_MESSAGE(is_measured(plan, condition(text)), text);
  for (const char* text : {"calls_by_region(north) > 10", "db_slow_queries(>7s) == 0", "load_test(concurrent >= 100)",
                           "announced(team)", "report_sent(weekly)"})
    CHECK_FALSE_MESSAGE(is_measured(plan, condition(text)), text);
}

TEST_CASE("a condition that nothing measures is named once with its line and what to do") {
  Plan plan;
  plan.name = "outbound-calls";
  plan.phases.resize(2);
  plan.phases[0].name = "week-1";
  plan.phases[0].percentage = Percent::parse("5").value();
  plan.phases[0].advance_when = {condition("report_sent(weekly)"), condition("call_success_rate > 70%")};
  plan.phases[0].advance_when[0].line = 7;
  plan.phases[0].roll_back_when = {{.condition = condition("calls_by_region(north) < 1")}};
  plan.phases[1].name = "week-2";
  plan.phases[1].percentage = Percent::parse("100").value();
  plan.phases[1].keeps = "week-1";
  REQUIRE(resolve(plan));
  plan.checklists = {{.name = "phase-end",
                      .gate = "phase-end",
                      .items = {{.id = "told", .text = "Told", .ticks_when = condition("announced(team)")}}}};
  const std::vector<Error> found = unmeasured(plan);
  REQUIRE(found.size() == 3);
  CHECK(found[0].field == "phases.week-1");
  CHECK(found[0].message.starts_with("line 7: phases.week-1: 'report_sent(weekly)': nothing measures it"));
  CHECK(found[0].message.find("keeps the gate closed") != std::string::npos);
  CHECK(found[1].message.find("it never fires") != std::string::npos);
  CHECK(found[2].field == "checklists.phase-end.told");
  CHECK(found[2].message.find("waive 'phase-end/told'") != std::string::npos);
  // They are among the warnings of `validate`.
  const std::vector<Error> all = warnings(plan);
  for (const Error& one : found)
    CHECK(std::ranges::any_of(all, [&](const Error& other) { return other.message == one.message; }));
}

TEST_CASE("every name of the list is one that a plan can write") {
  const auto known = [](std::string_view name) {
    return find_metric(Plan{}, name.substr(0, name.find('('))).has_value();
  };
  for (const std::string_view name : measured_levels()) CHECK_MESSAGE(known(name), name);
  for (const std::string_view name : measured_times()) CHECK_MESSAGE(known(name), name);
  CHECK(std::ranges::is_sorted(measured_levels()));
}
