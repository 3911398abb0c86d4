// A success rate against a line: evidence that stays valid however often one looks.
//
// The evidence is a mixture of likelihood ratios: a Beta prior on the true rate, cut off at the line (decisions.md §1a,
// "truncated-Beta mixture"). If the claim is false, E is at most 1 on average at every stopping time, so E >= 1/α at
// any look ever happens with a chance of at most α (Ville). It depends on the two counts alone: order-free, added up
// over nodes, O(1). The claim need only hold call by call: P(success | past) <= line for each call.
#pragma once

#include <cstdint>

namespace callramp::stats {

/// Outcomes of one kind. Whole numbers, which doubles add exactly up to 2^53, or whole numbers divided by a design
/// effect.
struct Counts {
  double good = 0;
  double bad = 0;

  double total() const noexcept { return good + bad; }
  Counts swapped() const noexcept { return {bad, good}; }
  /// good / total; total must not be 0.
  double share() const noexcept { return good / total(); }
  Counts& operator+=(const Counts& other) noexcept {
    good += other.good;
    bad += other.bad;
    return *this;
  }
  bool operator==(const Counts&) const = default;
};

inline Counts operator+(Counts left, const Counts& right) noexcept { return left += right; }
inline Counts operator/(const Counts& counts, double design_effect) noexcept {
  return {counts.good / design_effect, counts.bad / design_effect};
}

/// The Beta prior (a, b) on the rate, a, b > 0.
struct LinePrior {
  double a = 1;
  double b = 1;
  LinePrior swapped() const noexcept { return {b, a}; }
};

inline constexpr LinePrior uniform_prior{};
/// The sample size at which a tuned prior is sharpest: the best compromise of §1a's exact table.
inline constexpr double default_prior_n = 150;

/// Sharpest after about `prior_n` calls at level `alpha`, mean at the line; one-sided (Howard et al., A = 2α). The same
/// prior serves both directions. 0 < line < 1, 0 < alpha < ½.
LinePrior tuned_prior(double line, double alpha, double prior_n = default_prior_n);
/// As tuned_prior with A given as such: A = α for a two-sided test, 2α for a one-sided one. 0 < A < 1.
LinePrior tuned_prior_two_sided(double line, double A, double prior_n);
/// For lines near 0 or 1 ("slow answers below 5 %", "up 99.5 %"): half an event's worth of prior, its mean at the line.
LinePrior rare_event_prior(double line);

/// A line with its prior, and all that does not depend on the counts computed once.
class RateLine {
 public:
  /// 0 < line < 1.
  RateLine(double line, LinePrior prior);

  /// log E for "the rate is above the line", against p <= line. Natural log, finite for any finite counts.
  double log_e_above(Counts counts) const;
  /// log E for "the rate is below the line", against p >= line.
  double log_e_below(Counts counts) const;
  double line() const noexcept { return line_; }
  LinePrior prior() const noexcept { return prior_; }

 private:
  double line_;
  LinePrior prior_;
  double log_line_;
  double log_rest_;
  double prior_mass_above_;  ///< log ∫ of the unnormalised prior over (line, 1)
  double prior_mass_below_;
};

/// For a single look; a RateLine saves half of the work when there are more.
double log_e_above(Counts counts, double line, LinePrior prior);
double log_e_below(Counts counts, double line, LinePrior prior);

}  // namespace callramp::stats
