// The boundary follows from n to n + 1: one more outcome against never lets fewer in favour be enough, and one more in
// favour never asks for more than one further. So the next value is this one or one more, and one look tells.
#include "core/stats/boundary.hpp"

#include <limits>

#include "base/ensure.hpp"

namespace callramp::stats {

double log_e(const RateLine& line, Side side, Counts counts) {
  return side == Side::above ? line.log_e_above(counts) : line.log_e_below(counts);
}

Boundary::Boundary(const RateLine& line, Side side, double need, std::int64_t from)
    : line_(line), side_(side), need_(need), from_(from) {
  ENSURE(need > 0, "a threshold that no evidence does not reach");
  ENSURE(from >= 0 && from < std::numeric_limits<std::int32_t>::max(), "a number of calls");
  std::int64_t low = 0;  // the answer is in low … high
  std::int64_t high = from + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (enough(middle, from)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  least_.push_back(static_cast<std::int32_t>(low));
}

std::int64_t Boundary::at(std::int64_t n) {
  const std::int64_t least = least_supporting(n);
  return side_ == Side::above ? least : n - least;
}

bool Boundary::reached(std::int64_t good, std::int64_t bad) {
  return (side_ == Side::above ? good : bad) >= least_supporting(good + bad);
}

bool Boundary::enough(std::int64_t supporting, std::int64_t n) const {
  const auto in_favour = static_cast<double>(supporting);
  const auto against = static_cast<double>(n - supporting);
  const Counts counts = side_ == Side::above ? Counts{in_favour, against} : Counts{against, in_favour};
  return log_e(line_, side_, counts) >= need_;
}

std::int64_t Boundary::least_supporting(std::int64_t n) {
  ENSURE(n >= from_ && n < std::numeric_limits<std::int32_t>::max(), "a number of calls in the table's range");
  const auto index = static_cast<std::size_t>(n - from_);
  while (least_.size() <= index) {
    const std::int32_t candidate = least_.back();
    const std::int64_t calls = from_ + static_cast<std::int64_t>(least_.size());
    least_.push_back(enough(candidate, calls) ? candidate : candidate + 1);
  }
  return least_[index];
}

}  // namespace callramp::stats
