// "How many more calls?" The exact forecast: calls go on as an urn would that holds what was seen (Pólya's urn, one
// ball of each kind added), until the evidence settles. Shown as a band, never as one number: the runs that are still
// undecided are the unlucky ones, and a straight line through the estimate misjudges them two- to fourfold.
#pragma once

#include <cstdint>
#include <optional>

#include "core/stats/boundary.hpp"

namespace callramp::stats {

struct Forecast {
  /// Further calls within which 10, 50 and 90 % of such cases settle; none: fewer than that settle within the horizon.
  /// 0 if the evidence has settled already.
  std::optional<std::int64_t> q10;
  std::optional<std::int64_t> q50;
  std::optional<std::int64_t> q90;
  double p_never = 1;  ///< chance that the horizon ends without settling
  double p_pass = 0;   ///< chance to settle as passed, and as failed
  double p_fail = 0;
};

/// Counts are rounded to whole calls, so that they may have been divided by a design effect: then give the horizon
/// divided by it too, and multiply what comes back. O(horizon * width), about 1 ms at 2,000.
Forecast forecast(Walls walls, Counts so_far, std::int64_t horizon);

/// Further calls to the pass wall if all of them are good; none: not within `most`.
std::optional<std::int64_t> fewest_calls(Boundary& pass, Counts so_far, std::int64_t most);

/// How many of the next `calls` may fail if the evidence is to pass after them; none: not even without a failure.
std::optional<std::int64_t> failures_allowed(Boundary& pass, Counts so_far, std::int64_t calls);

}  // namespace callramp::stats
