// Walks from the counts so far at the urn's rate.
#include "core/stats/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "core/stats/walk.hpp"

namespace callramp::stats {
namespace {

struct Whole {
  std::int64_t good;
  std::int64_t n;
};

Whole rounded(Counts counts) {
  const std::int64_t good = std::llround(counts.good);
  return {.good = good, .n = good + std::llround(counts.bad)};
}

bool settled(Walls walls, Whole now) {
  return (walls.pass != nullptr && walls.pass->reached(now.good, now.n - now.good)) ||
         (walls.fail != nullptr && walls.fail->reached(now.good, now.n - now.good));
}

}  // namespace

Forecast forecast(Walls walls, Counts so_far, std::int64_t horizon) {
  const Whole now = rounded(so_far);
  if (settled(walls, now)) {
    const bool passed = walls.pass != nullptr && walls.pass->reached(now.good, now.n - now.good);
    return {.q10 = 0, .q50 = 0, .q90 = 0, .p_never = 0, .p_pass = passed ? 1.0 : 0.0, .p_fail = passed ? 0.0 : 1.0};
  }
  Walk walk{walls, now.good, now.n};
  Quantile q10{0.1};
  Quantile q50{0.5};
  Quantile q90{0.9};
  for (std::int64_t further = 1; further <= horizon; ++further) {
    walk.step([](std::int64_t good, std::int64_t n) {
      return (static_cast<double>(good) + 1) / (static_cast<double>(n) + 2);
    });
    for (Quantile* quantile : {&q10, &q50, &q90}) quantile->look(walk.settled(), further);
  }
  return {.q10 = q10.at(),
          .q50 = q50.at(),
          .q90 = q90.at(),
          .p_never = walk.open(),
          .p_pass = walk.passed(),
          .p_fail = walk.failed()};
}

std::optional<std::int64_t> fewest_calls(Boundary& pass, Counts so_far, std::int64_t most) {
  const Whole now = rounded(so_far);
  for (std::int64_t further = 0; further <= most; ++further) {
    if (now.good + further >= pass.at(now.n + further)) return further;
  }
  return std::nullopt;
}

std::optional<std::int64_t> failures_allowed(Boundary& pass, Counts so_far, std::int64_t calls) {
  const Whole now = rounded(so_far);
  const std::int64_t spare = now.good + calls - pass.at(now.n + calls);
  if (spare < 0) return std::nullopt;
  return std::min(spare, calls);
}

}  // namespace callramp::stats
