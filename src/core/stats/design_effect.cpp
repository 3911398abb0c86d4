// From sums of whole numbers, so that no order of adding changes a bit.
#include "core/stats/design_effect.hpp"

#include <algorithm>

namespace callramp::stats {

void ClusterSums::add(Counts cluster) noexcept {
  const double calls = cluster.total();
  if (calls <= 0) return;
  clusters += 1;
  n += calls;
  good += cluster.good;
  n_squared += calls * calls;
  good_squared += cluster.good * cluster.good;
  good_times_n += cluster.good * calls;
}

ClusterSums& ClusterSums::operator+=(const ClusterSums& other) noexcept {
  clusters += other.clusters;
  n += other.n;
  good += other.good;
  n_squared += other.n_squared;
  good_squared += other.good_squared;
  good_times_n += other.good_times_n;
  return *this;
}

double design_effect(const ClusterSums& sums) {
  if (sums.clusters < least_clusters) return 1;
  const double p = sums.good / sums.n;
  const double independent = sums.n * p * (1 - p);
  if (independent <= 0) return 1;
  const double deviations = sums.good_squared - 2 * p * sums.good_times_n + p * p * sums.n_squared;
  const auto k = static_cast<double>(sums.clusters);
  return std::max(1.0, k / (k - 1) * deviations / independent);
}

double design_effect(const ClusterSums& one, const ClusterSums& other) {
  return std::max(design_effect(one), design_effect(other));
}

}  // namespace callramp::stats
