// What a plan means before anything has happened: how each of its lines will be decided, and how many calls that takes
// if the release is good. For `validate`; the simulation tells the whole story.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/rollout/metric.hpp"
#include "core/rollout/plan.hpp"

namespace callramp::rollout {

/// For people: "evidence that it is above 60 %, and above 70 % as it stands".
std::string how_decided(const Plan& plan, std::size_t phase, const Condition& condition, bool is_trigger);

/// The need of a criterion that samples: observations of the run at a true rate that is `better` than its line.
struct Need {
  double assumed = 0;                ///< the true rate; of a time the share that is too slow
  std::string_view observed;         ///< "calls", "retries", "labels"
  std::optional<std::int64_t> half;  ///< half of such rollouts have passed by then; none: not within 4000
  std::optional<std::int64_t> most;  ///< 95 % of them
  std::optional<double> planned;     ///< observations planned up to the end of the phase; none: no expected_volume
  std::optional<double> by_then;     ///< chance to have passed by then
};
/// Nothing for what does not sample calls. `better`: 0.05 is five points; of a share below .1 the half of it, since no
/// rate is below zero. `longest`: how long the phase is given, in place of its min_duration.
std::optional<Need> need_of(const Plan& plan, std::size_t phase, const Condition& criterion, double better,
                            std::optional<Duration> longest = std::nullopt);

}  // namespace callramp::rollout
