// Counting: sums know no order, what depends on an order is told apart, and a fold is what a replay reads.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "world.hpp"

using namespace callramp;
using namespace callramp::rollout;
using namespace callramp::rollout::testing;

namespace {

std::vector<Bucket> random_buckets(std::uint64_t seed, std::size_t count) {
  SeededRandom random(seed);
  std::vector<Bucket> buckets;
  for (std::size_t i = 0; i < count; ++i) {
    Bucket bucket{.start = day_zero + minutes{5} * static_cast<long>(i), .phase = static_cast<int>(i * 3 / count)};
    const auto calls = static_cast<std::int64_t>(random.below(4));
    bucket.fresh.total = calls;
    for (std::int64_t call = 0; call < calls; ++call)
      (random.below(4) > 0 ? bucket.fresh.completed : bucket.fresh.failed) += 1;
    bucket.old = {.total = 5, .completed = 4, .connected = 4, .unknown = static_cast<std::int64_t>(random.below(2))};
    buckets.push_back(bucket);
  }
  return buckets;
}

}  // namespace

TEST_CASE("sums and clusters of whole calls do not depend on the order in which buckets close") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<Bucket> buckets = random_buckets(seed, 300);
    RunFold in_order(whole_plan());
    for (const Bucket& bucket : buckets) in_order.add_calls(bucket);
    SeededRandom random(seed + 1000);
    for (std::size_t i = buckets.size(); i > 1; --i) std::swap(buckets[i - 1], buckets[random.below(i)]);
    RunFold shuffled(whole_plan());
    for (const Bucket& bucket : buckets) shuffled.add_calls(bucket);
    CHECK(in_order.sums().phases == shuffled.sums().phases);
    CHECK(in_order.sums().total() == shuffled.sums().total());
  }
}

TEST_CASE("counts that come from two nodes for one bucket are the same as from one") {
  RunFold whole(whole_plan());
  RunFold split(whole_plan());
  for (const Bucket& bucket : random_buckets(7, 200)) {
    whole.add_calls(bucket);
    Bucket part = bucket;
    part.fresh = {.total = bucket.fresh.completed, .completed = bucket.fresh.completed};
    Bucket rest = bucket;
    rest.fresh = {.total = bucket.fresh.failed, .failed = bucket.fresh.failed};
    rest.old = {};
    split.add_calls(part);
    split.add_calls(rest);
  }
  CHECK(whole.sums().phases == split.sums().phases);
}

TEST_CASE("calls of one hour are one cluster and empty hours are none") {
  RunFold fold(whole_plan());
  Bucket bucket{.start = day_zero, .phase = 0, .fresh = {.total = 4, .completed = 3}};
  fold.add_calls(bucket);
  bucket.start = day_zero + minutes{20};
  fold.add_calls(bucket);
  bucket.start = day_zero + hours{5};
  fold.add_calls(bucket);
  bucket.start = day_zero - hours{2};
  fold.add_calls(bucket);
  const ClusterSums& hours = fold.sums().phases[0].hours;
  CHECK(hours.clusters == 3);
  CHECK(hours.n == 16);
  CHECK(hours.nn == 64 + 16 + 16);
  CHECK(hours.ss == 36 + 9 + 9);
}

TEST_CASE("hours that behave alike show as a design effect") {
  RunFold fold(whole_plan());
  for (int hour = 0; hour < 40; ++hour) {
    const std::int64_t good = hour % 2 == 0 ? 10 : 5;
    fold.add_calls({.start = day_zero + hours{hour}, .phase = 0, .fresh = {.total = 10, .completed = good}});
  }
  CHECK(design_effect(fold.sums().phases[0].hours) > 3);
}

TEST_CASE("an empty bucket closes time and adds nothing") {
  RunFold fold(whole_plan());
  fold.add_first({.start = day_zero, .phase = 0});
  CHECK(fold.sums().phases[0].last_closed == day_zero);
  CHECK(fold.sums().phases[0].first == Tally{});
  CHECK(fold.sums().drift == 0);
  CHECK(fold.sums().versus.front().log_e == 0);
}

TEST_CASE("every plan compares new with old and says by which margin") {
  const auto built_in = comparisons(success_plan());
  REQUIRE(built_in.size() == 1);
  CHECK(built_in.front().condition.text == "call_success_rate vs old < -0.5%");
  CHECK(read("call_success_rate vs old < -0.5%").text == built_in.front().condition.text);
  const auto own = comparisons(whole_plan());
  REQUIRE(own.size() == 1);
  CHECK(own.front().condition.text == "call_success_rate vs old < -5%");
  CHECK(own.front().is_trigger);
  CHECK(read("call_success_rate vs old < -0.5%").value == built_in.front().condition.value);
}

TEST_CASE("times and gauges are found under the metric and its arguments") {
  CHECK(source_key(read("db_pool_waits(>1s) >= 5 in 5m")) == "db_pool_waits(>1s)");
  CHECK(source_key(read("memory_used > 90% for 5m")) == "memory_used");
  CHECK(source_key(read("provider_latency_p95(stt) < 500ms")) == "provider_latency(stt)");
}
