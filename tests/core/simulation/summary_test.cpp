// Shares and quantiles of hand-made runs.
#include "core/simulation/summary.hpp"

#include <doctest/doctest.h>

#include "futures.hpp"

using namespace callramp;
using namespace callramp::simulation;

TEST_CASE("quantiles are by nearest rank and nothing of nothing") {
  CHECK(!quantiles({}));
  CHECK(quantiles({7})->q50 == 7);
  CHECK(quantiles({7})->q95 == 7);
  std::vector<double> hundred;
  for (int i = 100; i >= 1; --i) hundred.push_back(i);
  CHECK(quantiles(hundred)->q50 == 50);
  CHECK(quantiles(hundred)->q95 == 95);
}

TEST_CASE("shares count runs and quantiles only those that they are of") {
  const rollout::Plan plan = two_questions();
  const Truth truth = truth_of("success=0.7");
  const Simulator with = simulator(plan, truth);
  const std::vector<RunResult> runs{
      {.rolled_back = true, .gates_passed = 1, .by = "trigger.rate", .calls_to_rollback = 100, .people_exposed = 120},
      {.reached_full = true, .gates_passed = 5, .days_to_full = 28},
      {.froze = true, .slowest_phase = 0, .slowest_criterion = 0, .slowest = hours{5}},
      {.rolled_back = true,
       .reached_full = true,
       .gates_passed = 4,
       .by = "trigger.drift",
       .calls_to_rollback = 9000,
       .people_exposed = 9100,
       .days_to_full = 30},
  };
  const Summary summary = summarize(with, runs, plan.phases.size());
  CHECK(summary.rolled_back == 0.5);
  CHECK(summary.reached_full == 0.5);
  CHECK(summary.stalled == 0.25);
  CHECK(summary.froze == 0.25);
  CHECK(summary.gates_passed == std::vector<double>{0.75, 0.5, 0.5, 0.5, 0.25});
  CHECK(summary.calls_to_rollback->q50 == 100);
  CHECK(summary.people_exposed->q95 == 9100);
  CHECK(summary.days_to_full->q95 == 30);
  CHECK(summary.rolled_by.at("trigger.drift") == 0.25);
  CHECK(summary.bottleneck == "call_success_rate > 70%");
  CHECK(summarize(with, {}, 5).runs == 0);
}
