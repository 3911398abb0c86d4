// Reconciler: settles what nobody reported. Every attempt without an outcome is looked at until it has one; every
// answered attempt without a carrier's price is asked for until it has one or two days have passed.
#pragma once

#include <map>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "engine/dialer.hpp"
#include "engine/settler.hpp"

namespace callramp::engine {

struct ReconcilerConfig {
  NodeId node;
  seconds ring_timeout{45};
  seconds lease{15};
  seconds max_call{720};  ///< longest conversation; what the carrier's own limit is set to, and a minute
  Duration tick = seconds{2};
  double requests_per_second = 0.75;  ///< 45 of the carrier's 200 requests a minute
  Duration request_deadline = seconds{8};
  Duration price_after = seconds{150};  ///< the carrier fills in the price about two minutes after the end
};

class Reconciler {
 public:
  Reconciler(ReconcilerConfig config, CallStore& store, Settler& settler, const Dialer& dialer, LiveSessions& sessions,
             const Carriers& carriers, LegacyDialer* legacy, async::Clock& clock, Log& log, CallMetrics& metrics);

  /// Runs until cancelled.
  Awaitable<void> run();
  /// One look at everything that is due.
  Awaitable<void> tick();

 private:
  struct Patience {
    Instant next{};  ///< not asked before
    int asked = 0;
  };

  Awaitable<void> look_at(Attempt attempt, Instant now);
  Awaitable<void> ask_by_number(Attempt attempt, Instant now);
  Awaitable<void> ask_by_id(Attempt attempt, Instant now);
  Awaitable<void> ask_old(Attempt attempt, Instant now);
  Awaitable<void> fetch_prices(Instant now);
  Awaitable<void> fetch_prices(Telephony& carrier, Instant now);
  Awaitable<void> nobody_to_ask(Attempt attempt, Instant now);
  Awaitable<void> give_up(Attempt attempt, Ending ending);
  bool is_overdue(const Attempt& attempt, Instant now) const;
  Duration limit() const { return config_.ring_timeout + config_.max_call + minutes{5}; }
  bool may_ask(const AttemptId& attempt, Instant now, Duration first, Duration most);

  ReconcilerConfig config_;
  CallStore& store_;
  Settler& settler_;
  const Dialer& dialer_;
  LiveSessions& sessions_;
  const Carriers& carriers_;
  LegacyDialer* legacy_;
  async::Clock& clock_;
  Log& log_;
  CallMetrics& metrics_;
  std::map<AttemptId, Patience> patience_;
  std::map<AttemptId, Patience> price_patience_;
  double allowance_ = 0;
  Instant allowance_at_{};
};

}  // namespace callramp::engine
