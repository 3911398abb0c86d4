// Timeline: when the counts of simulated calls become evidence. First attempts of a bucket count when its time limit
// has passed, whole calls when every one of them is final, which a retry can put off by hours or a night.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/simulation/traffic.hpp"

namespace callramp::simulation {

/// The whole calls of one system in one bucket, all final.
struct Whole {
  rollout::Bucket calls;
  std::vector<UserCall> by_user;
};

/// Calls of new that become "pending", or with a negative number stop to be so.
struct PendingChange {
  std::int64_t slot = 0;
  std::int64_t calls = 0;
  int phase = 0;
};

class Timeline {
 public:
  /// Borrows all; `history` may be null.
  Timeline(const rollout::Plan& plan, const Truth& truth, const Calendar& calendar, const History* history);

  void begin_run(std::uint64_t seed, std::uint64_t run);
  /// The next slot: calls begin in it, and others' outcomes are complete at its end. Slots come one by one from the
  /// first day's opening.
  void advance(std::int64_t slot, int phase, Percent percentage);

  // Of the slot advanced to; valid until the next one.
  const Begun& begun() const noexcept { return begun_; }
  const rollout::Bucket* first() const noexcept { return first_; }  ///< first attempts that count now; null: none
  const std::vector<Whole>& calls() const noexcept { return closed_; }
  const std::vector<PendingChange>& pending() const noexcept { return pending_now_; }
  Traffic& traffic() noexcept { return traffic_; }

 private:
  void schedule(std::int64_t slot);

  Traffic traffic_;
  std::int64_t first_after_;    ///< slots until first attempts count
  std::int64_t pending_after_;  ///< slots
  Begun begun_;
  std::vector<rollout::Bucket> waiting_first_;  ///< ring by slot
  std::vector<std::vector<Whole>> waiting_;     ///< ring by slot of closing
  std::vector<Whole> closed_;
  std::vector<PendingChange> pending_;
  std::vector<PendingChange> pending_now_;
  const rollout::Bucket* first_ = nullptr;
  std::int64_t begins_ = -1;  ///< first slot of the run
};

}  // namespace callramp::simulation
