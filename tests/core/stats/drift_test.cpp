// The detector of drift: its recursion, its promise by enumeration, and how soon it sees a drop.
#include "core/stats/drift.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

using namespace callramp;
using namespace callramp::stats;

namespace {

double likelihood_ratio(Counts counts, double alternative, double line) {
  return std::pow(alternative / line, counts.good) * std::pow((1 - alternative) / (1 - line), counts.bad);
}

Counts one_call(Random& random, double rate) { return random.uniform() < rate ? Counts{1, 0} : Counts{0, 1}; }

// Calls from the drop to the alarm, after 2000 calls at .75; sorted.
std::vector<int> calls_to_alarm(double level, int runs) {
  std::vector<int> calls;
  for (int run = 0; run < runs; ++run) {
    SeededRandom random{static_cast<std::uint64_t>(run)};
    DriftDetector detector{0.65};
    for (int i = 0; i < 2000; ++i) detector.fold(one_call(random, 0.75));
    CHECK_FALSE(detector.alarm(level));
    int after = 0;
    for (; !detector.alarm(level); ++after) detector.fold(one_call(random, 0.55));
    calls.push_back(after);
  }
  std::ranges::sort(calls);
  return calls;
}

}  // namespace

TEST_CASE("each detector is the sum over all buckets of the stakes laid since then") {
  SeededRandom random{3};
  std::vector<Counts> buckets;
  for (int i = 0; i < 40; ++i) {
    buckets.push_back({static_cast<double>(random.below(5)), static_cast<double>(random.below(4))});
  }
  DriftDetector detector{0.65};
  for (const Counts& bucket : buckets) detector.fold(bucket);
  const double alternatives[] = {0.60, 0.53, 0.40};
  for (std::size_t k = 0; k < 3; ++k) {
    double expected = 0;
    for (std::size_t start = 0; start < buckets.size(); ++start) {
      Counts since;
      for (std::size_t i = start; i < buckets.size(); ++i) since += buckets[i];
      expected += buckets[start].total() * likelihood_ratio(since, alternatives[k], 0.65);
    }
    CHECK(detector.parts()[k] == doctest::Approx(expected).epsilon(1e-10));
  }
  CHECK(detector.value() == doctest::Approx((detector.parts()[0] + detector.parts()[1] + detector.parts()[2]) / 3));
}

TEST_CASE("on the line a bucket adds as much as it has calls on average and above the line less") {
  DriftDetector before{0.65};
  before.fold({3, 6});
  for (const double rate : {0.65, 0.70, 0.90}) {
    double mean = 0;
    for (int bits = 0; bits < 64; ++bits) {  // all outcomes of six calls
      Counts bucket;
      double chance = 1;
      for (int call = 0; call < 6; ++call) {
        const bool good = (bits >> call & 1) != 0;
        (good ? bucket.good : bucket.bad) += 1;
        chance *= good ? rate : 1 - rate;
      }
      DriftDetector after = before;
      after.fold(bucket);
      mean += chance * after.value();
    }
    CHECK(mean <= before.value() + 6 + 1e-9);
    if (rate == 0.65) CHECK(mean == doctest::Approx(before.value() + 6).epsilon(1e-12));
  }
}

TEST_CASE("a drop from 75 % to 55 % after 2000 calls is caught within 450 calls as often as not") {
  const std::vector<int> freeze = calls_to_alarm(drift_freeze_level, 401);
  CHECK(freeze[200] <= 230);
  CHECK(freeze[381] <= 520);
  const std::vector<int> rollback = calls_to_alarm(drift_rollback_level, 401);
  CHECK(rollback[200] <= 450);
  CHECK(rollback[381] <= 900);
}

TEST_CASE("the order of the buckets matters and that of the calls within one does not exist") {
  DriftDetector bad_last{0.65};
  bad_last.fold({50, 5});
  bad_last.fold({5, 50});
  DriftDetector bad_first{0.65};
  bad_first.fold({5, 50});
  bad_first.fold({50, 5});
  CHECK(bad_last.value() > bad_first.value());
}

TEST_CASE("an empty bucket changes nothing and no flood of outcomes leaves the range of numbers") {
  DriftDetector detector{0.65};
  detector.fold({0, 0});
  CHECK(detector.value() == 0);
  detector.fold({1'000'000, 0});
  CHECK(std::isfinite(detector.value()));
  for (int i = 0; i < 100; ++i) detector.fold({0, 100'000});
  CHECK(std::isfinite(detector.value()));
  CHECK(detector.alarm(drift_rollback_level));
  detector.fold({1'000'000, 0});
  CHECK_FALSE(detector.alarm(drift_freeze_level));
}

TEST_CASE("lines near zero and one have alternatives of their own") {
  for (const double line : {0.01, 0.05, 0.2, 0.95, 0.995}) {
    DriftDetector detector{line};
    for (int i = 0; i < 2000; ++i) detector.fold({0, 1});
    CHECK(detector.alarm(drift_freeze_level));
    for (const double part : detector.parts()) CHECK(std::isfinite(part));
  }
}
