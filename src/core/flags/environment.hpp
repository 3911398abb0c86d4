// What OUTBOUND_CALLS_PERCENTAGE and OUTBOUND_CALLS_ENABLED order at a start: the plan's rollback method 1.
//
// The plan rolls back by changing the environment and restarting; but a restart for any other reason must not undo what
// was set since by API or by the rollout. So only a value that *changed* since the last start is an order. Pure: the
// caller reads the environment and the stored values, carries the verdict out, and stores `now` as seen, refused values
// included, so that what was refused once does not come into force at some later restart.
#pragma once

#include <optional>
#include <string>

#include "core/flags/flags.hpp"

namespace callramp {

/// The two variables; absent where the environment does not set one.
struct EnvironmentFlags {
  std::optional<bool> outbound_calls_enabled;
  std::optional<Percent> outbound_calls_percentage;
  bool operator==(const EnvironmentFlags&) const = default;
};

struct EnvironmentVerdict {
  FlagPatch patch;      ///< to apply now, source "environment"; empty: nothing to do
  std::string reason;   ///< for the audit, exactly if the patch is not empty
  std::string refused;  ///< one sentence for log and operator; empty: nothing was refused
};

/// `seen` are the values of the last start (none before the first), `flags` those in force. A changed value that lowers
/// the percentage or disables calls always applies; one that raises or enables does so only while no rollout runs.
/// A value that equals what is in force, or a variable that was removed, orders nothing.
EnvironmentVerdict judge_environment(const EnvironmentFlags& seen, const EnvironmentFlags& now,
                                     const FeatureFlags& flags, bool rollout_runs);

}  // namespace callramp
