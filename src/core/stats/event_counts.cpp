// Gamma-Poisson mixture cut off at the line, and likelihood ratios of coins.
#include "core/stats/event_counts.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"
#include "core/stats/special.hpp"

namespace callramp::stats {
namespace {

// log E without the cut: a log a - (a + N) log(a + µ) + log Γ(a + N) - log Γ(a) + µ, in units in which the line is 1.
double log_e_uncut(double events, double expected, double a) {
  return a * std::log(a) - (a + events) * std::log(a + expected) + log_gamma(a + events) - log_gamma(a) + expected;
}

void check(double events, double expected, double prior_events) {
  ENSURE(events >= 0 && expected >= 0 && prior_events > 0, "counts that are not negative");
}

}  // namespace

double log_e_more_events(double events, double expected, double prior_events) {
  check(events, expected, prior_events);
  return log_e_uncut(events, expected, prior_events) + log_gamma_q(prior_events + events, prior_events + expected) -
         log_gamma_q(prior_events, prior_events);
}

double log_e_fewer_events(double events, double expected, double prior_events) {
  check(events, expected, prior_events);
  return log_e_uncut(events, expected, prior_events) + log_gamma_p(prior_events + events, prior_events + expected) -
         log_gamma_p(prior_events, prior_events);
}

double event_share_line(double ratio, double share_new) {
  ENSURE(ratio > 0 && share_new > 0 && share_new < 1, "a positive ratio and a share between 0 and 1");
  return ratio * share_new / (ratio * share_new + 1 - share_new);
}

EventRatio::EventRatio(double ratio, bool more) : ratio_(ratio) {
  ENSURE(ratio > 0, "a positive ratio");
  alternatives_ = {ratio * 1.5, ratio * 2, ratio * 4};
  if (!more) alternatives_ = {ratio / 1.5, ratio / 2, ratio / 4};
}

void EventRatio::fold(const EventBlock& block) {
  if (block.exposure_new <= 0 || block.exposure_old <= 0) return;
  const double share = block.exposure_new / (block.exposure_new + block.exposure_old);
  const double null = event_share_line(ratio_, share);
  for (std::size_t i = 0; i < log_e_.size(); ++i) {
    const double alternative = event_share_line(alternatives_[i], share);
    log_e_[i] += block.events_new * std::log(alternative / null) +
                 block.events_old * (std::log1p(-alternative) - std::log1p(-null));
  }
}

double EventRatio::log_e() const { return log_add_exp(log_add_exp(log_e_[0], log_e_[1]), log_e_[2]) - std::log(3.0); }

}  // namespace callramp::stats
