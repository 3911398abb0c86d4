#include "core/rollout/lines.hpp"

#include <algorithm>
#include <cmath>

namespace callramp::rollout {
namespace {

constexpr double drift_below_criterion = 0.05;

bool is_success_line(const Condition& condition) {
  return condition.metric == "call_success_rate" && condition.baseline == Baseline::none && condition.compare;
}

}  // namespace

double rollback_line(const Plan& plan, std::size_t phase, const Condition& trigger) {
  for (const Condition& criterion : plan.phases.at(phase).advance_when)
    if (subject(criterion) == subject(trigger))
      return read_lines(plan, phase, criterion).fail.value_or(trigger.value.number);
  return trigger.value.number;
}

std::optional<double> drift_line(const Plan& plan) {
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    for (const Trigger& trigger : plan.phases[i].roll_back_when)
      if (is_success_line(trigger.condition)) return rollback_line(plan, i, trigger.condition);
    for (const Condition& criterion : plan.phases[i].advance_when)
      if (is_success_line(criterion) && criterion.value.number > drift_below_criterion)
        return criterion.value.number - drift_below_criterion;
  }
  return std::nullopt;
}

bool compares_with_old(const Condition& condition) noexcept {
  return condition.baseline == Baseline::old_system && condition.value.unit == Unit::share;
}

double margin_of(const Condition& condition) noexcept { return std::min(std::abs(condition.value.number), 0.99); }

Condition worse_than_old() {
  Condition condition;
  condition.text = "call_success_rate vs old < -0.5%";
  condition.metric = "call_success_rate";
  condition.baseline = Baseline::old_system;
  condition.compare = Compare::less;
  condition.value = {.number = -0.005, .unit = Unit::share};
  return condition;
}

}  // namespace callramp::rollout
