// Summary: what many simulated runs of one plan in one future come to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/simulation/simulator.hpp"

namespace callramp::simulation {

struct Quantiles {
  double q50 = 0;
  double q95 = 0;
};
/// By nearest rank; nothing of nothing. Sorts `values`.
std::optional<Quantiles> quantiles(std::vector<double> values);

/// Shares are of all runs, 0 … 1. A run that reached 100 % and was rolled back from it counts in both; one that did
/// neither has stalled: a person has to decide.
struct Summary {
  std::int64_t runs = 0;
  double rolled_back = 0;
  double reached_full = 0;
  double stalled = 0;
  double froze = 0;
  std::vector<double> gates_passed;            ///< by phase
  std::map<std::string, double> rolled_by;     ///< by the rule's stable id
  std::optional<Quantiles> calls_to_rollback;  ///< of those rolled back: calls of new in evidence
  std::optional<Quantiles> people_exposed;     ///< of those rolled back: called by new until then
  std::optional<Quantiles> days_to_full;       ///< of those that reached it
  std::string bottleneck;  ///< criterion that kept gates closed longest after their minimum durations; empty: none did
  std::int64_t resets = 0;
};

Summary summarize(const Simulator& simulator, std::span<const RunResult> runs, std::size_t phases);

}  // namespace callramp::simulation
