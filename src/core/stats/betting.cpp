// Each bet is sized from the values before it, so that nobody bets on what is known.
#include "core/stats/betting.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/ensure.hpp"

namespace callramp::stats {
namespace {

constexpr double most_at_stake = 0.5;    // of the capital, if the worst value comes
constexpr double first_mean = 0.5;       // one pseudo-value behind the running mean …
constexpr double first_variance = 0.25;  // … and behind the running variance: the largest that values in 0 … 1 have

void check(double value) { ENSURE(value >= 0 && value <= 1, "a value from 0 to 1"); }

}  // namespace

MeanBet::MeanBet(double line, Side side) : line_(line), side_(side) {
  ENSURE(line > 0 && line < 1, "a line between 0 and 1");
}

void MeanBet::fold(double value) {
  check(value);
  const auto seen = static_cast<double>(n_) + 1;  // with the pseudo-value, which lies on the line
  const double mean = lead_ / seen;
  const double variance = (first_variance + deviations_) / seen;
  const double worst = side_ == Side::above ? line_ : 1 - line_;
  const double bet = std::clamp(mean / (variance + mean * mean), 0.0, most_at_stake / worst);
  const double d = side_ == Side::above ? value - line_ : line_ - value;
  log_e_ += std::log1p(bet * d);
  ++n_;
  sum_ += value;
  lead_ += d;
  const double new_mean = lead_ / (seen + 1);
  deviations_ += (d - new_mean) * (d - new_mean);
}

double MeanBet::mean() const noexcept { return n_ == 0 ? line_ : sum_ / static_cast<double>(n_); }

HedgedCapital::HedgedCapital(double m, double alpha) : m_(m), nats_(2 * std::log(2 / alpha)) {
  ENSURE(m > 0 && m < 1 && alpha > 0 && alpha < 1, "a mean and a level between 0 and 1");
}

void HedgedCapital::fold(double value) {
  check(value);
  const auto t = static_cast<double>(n_) + 1;
  const double variance = (first_variance + deviations_) / t;
  const double bet = std::sqrt(nats_ / (t * std::log1p(t) * variance));
  log_higher_ += std::log1p(std::min(bet, most_at_stake / m_) * (value - m_));
  log_lower_ += std::log1p(-std::min(bet, most_at_stake / (1 - m_)) * (value - m_));
  ++n_;
  sum_ += value;
  const double mean = (first_mean + sum_) / (t + 1);
  deviations_ += (value - mean) * (value - mean);
}

double HedgedCapital::log_e() const noexcept { return std::max(log_higher_, log_lower_) - std::numbers::ln2; }

}  // namespace callramp::stats
