// The exact distribution of "good calls so far" as calls come in one by one between two walls, which take out what
// reaches them. Under the stopping times (exact.hpp) and the forecast (forecast.hpp), which differ in how likely the
// next call is to be good.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/stats/boundary.hpp"

namespace callramp::stats {

class Walk {
 public:
  /// Starts with certainty at `good` of `n` calls.
  Walk(Walls walls, std::int64_t good, std::int64_t n) : walls_(walls), n_(n), first_(good), mass_{1.0} {}

  /// One more call; `chance_good(good, n)` is the chance that it is good after `good` of `n`.
  template <class Chance>
  void step(const Chance& chance_good) {
    mass_.push_back(0);
    double* const mass = mass_.data();
    double from_below = 0;
    for (std::size_t i = 0; i < mass_.size(); ++i) {
      const double chance = chance_good(first_ + static_cast<std::int64_t>(i), n_);
      const double good = mass[i] * chance;
      mass[i] = mass[i] - good + from_below;
      from_below = good;
    }
    ++n_;
    take_out();
  }

  std::int64_t n() const noexcept { return n_; }
  double passed() const noexcept { return passed_; }
  double failed() const noexcept { return failed_; }
  double settled() const noexcept { return passed_ + failed_; }
  /// Probability dropped in the far tails: bounds the error of all other figures.
  double dropped() const noexcept { return dropped_; }
  double open() const noexcept { return std::max(0.0, 1 - settled() - dropped_); }

 private:
  void take_out();

  Walls walls_;
  std::int64_t n_;
  std::int64_t first_;  ///< the number of good calls that mass_[0] stands for
  std::vector<double> mass_;
  double passed_ = 0;
  double failed_ = 0;
  double dropped_ = 0;
};

/// Notes at which look the settled probability first reaches a share.
class Quantile {
 public:
  explicit Quantile(double share) : share_(share) {}
  void look(double settled, std::int64_t n) {
    if (!at_ && settled >= share_) at_ = n;
  }
  std::optional<std::int64_t> at() const noexcept { return at_; }

 private:
  double share_;
  std::optional<std::int64_t> at_;
};

}  // namespace callramp::stats
