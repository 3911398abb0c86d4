// Outlook: when the current phase may be over, and which criterion keeps it longest. A range of dates, because the
// forecast that it rests on is one: the criteria's own forecasts, turned into days by the rate at which their evidence
// has been coming.
#pragma once

#include <optional>
#include <string>

#include "core/rollout/decide.hpp"

namespace callramp::rollout {

struct Outlook {
  std::string slowest;  ///< text of the undecided criterion that takes longest; empty: only clocks and people wait
  Forecast needs;       ///< of that criterion, in its own observations
  double per_day = 0;   ///< such observations a day; 0: none are coming
  bool rate_planned = false;      ///< from the plan's volume: too little has been seen
  Instant soonest{};              ///< 10 % of such cases are over by then; never before the clocks of the phase
  std::optional<Instant> likely;  ///< half are; none: half are not within the forecast's horizon, or nothing comes
  std::optional<Instant> latest;  ///< 90 % are
};

/// Nothing unless a phase runs. `look`: the judgements of now.
std::optional<Outlook> outlook(const Plan& plan, const RolloutState& state, const Decision& look,
                               const PhaseFold& counts, Instant now);

}  // namespace callramp::rollout
