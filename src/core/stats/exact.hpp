// What a boundary promises, computed rather than simulated: the chance that it is ever reached, and how many calls that
// takes, at a given true rate. By dynamic programming over the number of good calls.
#pragma once

#include <cstdint>
#include <optional>

#include "core/stats/boundary.hpp"

namespace callramp::stats {

struct StoppingTime {
  double passed = 0;                   ///< chance to have reached the pass wall within the horizon
  double failed = 0;                   ///< … the fail wall
  double undecided = 1;                ///< … neither
  double mean = 0;                     ///< calls until decided, the undecided counted with the horizon
  std::optional<std::int64_t> median;  ///< none: less than half is decided within the horizon
  std::optional<std::int64_t> q95;
};

/// Looks after every call, `horizon` calls long, every call good with chance `rate`. With rate = line, `passed` is the
/// type-I error that is really spent. Error of the probabilities below 1e-12. O(horizon^1.5).
StoppingTime exact_stopping_time(Walls walls, double rate, std::int64_t horizon);

}  // namespace callramp::stats
