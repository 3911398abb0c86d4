// What one look at the evidence costs, and the pieces that a simulated rollout is made of.
//
// The aims: one evaluation of log E in at most 10 µs up to ten million calls, a block or a bucket folded in at most 100
// ns a call. Expected before measuring: a few hundred ns for log E, growing with the square root of the calls only
// where their share lies on the line (the continued fraction needs as many steps); single ns for a cached boundary; 20
// µs for an interval (two bisections); 1 ms for a forecast over 2,000 calls.
//
//   cmake --preset release && cmake --build --preset release --target bench_stats && build/release/bench/bench_stats
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "core/stats/boundary.hpp"
#include "core/stats/drift.hpp"
#include "core/stats/exact.hpp"
#include "core/stats/forecast.hpp"
#include "core/stats/interval.hpp"
#include "core/stats/new_vs_old.hpp"

namespace {

using namespace callramp;
using namespace callramp::stats;

const RateLine line{0.65, tuned_prior(0.65, 0.05)};
const double need = std::log(20.0);

// Argument 1: calls; argument 2: share of good ones in tenths of a percent.
void log_evidence(benchmark::State& state) {
  const auto n = static_cast<double>(state.range(0));
  Counts counts{std::floor(n * static_cast<double>(state.range(1)) / 1000), 0};
  counts.bad = n - counts.good;
  for (auto unused : state) {
    benchmark::DoNotOptimize(counts);
    benchmark::DoNotOptimize(line.log_e_above(counts));
  }
}
BENCHMARK(log_evidence)
    ->ArgNames({"calls", "permille"})
    ->ArgsProduct({{100, 10'000, 1'000'000, 10'000'000}, {550, 650, 660, 750}});

void cached_boundary(benchmark::State& state) {
  Boundary boundary{line, Side::above, need};
  boundary.at(40'000);
  std::int64_t n = 0;
  for (auto unused : state) {
    benchmark::DoNotOptimize(boundary.reached(n, n / 2));
    n = (n + 7) % 20'000;
  }
}
BENCHMARK(cached_boundary);

// A whole rollout's table of 40,000 calls.
void boundary_table(benchmark::State& state) {
  for (auto unused : state) {
    Boundary boundary{line, Side::above, need};
    benchmark::DoNotOptimize(boundary.at(40'000));
  }
}
BENCHMARK(boundary_table)->Unit(benchmark::kMillisecond);

void interval_shown(benchmark::State& state) {
  for (auto unused : state) benchmark::DoNotOptimize(shown_interval({152, 62}, 0.05));
}
BENCHMARK(interval_shown);

void forecast_of(benchmark::State& state) {
  Boundary pass{line, Side::above, need};
  for (auto unused : state) benchmark::DoNotOptimize(forecast({.pass = &pass}, {152, 62}, state.range(0)));
}
BENCHMARK(forecast_of)->ArgName("calls")->Arg(311)->Arg(2000)->Unit(benchmark::kMicrosecond);

void type_one_error(benchmark::State& state) {
  Boundary pass{line, Side::above, need};
  for (auto unused : state) benchmark::DoNotOptimize(exact_stopping_time({.pass = &pass}, 0.65, 30'000));
}
BENCHMARK(type_one_error)->Unit(benchmark::kMillisecond);

// Five-minute blocks of one new and 19 old calls.
std::vector<Block> some_blocks() {
  SeededRandom random{1};
  std::vector<Block> blocks(4096);
  for (Block& block : blocks) {
    block.on_new = random.uniform() < 0.6 ? Counts{1, 0} : Counts{0, 1};
    block.on_old.good = static_cast<double>(12 + random.below(6));
    block.on_old.bad = 19 - block.on_old.good;
  }
  return blocks;
}

void fold_block(benchmark::State& state) {
  const std::vector<Block> blocks = some_blocks();
  NewVsOld versus{state.range(0) == 0 ? VersusRule{}
                                      : VersusRule{.claim = VersusClaim::not_worse,
                                                   .margin = static_cast<double>(state.range(0)) / 100}};
  std::size_t i = 0;
  for (auto unused : state) {
    versus.fold(blocks[i++ % blocks.size()]);
    benchmark::DoNotOptimize(versus.log_e());
  }
}
BENCHMARK(fold_block)->ArgName("margin_points")->Arg(0)->Arg(30);

void fold_drift_bucket(benchmark::State& state) {
  const std::vector<Block> blocks = some_blocks();
  DriftDetector detector{0.65};
  std::size_t i = 0;
  for (auto unused : state) {
    detector.fold(blocks[i++ % blocks.size()].on_old);
    benchmark::DoNotOptimize(detector.value());
  }
}
BENCHMARK(fold_drift_bucket);

}  // namespace

BENCHMARK_MAIN();
