// How a plan's two lines of a rate are read (docs/decisions.md): a criterion says "above 70 %", its trigger "below
// 60 %", and the reading says at which lines between them the evidence for either is weighed. The criterion's and the
// trigger's own lines stay guards: the estimate must lie beyond them.
#pragma once

#include <optional>

#include "core/rollout/plan.hpp"

namespace callramp::rollout {

/// The boundary values of the hypotheses; none where the phase has no such line.
struct Lines {
  std::optional<double> pass;  ///< evidence to advance speaks against "the rate is at this line or worse"
  std::optional<double> fail;  ///< evidence to roll back speaks against "the rate is at this line or better"
};

/// `rung`: of the phase among those with a percentage above 0, from 0.
Lines read_lines(Reading reading, int rung, std::optional<double> criterion, std::optional<double> trigger);

/// The phase's own lines of a rate: of `metric` without baseline, percentile and arguments.
std::optional<double> criterion_line(const Phase& phase, std::string_view metric);
std::optional<double> trigger_line(const Phase& phase, std::string_view metric);
int rung_of(const Plan& plan, std::size_t phase);

/// Line of the drift detector: the rollback line of the success rate in the first phase that has one; else five points
/// below its criterion. None: the plan does not speak of the success rate.
std::optional<double> drift_line(const Plan& plan);

/// Whether the block e-process decides it: "vs old" with a margin in points. Factors ("2x") are ratios of counts.
bool compares_with_old(const Condition& condition) noexcept;
/// By how much new may be worse: "vs old > -5%" → .05; never negative.
double margin_of(const Condition& condition) noexcept;
/// "call_success_rate vs old < 0%": watched in every rollout that has an old system.
Condition worse_than_old();

}  // namespace callramp::rollout
