#include "core/simulation/timeline.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"

namespace callramp::simulation {
namespace {

constexpr std::int64_t days_of_retries = 3;  // the longest policy takes 90 min; then nights and holidays

std::int64_t slots_in(Duration span, Duration slot) { return (span + slot - Duration{1}) / slot; }

// At which slot's look first attempts count that began in slot 0: production reads a bucket `first_limit` after its
// start, and a look comes `grace` after its slot's end.
std::int64_t slots_until_first(const rollout::Pace& pace) {
  const Duration wait = std::max(pace.first_limit, pace.bucket + pace.grace());
  return slots_in(wait - pace.grace(), pace.bucket) - 1;
}

}  // namespace

Timeline::Timeline(const rollout::Plan& plan, const Truth& truth, const Calendar& calendar, const History* history)
    : traffic_(plan, truth, calendar, history),
      first_after_(slots_until_first(plan.pace)),
      pending_after_(slots_in(plan.pace.pending_after, plan.pace.bucket)),
      waiting_first_(static_cast<std::size_t>(first_after_ + 1)),
      waiting_(static_cast<std::size_t>(calendar.slots_a_day() *
                                        (days_of_retries + static_cast<std::int64_t>(truth.holidays.size())))) {}

void Timeline::begin_run(std::uint64_t seed, std::uint64_t run) {
  traffic_.begin_run(seed, run);
  for (std::vector<Whole>& due : waiting_) due.clear();
  pending_.clear();
  begins_ = -1;
}

void Timeline::schedule(std::int64_t slot) {
  const auto at = [&](std::int64_t due) -> std::vector<Whole>& {
    ENSURE(due >= slot && due - slot < std::ssize(waiting_), "calls end within the ring");
    return waiting_[static_cast<std::size_t>(due) % waiting_.size()];
  };
  if (begun_.calls.old.total + begun_.calls.old.unknown > 0) {
    rollout::Bucket old = begun_.calls;
    old.fresh = {};
    at(slot + first_after_).push_back({.calls = old});
  }
  if (begun_.calls.fresh.total == 0) return;
  const std::int64_t due = std::max(slot, static_cast<std::int64_t>(std::ceil(begun_.final_at)) - 1);
  rollout::Bucket fresh = begun_.calls;
  fresh.old = {};
  at(due).push_back({.calls = fresh, .by_user = begun_.by_user});
  if (due - slot <= pending_after_) return;
  pending_.push_back({.slot = slot + pending_after_, .calls = fresh.fresh.total, .phase = fresh.phase});
  pending_.push_back({.slot = due, .calls = -fresh.fresh.total, .phase = fresh.phase});
}

void Timeline::advance(std::int64_t slot, int phase, Percent percentage) {
  if (begins_ < 0) begins_ = slot;
  traffic_.draw(slot, phase, percentage, begun_);
  schedule(slot);
  waiting_first_[static_cast<std::size_t>(slot) % waiting_first_.size()] = begun_.first;
  // The slot after this one in the ring holds the oldest, begun first_after_ slots ago.
  first_ = slot - first_after_ >= begins_
               ? &waiting_first_[static_cast<std::size_t>(slot - first_after_) % waiting_first_.size()]
               : nullptr;
  closed_.clear();
  std::vector<Whole>& due = waiting_[static_cast<std::size_t>(slot) % waiting_.size()];
  if (!due.empty()) std::swap(closed_, due);
  pending_now_.clear();
  if (pending_.empty()) return;
  const auto is_due = [&](const PendingChange& change) { return change.slot == slot; };
  std::ranges::copy_if(pending_, std::back_inserter(pending_now_), is_due);
  std::erase_if(pending_, is_due);
}

}  // namespace callramp::simulation
