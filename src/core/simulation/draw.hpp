// Draws of whole numbers, exact and fast: a simulation of 20,000 rollouts makes some 10^8 of them.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace callramp::simulation {

/// The seed of one part of a simulation: the same on every machine and in any order of the parts.
constexpr std::uint64_t seed_of(std::uint64_t seed, std::uint64_t run, std::uint64_t part) noexcept {
  // SplitMix64's finaliser after each part, so that neighbours share nothing and seeds do not meet.
  std::uint64_t z = 0;
  for (const std::uint64_t next : {seed, run, part}) {
    z = (z + next + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
  }
  return z;
}

/// Poisson by inversion of its table: one uniform a draw. The tail beyond the table is below 2^-53.
class Poisson {
 public:
  Poisson() : Poisson(0) {}
  /// 0 <= mean <= 500.
  explicit Poisson(double mean);
  double mean() const noexcept { return mean_; }

  int draw(SeededRandom& random) const {
    const double u = random.uniform();
    auto k = static_cast<std::size_t>(guide_[static_cast<std::size_t>(u * guides)]);
    while (u >= up_to_[k]) ++k;
    return static_cast<int>(k);
  }

 private:
  static constexpr std::size_t guides = 32;
  double mean_;
  std::vector<double> up_to_;  ///< P(X <= k); the last is 1
  std::array<std::uint16_t, guides> guide_{};
};

/// Of `n` the number that `share` of hits; by one uniform each: n is small here.
int binomial(SeededRandom& random, int n, double share);
/// Exponential with this mean.
inline double exponential(SeededRandom& random, double mean) { return -mean * std::log1p(-random.uniform()); }
/// Beta with this mean and standard deviation, by two gammas; the mean itself where no such Beta exists.
double beta(SeededRandom& random, double mean, double deviation);

/// Indices drawn by weight in constant time (Walker's alias method).
class Alias {
 public:
  Alias() = default;
  /// Weights >= 0, not all zero.
  explicit Alias(const std::vector<double>& weights);
  std::uint32_t draw(SeededRandom& random) const {
    const auto at = static_cast<std::uint32_t>(random.below(keep_.size()));
    return random.uniform() < keep_[at] ? at : other_[at];
  }
  std::size_t size() const noexcept { return keep_.size(); }

 private:
  std::vector<double> keep_;
  std::vector<std::uint32_t> other_;
};

}  // namespace callramp::simulation
