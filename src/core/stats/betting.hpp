// The mean of bounded values by betting: a capital that cannot grow on average if the claim is false, and that bets
// more the better the past was (Waudby-Smith, Ramdas; decisions.md §1a). For cost per call and satisfaction; for plain
// successes RateLine is as strong and needs no order.
//
// Depends on the order of the values: one stream, by start of the call.
#pragma once

#include <cstdint>

#include "core/stats/boundary.hpp"

namespace callramp::stats {

/// Evidence that the mean lies on one side of a line, by the approximate Kelly bet. Values are in 0 … 1: divide by a
/// cap, and count apart what lies above it (those enter as 1).
class MeanBet {
 public:
  /// 0 < line < 1. Side::above: "the mean is above the line", against mean <= line.
  MeanBet(double line, Side side);

  /// The next value, 0 … 1; others are a broken invariant.
  void fold(double value);
  double log_e() const noexcept { return log_e_; }
  std::int64_t n() const noexcept { return n_; }
  double mean() const noexcept;  ///< of the values so far; the line before the first

 private:
  double line_;
  Side side_;
  std::int64_t n_ = 0;
  double sum_ = 0;         ///< of the values
  double lead_ = 0;        ///< sum of D, how far each value lay on the claimed side
  double deviations_ = 0;  ///< sum of (D - running mean of D)²
  double log_e_ = 0;
};

/// Hedged capital against "the mean is exactly m": half bets that it is higher, half that it is lower. For an interval
/// over means: all m with log_e() < log(1/alpha).
class HedgedCapital {
 public:
  /// 0 < m < 1, 0 < alpha < 1: bets are sized to settle at this level.
  HedgedCapital(double m, double alpha);

  void fold(double value);
  double log_higher() const noexcept { return log_higher_; }
  double log_lower() const noexcept { return log_lower_; }
  /// log max(½ higher, ½ lower).
  double log_e() const noexcept;

 private:
  double m_;
  double nats_;  ///< 2 log(2/alpha)
  std::int64_t n_ = 0;
  double sum_ = 0;
  double deviations_ = 0;
  double log_higher_ = 0;
  double log_lower_ = 0;
};

}  // namespace callramp::stats
