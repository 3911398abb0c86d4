// Lines that no criterion writes down: where a trigger's evidence is weighed, where drift is looked for, and what is
// always compared with the old system. read_lines of plan.hpp says how a criterion and its trigger are read together.
#pragma once

#include <optional>

#include "core/rollout/plan.hpp"

namespace callramp::rollout {

/// The line of a rate's trigger: between its own and its criterion's as the plan's reading says; its own if it is
/// alone.
double rollback_line(const Plan& plan, std::size_t phase, const Condition& trigger);

/// Line of the drift detector: the rollback line of the success rate in the first phase that has one; else five points
/// below its criterion. None: the plan does not speak of the success rate.
std::optional<double> drift_line(const Plan& plan);

/// Whether the block e-process decides it: a rate "vs old".
bool compares_with_old(const Condition& condition) noexcept;
/// By how much new may be worse: "vs old > -5%" → .05; never negative.
double margin_of(const Condition& condition) noexcept;
/// "call_success_rate vs old < -0.5%": watched in every rollout that has an old system. Half a point of grace: without
/// it 6 of 1000 plans whose systems are equal are rolled back at alpha .01, with it 3.5; a rate of .55 beside .75 shows
/// after a median of 70 calls and not 66 (simulated, 4,000 plans).
Condition worse_than_old();

}  // namespace callramp::rollout
