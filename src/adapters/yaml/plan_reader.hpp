// The plan file: YAML to a Plan. docs/rollout-plan.md is its grammar.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/rollout/plan.hpp"

namespace callramp::yaml {

/// What was read and everything that is wrong with it, each as "line 31: phases.week-2.percentage: …". The plan is
/// resolved and bears the hash of the bytes.
struct ReadPlan {
  rollout::Plan plan;
  std::vector<Error> problems;
};

/// At most 1 MiB. Never throws.
ReadPlan read_plan(std::string_view bytes);

/// The plan, if nothing is wrong; else invalid_request with all that is, a line each.
Result<rollout::Plan> parse_plan(std::string_view bytes);

}  // namespace callramp::yaml
