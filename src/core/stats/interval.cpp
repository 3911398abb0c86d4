// Bisection on either side of the estimate.
#include "core/stats/interval.hpp"

#include <cmath>

#include "base/ensure.hpp"
#include "core/stats/special.hpp"

namespace callramp::stats {
namespace {

// Evidence falls towards the estimate from both sides: the end of the interval is where it crosses the threshold.
// 80 halvings of at most 1 reach a double's last digit even for ends near 10^-6.
constexpr int halvings = 80;

template <class LogE>
double end_between(double outside, double inside, double need, const LogE& log_e) {
  for (int i = 0; i < halvings; ++i) {
    const double middle = outside + (inside - outside) / 2;
    if (middle == outside || middle == inside) break;
    (log_e(middle) >= need ? outside : inside) = middle;
  }
  return inside;
}

template <class LogE>
Interval interval(Counts counts, double alpha, const LogE& log_e) {
  ENSURE(alpha > 0 && alpha < 1, "a level between 0 and 1");
  if (counts.total() <= 0) return {};
  const double need = -std::log(alpha);
  return {.lo = counts.good > 0 ? end_between(0, counts.share(), need, log_e) : 0,
          .hi = counts.bad > 0 ? end_between(1, counts.share(), need, log_e) : 1};
}

}  // namespace

double log_e_two_sided(Counts counts, double p, LinePrior prior) {
  return log_beta(prior.a + counts.good, prior.b + counts.bad) - log_beta(prior.a, prior.b) -
         counts.good * std::log(p) - counts.bad * std::log1p(-p);
}

Interval tuned_interval(Counts counts, const IntervalRule& rule) {
  return interval(counts, rule.alpha, [&](double p) {
    return log_e_two_sided(counts, p, tuned_prior_two_sided(p, rule.tuning, rule.prior_n));
  });
}

Interval shown_interval(Counts counts, double alpha, double prior_n) {
  return tuned_interval(counts, {.alpha = alpha, .prior_n = prior_n, .tuning = 2 * alpha});
}

Interval fixed_prior_interval(Counts counts, double alpha, LinePrior prior) {
  return interval(counts, alpha, [&](double p) { return log_e_two_sided(counts, p, prior); });
}

}  // namespace callramp::stats
