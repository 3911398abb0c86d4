// What this build measures. A plan may speak of every metric of the catalogue, and some of them nobody reports yet:
// such a criterion stays no_data for ever, and such a trigger never fires. This is the one list of what is reported;
// `validate` and POST /rollouts warn by it, and a test holds it against what the recorders really write.
#pragma once

#include <span>
#include <string_view>

#include "core/rollout/condition.hpp"

namespace callramp::rollout {

struct Plan;

/// Names of the levels (`source_key`) that the evidence recorder reports once a minute where their source exists.
std::span<const std::string_view> measured_levels() noexcept;
/// Names of the times that are counted against bounds.
std::span<const std::string_view> measured_times() noexcept;
/// Names of the acts with a date that something records: "drill:kill_switch".
std::span<const std::string_view> measured_acts() noexcept;

/// Whether anything reports what the condition reads; true for all that is counted from calls and reports, that people
/// sign, and that the plan's own `metrics:` ask Prometheus for.
bool is_measured(const Plan& plan, const Condition& condition);

}  // namespace callramp::rollout
