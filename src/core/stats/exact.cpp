// Walks from nothing at a fixed rate.
#include "core/stats/exact.hpp"

#include "core/stats/walk.hpp"

namespace callramp::stats {

StoppingTime exact_stopping_time(Walls walls, double rate, std::int64_t horizon) {
  Walk walk{walls, 0, 0};
  Quantile median{0.5};
  Quantile q95{0.95};
  double mean = 0;
  while (walk.n() < horizon) {
    mean += walk.open();  // each call that is still to be made
    walk.step([rate](std::int64_t, std::int64_t) { return rate; });
    median.look(walk.settled(), walk.n());
    q95.look(walk.settled(), walk.n());
  }
  return {.passed = walk.passed(),
          .failed = walk.failed(),
          .undecided = walk.open(),
          .mean = mean,
          .median = median.at(),
          .q95 = q95.at()};
}

}  // namespace callramp::stats
