// How often and how soon a call that reached nobody is tried again: values. Who decides by them is core/calls/retry.
#pragma once

#include "core/calls/types.hpp"

namespace callramp {

/// The n-th retry comes `delay` × `factor`^(n-1) after the attempt before it, ±10 %. `tries` retries follow the first
/// attempt at most; 0: never.
struct RetryRule {
  seconds delay{300};  ///< 1 s … 7 days
  int factor = 2;      ///< 1 … 10
  int tries = 3;       ///< 0 … 20
  auto operator<=>(const RetryRule&) const = default;
};

/// Per outcome. The defaults are the plan's: what people are doing decides how soon to ring them again.
struct RetryPolicy {
  RetryRule no_answer{.delay = minutes{5}, .factor = 2, .tries = 3};
  RetryRule busy{.delay = minutes{10}, .factor = 2, .tries = 3};
  RetryRule rejected{.delay = minutes{30}, .factor = 2, .tries = 2};
  RetryRule failed{.delay = minutes{1}, .factor = 2, .tries = 5};
  auto operator<=>(const RetryPolicy&) const = default;
};

}  // namespace callramp
