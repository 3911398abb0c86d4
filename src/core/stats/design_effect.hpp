// The design effect: by how much calls that behave alike (one hour, one list, one user) inflate the variance of a
// success rate. Evidence is read at counts divided by it; 1 means independent calls.
//
// Kept as sums, so that clusters may come in any order and from any node. The ratio estimator
//   K/(K-1) Σ(s - p n)² / (Σn p (1-p)),  p = Σs / Σn,
// which for K clusters of one size is var(cluster share) · size / (p (1-p)), and unlike that is not pushed above 1 by
// clusters of differing sizes.
#pragma once

#include <cstdint>

#include "core/stats/rate_line.hpp"

namespace callramp::stats {

/// Fewer clusters than this say nothing: their variance is too uncertain (decisions.md §1f).
inline constexpr std::int64_t least_clusters = 10;

/// Over all clusters with at least one call: an hour of the phase, or a user.
struct ClusterSums {
  std::int64_t clusters = 0;
  double n = 0;          ///< Σn, calls
  double good = 0;       ///< Σs
  double n_squared = 0;  ///< Σn²
  double good_squared = 0;
  double good_times_n = 0;

  /// An empty cluster is not one.
  void add(Counts cluster) noexcept;
  ClusterSums& operator+=(const ClusterSums& other) noexcept;
  bool operator==(const ClusterSums&) const = default;
};

/// >= 1; 1 with fewer than `least_clusters` clusters, or while all calls ended alike.
double design_effect(const ClusterSums& sums);

/// The larger of two ways to look at the same calls, by hour and by user: what their counts are divided by. For new
/// against old also the larger of both systems.
double design_effect(const ClusterSums& one, const ClusterSums& other);

}  // namespace callramp::stats
