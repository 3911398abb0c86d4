// Drift inside a phase: a Shiryaev-Roberts e-detector. Cumulative evidence remembers good weeks as credit; this does
// not: it bets on every moment as the one since which the rate lies below the line.
//
// A bucket is one step: R <- (R + m) L, m = its calls, L = the likelihood ratio of all its outcomes. The m stakes of a
// bucket are laid before its outcomes are seen, so under "the rate is at or above the line" R minus the number of calls
// so far is a supermartingale, as with R <- (R + 1) L call by call, which this is for buckets of one call. Hence, for
// buckets of any size and outcomes in any order within them: on average at least A calls pass before an alarm at
// R >= A, and an alarm within N calls has a chance of at most N / A. Order matters between buckets: they are folded in
// the order of their start, by one decider.
#pragma once

#include <array>

#include "core/stats/rate_line.hpp"

namespace callramp::stats {

/// Alarm levels of the mean of the three detectors (decisions.md §3): freezing is cheap and reversible; an automatic
/// rollback happens falsely within 10^4 calls with a chance of at most 1 %. The study proposes 2*10^6 for it; that
/// misses a median of 450 calls to catch a drop from .75 to .55 (470), which 10^6 keeps (436).
inline constexpr double drift_freeze_level = 1e4;
inline constexpr double drift_rollback_level = 1e6;

/// State: plain data, recomputable from the buckets. For a rate that must stay below a line, swap the outcomes and give
/// 1 - line.
class DriftDetector {
 public:
  /// 0 < line < 1. The alternatives lie .05, .12 and .25 below the line, but not below a half, a quarter and an eighth
  /// of it.
  explicit DriftDetector(double line);

  /// One bucket that has closed, empty or not.
  void fold(Counts bucket);
  /// Mean of the three: 0 at the start. Never above 1e300, where it stays until good calls bring it down.
  double value() const noexcept;
  bool alarm(double level) const noexcept { return value() >= level; }
  const std::array<double, 3>& parts() const noexcept { return r_; }

 private:
  struct Step {
    double good = 0;  ///< log likelihood ratio of one good call
    double bad = 0;
  };
  std::array<Step, 3> steps_;
  std::array<double, 3> r_{};
};

}  // namespace callramp::stats
