// The evidence's threshold as whole numbers: "at least 158 of 214 to pass". For a fixed number of calls the evidence
// only grows with the outcomes that support it, so a look is one comparison and nothing is computed twice.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stats/rate_line.hpp"

namespace callramp::stats {

/// What the evidence is for: a rate above the line, or below it.
enum class Side : std::uint8_t { above, below };

/// log E of the given side.
double log_e(const RateLine& line, Side side, Counts counts);

/// For one line, side and threshold. The table grows as it is asked, by one evaluation of the evidence a call; not
/// thread-safe, so each thread has its own.
class Boundary {
 public:
  /// `need` is the threshold of log E, log(1/α) for one claim alone; > 0. Nothing below `from` calls will be asked: a
  /// forecast starts where the phase stands and does not fill a table up to there.
  Boundary(const RateLine& line, Side side, double need, std::int64_t from = 0);

  /// Side::above: the fewest good of n calls that are enough; n + 1 if none are.
  /// Side::below: the most good of n calls that are few enough; -1 if none are. n >= from.
  std::int64_t at(std::int64_t n);
  /// The same verdict as log E >= need, to the call.
  bool reached(std::int64_t good, std::int64_t bad);

  const RateLine& line() const noexcept { return line_; }
  Side side() const noexcept { return side_; }
  double need() const noexcept { return need_; }

 private:
  bool enough(std::int64_t supporting, std::int64_t n) const;
  std::int64_t least_supporting(std::int64_t n);

  RateLine line_;
  Side side_;
  double need_;
  std::int64_t from_;
  std::vector<std::int32_t> least_;  ///< by n - from_: the fewest outcomes in favour that are enough; n + 1 if none are
};

/// What ends a walk through calls: either may be absent. Borrowed.
struct Walls {
  Boundary* pass = nullptr;  ///< Side::above
  Boundary* fail = nullptr;  ///< Side::below
};

}  // namespace callramp::stats
