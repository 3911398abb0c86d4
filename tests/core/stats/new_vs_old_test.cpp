// New against old: its promise by enumeration of all outcomes of a block, and how soon it sees a difference.
#include "core/stats/new_vs_old.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "core/stats/design_effect.hpp"

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

// 2,000 users, a few of whom get most of the calls and each of whom succeeds at a rate of their own; a quarter is on
// new. Both systems are the same. True for an alarm at any look: of log E as it is, or divided by the users' design
// effect.
struct Alarms {
  bool plain = false;
  bool by_user = false;
};

Alarms compare_same_system(std::uint64_t seed, int blocks) {
  constexpr std::size_t users = 2000;
  SeededRandom random{seed};
  std::vector<double> busy_up_to(users);
  std::vector<double> rate(users);
  double total = 0;
  for (std::size_t user = 0; user < users; ++user) {
    total += std::min(std::pow(1 - random.uniform(), -1 / 1.2), 200.0);  // Pareto, tail index 1.2
    busy_up_to[user] = total;
    rate[user] = random.uniform() < 0.5 ? 0.95 : 0.55;
  }
  const auto is_new = [](std::size_t user) { return user % 4 == 0; };
  std::vector<Counts> by_user(users);
  NewVsOld versus{{}};
  Alarms alarms;
  const double need = std::log(100.0);
  for (int i = 1; i <= blocks; ++i) {
    Block block;
    for (int call = 0; call < 12; ++call) {
      const auto found = std::ranges::lower_bound(busy_up_to, random.uniform() * total);
      const auto user = static_cast<std::size_t>(found - busy_up_to.begin());
      const Counts outcome = drawn(random, 1, rate[user]);
      by_user[user] += outcome;
      (is_new(user) ? block.on_new : block.on_old) += outcome;
    }
    versus.fold(block);
    if (i % 20 != 0) continue;
    ClusterSums on_new;
    ClusterSums on_old;
    for (std::size_t user = 0; user < users; ++user) (is_new(user) ? on_new : on_old).add(by_user[user]);
    alarms.plain |= versus.log_e() >= need;
    alarms.by_user |= versus.log_e() / design_effect(on_new, on_old) >= need;
  }
  return alarms;
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

TEST_CASE("users who get many calls raise no false alarms once the evidence is divided by their design effect") {
  int plain = 0;
  int by_user = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Alarms alarms = compare_same_system(seed, 600);
    plain += alarms.plain;
    by_user += alarms.by_user;
  }
  CHECK(plain >= 5);    // what goes wrong without
  CHECK(by_user <= 3);  // 1 % of 100, and two standard deviations
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
