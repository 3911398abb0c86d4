// The interval that people are shown: every rate that the calls so far do not speak against. It covers the true rate at
// all looks together, so it may be read as often as one likes.
#pragma once

#include "core/stats/rate_line.hpp"

namespace callramp::stats {

struct Interval {
  double lo = 0;
  double hi = 1;
};

/// log E, two-sided, against a rate of exactly p: the prior is not cut off. 0 < p < 1.
double log_e_two_sided(Counts counts, double p, LinePrior prior);

/// All p with log E < log(1/alpha), the prior tuned anew at every p. `tuning` is Howard et al.'s A: 2 alpha for what
/// people are shown (the tuning of the decisions beside it), alpha as in the reference implementation. 0 to 1 before
/// the first call. About 20 µs.
struct IntervalRule {
  double alpha = 0.05;
  double prior_n = default_prior_n;
  double tuning = 0.10;
};
Interval tuned_interval(Counts counts, const IntervalRule& rule);

/// As shown: tuned_interval with A = 2 alpha.
Interval shown_interval(Counts counts, double alpha, double prior_n = default_prior_n);

/// The plain confidence sequence: one prior for every p, e.g. the uniform one.
Interval fixed_prior_interval(Counts counts, double alpha, LinePrior prior);

}  // namespace callramp::stats
