// EvidenceCollector: everything about a rollout that is not a counted call, read from the stores for one decision.
//
// What cannot be read is left out and logged, and the decision says that it is missing: a broken source must never keep
// a known one, such as a P1 bug, from being seen.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "core/rollout/decide.hpp"
#include "ports/call_store.hpp"
#include "ports/flag_store.hpp"
#include "ports/phone_directory.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::engine {

struct CollectorConfig {
  std::string binary;         ///< version of the program
  std::string configuration;  ///< hash of the settings that matter
  bool has_old_system = false;
  Duration slow_after = minutes{1};  ///< sums over a whole phase are read again after it, and when a bucket closed
  int slow_share = 50;               ///< … but take at most this part of the time, whatever a phase has grown to: 1/50
};

class EvidenceCollector {
 public:
  EvidenceCollector(CollectorConfig config, RolloutStore& rollouts, CallStore& calls, FlagStore& flags,
                    const PhoneDirectory& phones, async::Clock& clock, Log& log);

  /// `heartbeat`: when buckets were last closed. `through`: seq of the last one folded.
  Awaitable<rollout::Facts> collect(const rollout::Plan& plan, const RolloutRecord& record,
                                    std::optional<Instant> heartbeat, std::int64_t through, Instant now);
  /// Compares the future cohort with the rest on old's calls of the last 28 days, and stores the result.
  Awaitable<Status> compare_cohorts(const rollout::Plan& plan, Instant now);

 private:
  /// Sums over a phase, with the moment at which they were read.
  struct Slow {
    std::pair<int, int> of{-1, -1};  // run and phase
    std::int64_t through = 0;        // last bucket
    Instant at{};
    Duration took{};
    rollout::Facts facts;
  };

  Awaitable<void> read_flags(rollout::Facts& facts, const RolloutRecord& record);
  Awaitable<void> read_slow(const rollout::Plan& plan, const RolloutRecord& record, Instant now, rollout::Facts& facts);
  Awaitable<void> read_uptime(const rollout::Plan& plan, const rollout::RolloutState& state, Instant now,
                              rollout::Facts& facts);
  Awaitable<void> read_marks(const rollout::Plan& plan, const RolloutRecord& record, Instant now,
                             rollout::Facts& facts);
  Awaitable<void> read_gauges(const rollout::Plan& plan, const RolloutRecord& record, Instant now,
                              rollout::Facts& facts);
  Awaitable<void> count_labels(const rollout::RolloutState& state, rollout::Facts& facts);
  template <class T>
  bool read(const char* what, const Result<T>& result);

  CollectorConfig config_;
  RolloutStore& rollouts_;
  CallStore& calls_;
  FlagStore& flags_;
  const PhoneDirectory& phones_;
  async::Clock& clock_;
  Log& log_;
  std::map<std::string, Slow> slow_;                   // by rollout; for speed alone: read again after a restart
  std::map<std::string, bool> judged_machine_;         // by call: what the detector said; never changes
  std::pair<std::int64_t, std::string> flags_set_by_;  // by version
};

}  // namespace callramp::engine
