// Truncated-Beta mixture, in logs.
#include "core/stats/rate_line.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"
#include "core/stats/special.hpp"

namespace callramp::stats {
namespace {

// log ∫ over (line, 1) of q^(a-1) (1-q)^(b-1): P(Beta(a, b) > line) = I_{1-line}(b, a).
double log_mass_above(double line, LinePrior prior) {
  return log_beta(prior.a, prior.b) + log_beta_cdf(prior.b, prior.a, 1 - line);
}

double log_mass_below(double line, LinePrior prior) {
  return log_beta(prior.a, prior.b) + log_beta_cdf(prior.a, prior.b, line);
}

LinePrior updated(LinePrior prior, Counts counts) { return {prior.a + counts.good, prior.b + counts.bad}; }

}  // namespace

LinePrior tuned_prior_two_sided(double line, double A, double prior_n) {
  ENSURE(line > 0 && line < 1, "a line between 0 and 1");
  ENSURE(A > 0 && A < 1 && prior_n > 0, "a level between 0 and 1 at a positive sample size");
  const double variance = line * (1 - line);
  const double nats = 2 * std::log(1 / A);
  const double rho = prior_n * variance / (nats + std::log1p(nats));
  const double r = std::max(rho - variance, 1e-3 * variance);
  return {.a = r / (1 - line), .b = r / line};
}

LinePrior tuned_prior(double line, double alpha, double prior_n) {
  return tuned_prior_two_sided(line, 2 * alpha, prior_n);
}

LinePrior rare_event_prior(double line) {
  if (line > 0.5) return rare_event_prior(1 - line).swapped();
  return {.a = 0.5, .b = 0.5 / line};
}

RateLine::RateLine(double line, LinePrior prior)
    : line_(line), prior_(prior), log_line_(std::log(line)), log_rest_(std::log1p(-line)) {
  ENSURE(line > 0 && line < 1, "a line between 0 and 1");
  prior_mass_above_ = log_mass_above(line, prior);
  prior_mass_below_ = log_mass_below(line, prior);
}

double RateLine::log_e_above(Counts counts) const {
  return log_mass_above(line_, updated(prior_, counts)) - prior_mass_above_ - counts.good * log_line_ -
         counts.bad * log_rest_;
}

double RateLine::log_e_below(Counts counts) const {
  return log_mass_below(line_, updated(prior_, counts)) - prior_mass_below_ - counts.good * log_line_ -
         counts.bad * log_rest_;
}

double log_e_above(Counts counts, double line, LinePrior prior) { return RateLine{line, prior}.log_e_above(counts); }
double log_e_below(Counts counts, double line, LinePrior prior) { return RateLine{line, prior}.log_e_below(counts); }

}  // namespace callramp::stats
