#include "core/rollout/lines.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace callramp::rollout {
namespace {

constexpr std::array<double, 4> ladder{0, 0.5, 0.8, 1};  // decisions.md §0: .60 → .65 → .68 → .70
constexpr double drift_below_criterion = 0.05;

bool is_plain_rate(const Condition& condition, std::string_view metric) {
  return condition.metric == metric && condition.baseline == Baseline::none && !condition.percentile &&
         condition.arguments.empty() && condition.compare && condition.value.unit == Unit::share;
}

double between(double from, double to, double part) { return from + (to - from) * part; }

}  // namespace

Lines read_lines(Reading reading, int rung, std::optional<double> criterion, std::optional<double> trigger) {
  if (!criterion || !trigger) return {.pass = criterion, .fail = trigger};
  switch (reading) {
    case Reading::strict: return {.pass = criterion, .fail = trigger};
    case Reading::wide: return {.pass = trigger, .fail = criterion};
    case Reading::mid: break;
    case Reading::ladder: {
      const auto step = static_cast<std::size_t>(std::clamp<int>(rung, 0, ladder.size() - 1));
      return {.pass = between(*trigger, *criterion, ladder[step]), .fail = between(*trigger, *criterion, 0.5)};
    }
  }
  return {.pass = between(*trigger, *criterion, 0.5), .fail = between(*trigger, *criterion, 0.5)};
}

std::optional<double> criterion_line(const Phase& phase, std::string_view metric) {
  for (const Condition& condition : phase.advance_when)
    if (is_plain_rate(condition, metric)) return condition.value.number;
  return std::nullopt;
}

std::optional<double> trigger_line(const Phase& phase, std::string_view metric) {
  for (const Trigger& trigger : phase.roll_back_when)
    if (is_plain_rate(trigger.condition, metric)) return trigger.condition.value.number;
  return std::nullopt;
}

int rung_of(const Plan& plan, std::size_t phase) {
  int rung = 0;
  for (std::size_t i = 0; i < phase; ++i)
    if (plan.phases[i].percentage > Percent{}) ++rung;
  return rung;
}

std::optional<double> drift_line(const Plan& plan) {
  constexpr std::string_view metric = "call_success_rate";
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    const auto criterion = criterion_line(plan.phases[i], metric);
    const Lines lines =
        read_lines(plan.decide.reading, rung_of(plan, i), criterion, trigger_line(plan.phases[i], metric));
    if (lines.fail) return lines.fail;
    if (criterion && *criterion > drift_below_criterion) return *criterion - drift_below_criterion;
  }
  return std::nullopt;
}

bool compares_with_old(const Condition& condition) noexcept {
  return condition.baseline == Baseline::old_system && condition.value.unit == Unit::share &&
         (condition.metric == "call_success_rate" || condition.metric == "error_rate");
}

double margin_of(const Condition& condition) noexcept { return std::min(std::abs(condition.value.number), 0.99); }

Condition worse_than_old() {
  Condition condition;
  condition.text = "call_success_rate vs old < 0%";
  condition.metric = "call_success_rate";
  condition.baseline = Baseline::old_system;
  condition.compare = Compare::less;
  condition.value = {.number = 0, .unit = Unit::share};
  return condition;
}

}  // namespace callramp::rollout
