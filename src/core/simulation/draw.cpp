#include "core/simulation/draw.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp::simulation {
namespace {

// Marsaglia and Tsang, 2000; shape > 0.
double gamma(SeededRandom& random, double shape) {
  double boost = 1;
  if (shape < 1) {
    boost = std::pow(1 - random.uniform(), 1 / shape);
    shape += 1;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    // Box and Muller.
    const double radius = std::sqrt(exponential(random, 2));
    const double x = radius * std::cos(6.283185307179586 * random.uniform());
    const double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v > 0 && std::log1p(-random.uniform()) < 0.5 * x * x + d * (1 - v + std::log(v))) return boost * d * v;
  }
}

}  // namespace

Poisson::Poisson(double mean) : mean_(mean) {
  ENSURE(mean >= 0 && mean <= 500, "a mean whose e^-mean is a number");
  double mass = std::exp(-mean);
  double sum = mass;
  up_to_.push_back(sum);
  for (int k = 1; (mass > 0x1.0p-60 || k < mean) && sum < 1; ++k) {
    mass *= mean / k;
    sum += mass;
    up_to_.push_back(sum);
  }
  up_to_.back() = 1;
  std::size_t k = 0;
  for (std::size_t i = 0; i < guides; ++i) {
    while (up_to_[k] <= static_cast<double>(i) / guides) ++k;
    guide_[i] = static_cast<std::uint16_t>(k);
  }
}

int binomial(SeededRandom& random, int n, double share) {
  int hits = 0;
  for (int i = 0; i < n; ++i) hits += random.uniform() < share;
  return hits;
}

double beta(SeededRandom& random, double mean, double deviation) {
  const double variance = deviation * deviation;
  if (variance <= 0 || mean <= 0 || mean >= 1) return mean;
  const double weight = mean * (1 - mean) / variance - 1;
  if (weight <= 0) return mean;
  const double a = gamma(random, mean * weight);
  const double b = gamma(random, (1 - mean) * weight);
  return a + b > 0 ? a / (a + b) : mean;
}

Alias::Alias(const std::vector<double>& weights) : keep_(weights.size(), 1), other_(weights.size()) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  ENSURE(sum > 0, "something to draw from");
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  std::vector<double> scaled(weights.size());
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    scaled[i] = weights[i] * static_cast<double>(weights.size()) / sum;
    other_[i] = i;
    (scaled[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t low = small.back();
    const std::uint32_t high = large.back();
    small.pop_back();
    keep_[low] = scaled[low];
    other_[low] = high;
    scaled[high] -= 1 - scaled[low];
    if (scaled[high] < 1) {
      large.pop_back();
      small.push_back(high);
    }
  }
}

}  // namespace callramp::simulation
