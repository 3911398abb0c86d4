// Sum of exponentials with the largest taken out first, so that it neither overflows nor vanishes.
#include "core/stats/combine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/ensure.hpp"

namespace callramp::stats {

Combined combine(std::span<const Weighted> evidence) {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  constexpr double rounding = 1e-9;
  double rest = 1;
  double largest = nothing;
  std::size_t index = 0;
  for (std::size_t i = 0; i < evidence.size(); ++i) {
    ENSURE(evidence[i].weight >= 0, "a weight that is not negative");
    rest -= evidence[i].weight;
    if (evidence[i].weight == 0) continue;
    const double part = evidence[i].log_e + std::log(evidence[i].weight);
    if (part > largest) {
      largest = part;
      index = i;
    }
  }
  ENSURE(rest >= -rounding, "weights that do not pass 1 together");
  rest = rest < rounding ? 0 : rest;
  const double top = std::max(largest, rest > 0 ? 0 : nothing);
  double sum = rest > 0 ? rest * std::exp(-top) : 0;
  for (const Weighted& one : evidence) {
    if (one.weight > 0) sum += one.weight * std::exp(one.log_e - top);
  }
  return {.log_e = top + std::log(sum), .largest = index};
}

}  // namespace callramp::stats
