// Events counted over an exposure: complaints per 1000 calls, bugs a week, errors of new beside those of old.
//
// Against a rate: a Gamma prior on the true rate, its mean at the line, cut off there (decisions.md §1e). It depends on
// two numbers only: the events, and how many would be expected at the line. New against old: given that an event
// happens, which system it happens on is a coin that falls by the shares of exposure and the ratio of the rates (§1b).
#pragma once

#include <array>

#include "core/stats/rate_line.hpp"

namespace callramp::stats {

/// The prior's weight in events at the line.
inline constexpr double default_prior_events = 5;

/// log E for "more often than the line", against a rate at or below it. `expected` = line * exposure: events that the
/// line would give in what has been seen. Both >= 0. Finite.
double log_e_more_events(double events, double expected, double prior_events = default_prior_events);
/// log E for "less often than the line", against a rate at or above it.
double log_e_fewer_events(double events, double expected, double prior_events = default_prior_events);

/// Events of the same kind on both systems in one bucket, with the calls (or hours) they are counted over.
struct EventBlock {
  double events_new = 0;
  double events_old = 0;
  double exposure_new = 0;
  double exposure_old = 0;
};

/// The line for "an event is one of new's" if new's rate were `ratio` times old's and new had `share_new` of the
/// exposure (0 to 1 exclusive). With a constant share RateLine at this line, good = events of new, is the whole test:
/// log_e_above for "more than `ratio` times as often".
double event_share_line(double ratio, double share_new);

/// Evidence for "new's rate is more than `ratio` times old's", or less, with shares that change from bucket to bucket.
/// Mean over three alternatives: 1.5, 2 and 4 times the ratio, or the same parts of it. State: three sums.
class EventRatio {
 public:
  EventRatio(double ratio, bool more);

  /// A bucket in which one system had no exposure is no evidence.
  void fold(const EventBlock& block);
  double log_e() const;

 private:
  double ratio_;
  std::array<double, 3> alternatives_;
  std::array<double, 3> log_e_{};
};

}  // namespace callramp::stats
