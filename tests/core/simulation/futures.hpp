// Plans and futures that the simulation's tests share.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/simulation/summary.hpp"

namespace callramp::simulation {

inline Truth truth_of(std::string_view text) {
  auto truth = parse_truth(text);
  REQUIRE(truth);
  return *truth;
}

inline rollout::Condition condition(std::string_view text) {
  auto read = rollout::parse_condition(text);
  REQUIRE(read);
  return *read;
}

/// The document's five phases with success and new against old only.
inline rollout::Plan two_questions() {
  rollout::Plan plan;
  plan.name = "two-questions";
  plan.mode = rollout::Mode::automatic;
  plan.hash = "0";
  constexpr std::array<int, 5> percentages{5, 10, 25, 50, 100};
  for (const int percentage : percentages) {
    rollout::Phase phase;
    phase.name = "at-" + std::to_string(percentage);
    phase.percentage = *Percent::from_basis_points(percentage * 100);
    phase.min_duration = std::chrono::days{7};
    phase.expected_volume = rollout::Volume{.low = percentage * 10, .high = percentage * 20};
    phase.advance_when = {condition("call_success_rate > 70%")};
    phase.roll_back_when = {{.condition = condition("call_success_rate < 60%")}};
    plan.phases.push_back(std::move(phase));
  }
  REQUIRE(resolve(plan));
  return plan;
}

inline Simulator simulator(const rollout::Plan& plan, const Truth& truth, const Setup& setup = {}) {
  auto made = Simulator::create(plan, truth, setup);
  REQUIRE_MESSAGE(made, made.error().message);
  return *std::move(made);
}

inline Summary play(const rollout::Plan& plan, std::string_view text, std::uint64_t runs, const Setup& setup = {}) {
  const Truth truth = truth_of(text);
  Simulator with = simulator(plan, truth, setup);
  std::vector<RunResult> results;
  for (std::uint64_t run = 0; run < runs; ++run) results.push_back(with.run(1, run));
  return summarize(with, results, plan.phases.size());
}

}  // namespace callramp::simulation
