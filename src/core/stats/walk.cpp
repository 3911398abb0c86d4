// Takes out what has reached a wall, and what is too light to matter.
#include "core/stats/walk.hpp"

#include <algorithm>

namespace callramp::stats {
namespace {

// Cells lighter than this are dropped at the ends: over 10^5 calls at most 10^-15 in all.
constexpr double negligible = 1e-20;

}  // namespace

void Walk::take_out() {
  auto begin = mass_.begin();
  auto end = mass_.end();
  if (walls_.pass != nullptr) {
    const std::int64_t least = walls_.pass->at(n_);
    while (end > begin && first_ + (end - mass_.begin()) > least) passed_ += *--end;
  }
  if (walls_.fail != nullptr) {
    const std::int64_t most = walls_.fail->at(n_);
    while (begin < end && first_ + (begin - mass_.begin()) <= most) failed_ += *begin++;
  }
  while (begin < end && *begin < negligible) dropped_ += *begin++;
  while (end > begin && *(end - 1) < negligible) dropped_ += *--end;
  first_ += begin - mass_.begin();
  mass_.erase(end, mass_.end());
  mass_.erase(mass_.begin(), begin);
}

}  // namespace callramp::stats
