// Dialer: claims due calls and dials them. The intent is stored before the act; what happens to an act whose answer
// never came is the reconciler's matter, not a second dial.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/alarm.hpp"
#include "async/signal.hpp"
#include "async/task_scope.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "engine/call_metrics.hpp"
#include "engine/calling_hours.hpp"
#include "engine/carriers.hpp"
#include "engine/flag_service.hpp"
#include "engine/phrase_cache.hpp"
#include "engine/settler.hpp"
#include "ports/legacy_dialer.hpp"

namespace callramp::engine {

struct DialerConfig {
  NodeId node;
  int max_concurrent = 10;        ///< open attempts, all systems (MAX_CONCURRENT_OUTBOUND_CALLS)
  double dials_per_second = 2.5;  ///< 150 of the carrier's 200 requests a minute; the rest is for reconciling
  int burst = 5;                  ///< dials at once after a pause
  seconds ring_timeout{45};
  seconds lease{15};
  Duration place_deadline = seconds{10};
  Duration expires_after = hours{48};
  int max_per_number_per_day = 0;  ///< dials of one number in a day of the callee's; 0: no limit
  int max_ringing = 0;             ///< dials that nobody has answered yet; 0: as many as may be open
  PlanNext plan_next = {};         ///< makes the next call of a schedule; empty: there are none
};

class Dialer final : public DialGate {
 public:
  /// `legacy` may be null: no old system is configured. All on `executor`.
  Dialer(const Executor& executor, DialerConfig config, CallStore& store, FlagService& flags, Settler& settler,
         const Carriers& carriers, LegacyDialer* legacy, const CallingHours& hours, PhraseCache& phrases,
         async::Clock& clock, Random& random, Log& log, CallMetrics& metrics, EventFeed& feed);

  /// Runs until cancelled; then waits for the dials on their way.
  Awaitable<void> run();
  /// Look for due calls now. Any thread.
  void wake();
  Awaitable<bool> drained(Instant deadline) override;
  /// True while this process still waits for the provider's answer about the attempt.
  bool on_its_way(const AttemptId& attempt) const { return on_their_way_.contains(attempt); }
  /// When it last looked for due calls and the database answered. Any thread.
  Instant last_look() const noexcept { return last_look_.load(); }
  int open_attempts() const noexcept { return open_attempts_.load(); }
  int max_concurrent() const noexcept { return config_.max_concurrent; }
  const DialerConfig& config() const noexcept { return config_; }

 private:
  Awaitable<void> claim_loop(async::TaskScope& dials);
  Awaitable<void> lease_loop();
  Awaitable<bool> drained_here(Instant deadline);
  ClaimVerdict judge(const ClaimCandidate& candidate, const RoutingState& routing, Instant now) const;
  Attempt make_attempt(const ClaimCandidate& candidate, const DialNow& dial, Instant now);
  Awaitable<void> dial(ClaimedDial claimed);
  Awaitable<void> dial_new(ClaimedDial claimed);
  Awaitable<void> dial_old(ClaimedDial claimed);
  Awaitable<void> release(const ClaimedDial& claimed, std::string reason, Duration delay);
  Duration release_delay(const ClaimedDial& claimed, ErrorCode code) const;
  Awaitable<void> refuse(const ClaimedDial& claimed, Outcome outcome, std::optional<Fault> fault, std::string detail);
  Awaitable<void> placed(const ClaimedDial& claimed, std::string provider_call_id);
  int tokens(Instant now);

  Executor executor_;
  DialerConfig config_;
  CallStore& store_;
  FlagService& flags_;
  Settler& settler_;
  const Carriers& carriers_;
  LegacyDialer* legacy_;
  const CallingHours& hours_;
  PhraseCache& phrases_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
  CallMetrics& metrics_;
  EventFeed& feed_;

  async::Alarm look_;
  async::Signal way_cleared_;
  // Claims and dials on their way, by the generation in which they began; a kill starts a new generation and waits for
  // the older ones. A claim counts from before its transaction, which may read the flags just before they change.
  std::int64_t generation_ = 0;
  std::map<std::int64_t, int> in_flight_;
  std::map<AttemptId, std::int64_t> on_their_way_;
  double allowance_ = 0;
  Instant allowance_at_{};
  Instant leased_until_{};
  std::atomic<Instant> last_look_{};
  std::atomic<int> open_attempts_ = 0;
};

}  // namespace callramp::engine
