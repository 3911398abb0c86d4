// The rules that are usual elsewhere, for comparison: a point estimate against the plan's two lines.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/rollout/evidence.hpp"
#include "core/rollout/plan.hpp"

namespace callramp::simulation {

/// Rolls back when the success rate of the last `window`, or of the phase so far, lies below the trigger's line, and
/// advances after the minimum duration when it lies above the criterion's. Nothing else is looked at.
struct NaiveRule {
  Duration window{};             ///< 0: the phase so far
  std::int64_t least_calls = 1;  ///< fewer say nothing
};

/// The estimate that such a rule looks at.
class NaiveWindow {
 public:
  NaiveWindow(const NaiveRule& rule, Duration slot);
  void begin_run();
  void begin_phase();
  /// Calls of new that are known since the last slot, of this phase or, for a window, of any.
  void add(const rollout::Tally& fresh, bool of_this_phase) noexcept;
  void next_slot() noexcept;
  /// Nothing: fewer than the rule wants.
  std::optional<double> estimate() const noexcept;

 private:
  NaiveRule rule_;
  std::vector<rollout::Tally> slots_;  ///< ring; empty for the phase so far
  std::size_t at_ = 0;
  std::int64_t good_ = 0;
  std::int64_t calls_ = 0;
};

}  // namespace callramp::simulation
