// Estimates, their projection onto "the claim is just false", and the block's likelihood ratio.
#include "core/stats/new_vs_old.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"

namespace callramp::stats {
namespace {

// Pseudo-calls behind the first estimates: old is known better, and new is first taken to be a little worse where that
// is what is to be shown (decisions.md §1b).
constexpr double old_pseudo_calls = 20;
constexpr double new_pseudo_calls = 4;
constexpr double first_guess_worse_by = 0.1;
constexpr double least_rate = 1e-3;

struct Rates {
  double on_new;
  double on_old;
};

double shrunk(Counts seen, double guess, double pseudo_calls) {
  return (seen.good + pseudo_calls * guess) / (seen.total() + pseudo_calls);
}

Rates estimates(const VersusRule& rule, Counts on_new, Counts on_old) {
  const double first =
      rule.claim == VersusClaim::worse ? rule.prior_success - rule.margin - first_guess_worse_by : rule.prior_success;
  return {.on_new = shrunk(on_new, std::clamp(first, least_rate, 1 - least_rate), new_pseudo_calls),
          .on_old = shrunk(on_old, rule.prior_success, old_pseudo_calls)};
}

// The pair with on_new = on_old - margin nearest to the estimates. Without a margin it is their mean, weighted.
Rates projected(const Rates& rates, const Block& block, double margin) {
  const double calls_new = block.on_new.total();
  const double calls_old = block.on_old.total();
  const double mean = (calls_new * rates.on_new + calls_old * (rates.on_old - margin)) / (calls_new + calls_old);
  if (margin == 0) return {mean, mean};
  // The distance is convex in x: its slope is negative at one of these ends and positive at the other.
  double low = std::max(std::min(rates.on_new, rates.on_old - margin), 0.0);
  double high = std::min(std::max(rates.on_new, rates.on_old - margin), 1 - margin);
  double x = std::clamp(mean, low + (high - low) * 1e-3, high - (high - low) * 1e-3);
  for (int i = 0; i < 60; ++i) {
    const double y = x + margin;
    const double variance_x = x * (1 - x);
    const double variance_y = y * (1 - y);
    const double step_x = (x - rates.on_new) / variance_x;
    const double step_y = (y - rates.on_old) / variance_y;
    const double slope = calls_new * step_x + calls_old * step_y;
    (slope < 0 ? low : high) = x;
    // d/dx of (x - θ) / (x (1 - x)) is 1/v - (x - θ)(1 - 2x)/v².
    const double curvature = calls_new * (1 / variance_x - step_x * (1 - 2 * x) / variance_x) +
                             calls_old * (1 / variance_y - step_y * (1 - 2 * y) / variance_y);
    double next = x - slope / curvature;
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    const bool done = std::abs(next - x) < 1e-13;
    x = next;
    if (done) break;
  }
  return {x, x + margin};
}

double log_ratio(Counts counts, double rate, double null_rate) {
  return counts.good * std::log(rate / null_rate) + counts.bad * std::log((1 - rate) / (1 - null_rate));
}

}  // namespace

NewVsOld::NewVsOld(const VersusRule& rule) : rule_(rule) {
  ENSURE(rule.margin >= 0 && rule.margin < 1, "a margin from 0 to 1");
  ENSURE(rule.prior_success > 0 && rule.prior_success < 1, "a guess between 0 and 1");
}

void NewVsOld::fold(const Block& block) {
  const Rates rates = estimates(rule_, new_, old_);
  const double lead = rates.on_new - (rates.on_old - rule_.margin);
  const bool bets = rule_.claim == VersusClaim::worse ? lead < 0 : lead > 0;
  if (bets && block.on_new.total() > 0 && block.on_old.total() > 0) {
    const Rates null = projected(rates, block, rule_.margin);
    log_e_ += log_ratio(block.on_new, rates.on_new, null.on_new) + log_ratio(block.on_old, rates.on_old, null.on_old);
  }
  new_ += block.on_new;
  old_ += block.on_old;
}

}  // namespace callramp::stats
