// New against old: its promise by enumeration of all outcomes of a block, and how soon it sees a difference.
#include "core/stats/new_vs_old.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

using namespace callramp;
using namespace callramp::stats;

namespace {

double binomial(int n, int k, double p) {
  double chance = 1;
  for (int i = 0; i < k; ++i) chance *= p * (n - i) / (i + 1);
  return chance * std::pow(1 - p, n - k);
}

// E's mean factor in one block of the given sizes after a history, at true rates p_new and p_old.
double mean_factor(const NewVsOld& before, int calls_new, int calls_old, double p_new, double p_old) {
  double mean = 0;
  for (int a = 0; a <= calls_new; ++a) {
    for (int b = 0; b <= calls_old; ++b) {
      NewVsOld after = before;
      after.fold({.on_new = {1.0 * a, 1.0 * (calls_new - a)}, .on_old = {1.0 * b, 1.0 * (calls_old - b)}});
      mean += binomial(calls_new, a, p_new) * binomial(calls_old, b, p_old) * std::exp(after.log_e() - before.log_e());
    }
  }
  return mean;
}

Counts drawn(Random& random, int calls, double rate) {
  Counts counts;
  for (int i = 0; i < calls; ++i) (random.uniform() < rate ? counts.good : counts.bad) += 1;
  return counts;
}

struct Runs {
  std::vector<int> calls_new;  // until the evidence was enough, sorted; those without are missing
  int all = 0;
};

// Blocks of one new call and `old` old ones, as at 5 % (19) or half (1) of the traffic.
Runs run(const VersusRule& rule, double p_new, double p_old, int old, double alpha, int most, int runs) {
  Runs result{.all = runs};
  for (int i = 0; i < runs; ++i) {
    SeededRandom random{static_cast<std::uint64_t>(i) * 7919 + 13};
    NewVsOld versus{rule};
    for (int call = 1; call <= most; ++call) {
      versus.fold({.on_new = drawn(random, 1, p_new), .on_old = drawn(random, old, p_old)});
      if (versus.log_e() >= -std::log(alpha)) {
        result.calls_new.push_back(call);
        break;
      }
    }
  }
  std::ranges::sort(result.calls_new);
  return result;
}

constexpr double rates[] = {0.02, 0.3, 0.5, 0.6, 0.65, 0.7, 0.75, 0.9, 0.98};
constexpr struct {
  int on_new, on_old;
} sizes[] = {{1, 1}, {1, 6}, {4, 3}, {6, 1}};

}  // namespace

TEST_CASE("where new is not worse no block of any size adds to the evidence that it is on average") {
  for (const double margin : {0.0, 0.05}) {
    NewVsOld versus{{.claim = VersusClaim::worse, .margin = margin}};
    versus.fold({.on_new = {20, 18}, .on_old = {300, 100}});
    for (const auto& size : sizes) {
      for (const double p_old : rates) {
        for (const double p_new : rates) {
          CAPTURE(p_old);
          CAPTURE(p_new);
          const double mean = mean_factor(versus, size.on_new, size.on_old, p_new, p_old);
          if (p_new >= p_old - margin) CHECK(mean <= 1 + 1e-9);
        }
      }
      CHECK(mean_factor(versus, size.on_new, size.on_old, 0.53, 0.75) > 1.005);
    }
  }
}

TEST_CASE("where new is worse by the margin no block adds to the evidence that it is not on average") {
  for (const double margin : {0.05, 0.10, 0.40}) {
    NewVsOld versus{{.claim = VersusClaim::not_worse, .margin = margin}};
    versus.fold({.on_new = {30, 9}, .on_old = {300, 100}});
    for (const auto& size : sizes) {
      for (const double p_old : rates) {
        for (const double below : {0.0, 0.1, 0.5}) {
          const double p_new = p_old - margin - below;
          if (p_new < 0) continue;
          CAPTURE(p_old);
          CAPTURE(p_new);
          CHECK(mean_factor(versus, size.on_new, size.on_old, p_new, p_old) <= 1 + 1e-9);
        }
      }
      CHECK(mean_factor(versus, size.on_new, size.on_old, 0.76, 0.75) > 1.0005);
    }
  }
}

TEST_CASE("a new system at 55 % beside an old one at 75 % is found worse within 75 new calls as often as not") {
  const Runs at_5_percent = run({}, 0.55, 0.75, 19, 0.01, 2000, 301);
  REQUIRE(at_5_percent.calls_new.size() == 301);
  CHECK(at_5_percent.calls_new[150] <= 75);
  CHECK(at_5_percent.calls_new[285] <= 180);
  const Runs at_half = run({}, 0.55, 0.75, 1, 0.01, 3000, 301);
  REQUIRE(at_half.calls_new.size() == 301);
  CHECK(at_half.calls_new[150] >= 90);
  CHECK(at_half.calls_new[150] <= 135);
}

TEST_CASE("between equal systems one is seldom found worse") {
  const Runs equal = run({}, 0.75, 0.75, 1, 0.01, 2000, 400);
  CHECK(equal.calls_new.size() <= 9);  // 1 % of 400, and two standard deviations
}

TEST_CASE("equal systems pass a margin of ten points in some 160 new calls and hardly ever on its line") {
  const VersusRule gate{.claim = VersusClaim::not_worse, .margin = 0.10};
  const Runs equal = run(gate, 0.75, 0.75, 19, 0.05, 2000, 301);
  REQUIRE(equal.calls_new.size() >= 298);
  CHECK(equal.calls_new[150] >= 130);
  CHECK(equal.calls_new[150] <= 200);
  const Runs on_the_line = run(gate, 0.65, 0.75, 19, 0.05, 1000, 200);
  CHECK(on_the_line.calls_new.size() <= 16);  // 5 % of 200, and two standard deviations
}

TEST_CASE("a block with calls on one system only is learnt from and is no evidence") {
  NewVsOld versus{{}};
  versus.fold({.on_new = {}, .on_old = {80, 20}});
  versus.fold({.on_new = {0, 30}, .on_old = {}});
  CHECK(versus.log_e() == 0);
  CHECK(versus.on_old() == Counts{80, 20});
  CHECK(versus.on_new() == Counts{0, 30});
}

TEST_CASE("evidence stays finite for outcomes of one kind only") {
  for (const VersusClaim claim : {VersusClaim::worse, VersusClaim::not_worse}) {
    for (const double margin : {0.0, 0.05, 0.9}) {
      NewVsOld versus{{.claim = claim, .margin = margin}};
      for (int i = 0; i < 200; ++i) versus.fold({.on_new = {0, 50}, .on_old = {500, 0}});
      for (int i = 0; i < 200; ++i) versus.fold({.on_new = {50, 0}, .on_old = {0, 500}});
      CHECK(std::isfinite(versus.log_e()));
    }
  }
}
