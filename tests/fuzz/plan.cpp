// Plan files: whatever the bytes are, the reader answers with complaints or with a plan; what it accepts has one
// spelling that reads back, does not differ from itself, and can be explained.
#include <cstdint>

#include "adapters/yaml/plan_reader.hpp"
#include "base/ensure.hpp"
#include "core/rollout/plan_outlook.hpp"

using namespace callramp;

namespace {

void reads_back(const rollout::Condition& condition) {
  const auto again = rollout::parse_condition(condition.text);
  ENSURE(again.has_value(), "a condition's own spelling is accepted");
  ENSURE(again->text == condition.text, "and is its only one");
  ENSURE(rollout::subject(*again) == rollout::subject(condition), "about the same subject");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto condition = rollout::parse_condition(text)) reads_back(*condition);

  const yaml::ReadPlan read = yaml::read_plan(text);
  for (const Error& problem : read.problems) ENSURE(!problem.message.empty(), "every complaint says something");
  if (!read.problems.empty()) return 0;
  const rollout::Plan& plan = read.plan;
  ENSURE(!plan.phases.empty(), "a sound plan has a phase");
  ENSURE(rollout::compare(plan, plan, 0).empty(), "a plan does not differ from itself");
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    for (const rollout::Condition& criterion : plan.phases[i].advance_when) {
      reads_back(criterion);
      ENSURE(!rollout::how_decided(plan, i, criterion, false).empty(), "every criterion can be explained");
    }
    for (const rollout::Trigger& trigger : plan.phases[i].roll_back_when) reads_back(trigger.condition);
  }
  return 0;
}
