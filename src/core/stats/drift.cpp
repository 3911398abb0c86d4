// Three detectors side by side.
#include "core/stats/drift.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"

namespace callramp::stats {
namespace {

constexpr std::array<double, 3> drops{0.05, 0.12, 0.25};
constexpr std::array<double, 3> least_shares{0.5, 0.25, 0.125};  // of the line, for lines near zero
constexpr double ceiling = 1e300;

}  // namespace

DriftDetector::DriftDetector(double line) {
  ENSURE(line > 0 && line < 1, "a line between 0 and 1");
  for (std::size_t i = 0; i < drops.size(); ++i) {
    const double alternative = std::max(line - drops[i], line * least_shares[i]);
    steps_[i] = {.good = std::log(alternative / line), .bad = std::log1p(-alternative) - std::log1p(-line)};
  }
}

void DriftDetector::fold(Counts bucket) {
  const double calls = bucket.total();
  if (calls <= 0) return;
  for (std::size_t i = 0; i < r_.size(); ++i) {
    const double ratio = std::exp(bucket.good * steps_[i].good + bucket.bad * steps_[i].bad);
    r_[i] = std::min((r_[i] + calls) * ratio, ceiling);
  }
}

double DriftDetector::value() const noexcept { return (r_[0] + r_[1] + r_[2]) / 3; }

}  // namespace callramp::stats
