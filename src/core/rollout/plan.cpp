#include "core/rollout/plan.hpp"

#include <algorithm>
#include <array>

#include "core/rollout/metric.hpp"

namespace callramp::rollout {
namespace {

std::string where(const Plan& plan, const std::string& key) {
  const auto line = plan.lines.find(key);
  return line == plan.lines.end() ? key + ": " : "line " + std::to_string(line->second) + ": " + key + ": ";
}

}  // namespace

std::optional<std::size_t> find_phase(const Plan& plan, std::string_view name) {
  for (std::size_t i = 0; i < plan.phases.size(); ++i)
    if (plan.phases[i].name == name) return i;
  return std::nullopt;
}

Status resolve(Plan& plan) {
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    Phase& phase = plan.phases[i];
    if (phase.keeps.empty()) continue;
    const std::string key = "phases." + phase.name + ".keeps";
    const auto kept = find_phase(plan, phase.keeps);
    const auto wrong = [&](const std::string& what) {
      return fail(ErrorCode::invalid_request, where(plan, key) + what, key);
    };
    if (!kept) return wrong("there is no phase '" + phase.keeps + "'; name an earlier one");
    if (*kept == i) return wrong("a phase cannot keep its own conditions; name an earlier one");
    if (*kept > i)
      return wrong("'" + phase.keeps + "' comes later; only the conditions of an earlier phase can be kept");
    // The earlier phase is resolved already, so this is transitive.
    const Phase& earlier = plan.phases[*kept];
    const auto dropped = [&](const Condition& condition) {
      return std::ranges::find(phase.drops, subject(condition)) != phase.drops.end();
    };
    for (const std::string& drop : phase.drops)
      if (std::ranges::none_of(earlier.advance_when, [&](const Condition& one) { return subject(one) == drop; }) &&
          std::ranges::none_of(earlier.roll_back_when,
                               [&](const Trigger& one) { return subject(one.condition) == drop; }))
        return fail(ErrorCode::invalid_request,
                    where(plan, "phases." + phase.name + ".drops") + "'" + phase.keeps + "' has no line about '" +
                        drop + "'; name what stands left of its comparison",
                    "phases." + phase.name + ".drops");
    const std::vector<Condition> own_criteria = phase.advance_when;
    for (const Condition& inherited : earlier.advance_when)
      if (!dropped(inherited) &&
          std::ranges::none_of(own_criteria, [&](const Condition& own) { return subject(own) == subject(inherited); }))
        phase.advance_when.push_back(inherited);
    const std::vector<Trigger> own_triggers = phase.roll_back_when;
    for (const Trigger& inherited : earlier.roll_back_when)
      if (!dropped(inherited.condition) && std::ranges::none_of(own_triggers, [&](const Trigger& own) {
            return subject(own.condition) == subject(inherited.condition);
          }))
        phase.roll_back_when.push_back(inherited);
  }
  return {};
}

std::optional<double> planned_calls_a_day(const Phase& phase) {
  if (!phase.expected_volume) return std::nullopt;
  return (phase.expected_volume->low + phase.expected_volume->high) / 2.0;
}

const Trigger* companion(const Phase& phase, const Condition& criterion) {
  for (const Trigger& trigger : phase.roll_back_when)
    if (subject(trigger.condition) == subject(criterion)) return &trigger;
  return nullptr;
}

std::size_t ladder_step(const Plan& plan, std::size_t phase) {
  return static_cast<std::size_t>(
      std::ranges::count_if(plan.phases.begin(), plan.phases.begin() + static_cast<std::ptrdiff_t>(phase),
                            [](const Phase& earlier) { return earlier.percentage > Percent{}; }));
}

ReadLines read_lines(const Plan& plan, std::size_t phase, const Condition& criterion) {
  const double own = criterion.value.number;
  const Trigger* trigger = companion(plan.phases.at(phase), criterion);
  if (trigger == nullptr || trigger->condition.value.unit != criterion.value.unit) return {.pass = own};
  const double floor = trigger->condition.value.number;
  // Two bounds of time are two different shares: nothing lies between them.
  if (criterion.value.unit == Unit::time) return {.pass = own, .fail = floor};
  const auto between = [&](double share) { return floor + (own - floor) * share; };
  // How far from the trigger's line to the criterion's the pass line stands in the first, second, … phase.
  constexpr std::array<double, 4> steps{0, 0.5, 0.8, 1};
  switch (plan.decide.reading) {
    case Reading::strict: return {.pass = own, .fail = floor};
    case Reading::mid: return {.pass = between(0.5), .fail = between(0.5)};
    case Reading::wide: return {.pass = floor, .fail = own};
    case Reading::ladder: break;
  }
  const double step = steps[std::min(ladder_step(plan, phase), steps.size() - 1)];
  return {.pass = step == 1 ? own : between(step), .fail = between(0.5)};
}

}  // namespace callramp::rollout
