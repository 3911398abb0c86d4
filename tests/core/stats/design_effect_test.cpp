// The design effect on equal, unequal, independent and dependent clusters.
#include "core/stats/design_effect.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

using namespace callramp;
using namespace callramp::stats;

namespace {

ClusterSums sums_of(const std::vector<Counts>& clusters) {
  ClusterSums sums;
  for (const Counts& cluster : clusters) sums.add(cluster);
  return sums;
}

// `count` clusters of `size` calls; each cluster's rate drawn 0.1 above or below .65 if they are alike within.
std::vector<Counts> drawn(Random& random, int count, int size, bool alike) {
  std::vector<Counts> clusters;
  for (int i = 0; i < count; ++i) {
    const double shift = alike ? (random.uniform() < 0.5 ? 0.1 : -0.1) : 0;
    Counts cluster;
    for (int call = 0; call < size; ++call) (random.uniform() < 0.65 + shift ? cluster.good : cluster.bad) += 1;
    clusters.push_back(cluster);
  }
  return clusters;
}

}  // namespace

TEST_CASE("for clusters of one size it is the variance of their shares over that of independent calls") {
  const std::vector<Counts> clusters{{9, 1}, {2, 8}, {10, 0}, {5, 5}, {8, 2}, {9, 1}, {1, 9}, {7, 3}, {10, 0}, {6, 4}};
  double p = 0;
  for (const Counts& cluster : clusters) p += cluster.share() / 10;
  double variance = 0;
  for (const Counts& cluster : clusters) variance += (cluster.share() - p) * (cluster.share() - p) / 9;
  CHECK(design_effect(sums_of(clusters)) == doctest::Approx(variance * 10 / (p * (1 - p))).epsilon(1e-12));
}

TEST_CASE("independent calls have a design effect near one and calls alike within an hour a large one") {
  SeededRandom random{5};
  CHECK(design_effect(sums_of(drawn(random, 2000, 50, false))) < 1.1);
  // Expected: 1 + (50 - 1) * 0.1² / (.65 * .35) = 3.15.
  CHECK(design_effect(sums_of(drawn(random, 2000, 50, true))) == doctest::Approx(3.15).epsilon(0.1));
}

TEST_CASE("clusters of very different sizes alone do not look like dependence") {
  SeededRandom random{6};
  std::vector<Counts> clusters;
  for (int i = 0; i < 2000; ++i) {
    const auto more = drawn(random, 1, i % 100 == 0 ? 200 : 1, false);
    clusters.insert(clusters.end(), more.begin(), more.end());
  }
  CHECK(design_effect(sums_of(clusters)) < 1.5);
}

TEST_CASE("too few clusters or outcomes of one kind say nothing") {
  CHECK(design_effect(ClusterSums{}) == 1);
  CHECK(design_effect(sums_of(std::vector<Counts>(9, Counts{0, 20}))) == 1);
  CHECK(design_effect(sums_of({{20, 0}, {0, 20}, {20, 0}, {0, 20}})) == 1);
  CHECK(design_effect(sums_of(std::vector<Counts>(50, Counts{20, 0}))) == 1);
  ClusterSums sums;
  sums.add({0, 0});
  CHECK(sums == ClusterSums{});
}

TEST_CASE("sums are the same to the bit in any order and over any nodes") {
  SeededRandom random{7};
  std::vector<Counts> clusters = drawn(random, 300, 17, true);
  const ClusterSums expected = sums_of(clusters);
  for (std::size_t i = clusters.size(); i > 1; --i) std::swap(clusters[i - 1], clusters[random.below(i)]);
  CHECK(sums_of(clusters) == expected);
  ClusterSums merged = sums_of({clusters.begin(), clusters.begin() + 100});
  merged += sums_of({clusters.begin() + 100, clusters.end()});
  CHECK(merged == expected);
}

TEST_CASE("of hours and users the larger design effect counts") {
  const ClusterSums alike =
      sums_of({{10, 0}, {0, 10}, {10, 0}, {0, 10}, {10, 0}, {0, 10}, {10, 0}, {0, 10}, {10, 0}, {0, 10}});
  CHECK(design_effect(alike, ClusterSums{}) == design_effect(alike));
  CHECK(design_effect(ClusterSums{}, alike) == design_effect(alike));
  CHECK(design_effect(alike) > 10);
}
