#include "core/simulation/summary.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace callramp::simulation {

std::optional<Quantiles> quantiles(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const auto rank = [&](double share) {
    const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::max<std::size_t>(at, 1) - 1];
  };
  return Quantiles{.q50 = rank(0.5), .q95 = rank(0.95)};
}

Summary summarize(const Simulator& simulator, std::span<const RunResult> runs, std::size_t phases) {
  Summary summary{.runs = std::ssize(runs), .gates_passed = std::vector<double>(phases)};
  if (runs.empty()) return summary;
  std::vector<double> calls;
  std::vector<double> people;
  std::vector<double> days;
  std::map<std::pair<int, int>, Duration> waited_for;  // by phase and criterion
  std::int64_t rolled_back = 0;
  std::int64_t full = 0;
  std::int64_t stalled = 0;
  std::int64_t froze = 0;
  for (const RunResult& run : runs) {
    rolled_back += run.rolled_back;
    full += run.reached_full;
    stalled += !run.rolled_back && !run.reached_full;
    froze += run.froze;
    summary.resets += run.resets;
    for (int gate = 0; gate < run.gates_passed; ++gate) summary.gates_passed[static_cast<std::size_t>(gate)] += 1;
    if (run.rolled_back) {
      summary.rolled_by[std::string(run.by)] += 1;
      calls.push_back(static_cast<double>(run.calls_to_rollback));
      people.push_back(static_cast<double>(run.people_exposed));
    }
    if (run.reached_full) days.push_back(run.days_to_full);
    if (run.slowest_criterion >= 0) waited_for[{run.slowest_phase, run.slowest_criterion}] += run.slowest;
  }
  const auto all = static_cast<double>(runs.size());
  summary.rolled_back = static_cast<double>(rolled_back) / all;
  summary.reached_full = static_cast<double>(full) / all;
  summary.stalled = static_cast<double>(stalled) / all;
  summary.froze = static_cast<double>(froze) / all;
  for (double& share : summary.gates_passed) share /= all;
  for (auto& [rule, share] : summary.rolled_by) share /= all;
  summary.calls_to_rollback = quantiles(std::move(calls));
  summary.people_exposed = quantiles(std::move(people));
  summary.days_to_full = quantiles(std::move(days));
  std::map<std::string, Duration> waited;  // phases together
  for (const auto& [at, span] : waited_for) waited[simulator.criterion(at.first, at.second)] += span;
  if (!waited.empty())
    summary.bottleneck = std::ranges::max_element(waited, {}, [](const auto& one) { return one.second; })->first;
  return summary;
}

}  // namespace callramp::simulation
