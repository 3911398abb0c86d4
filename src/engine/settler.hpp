// Settler: the one way in which an attempt ends, whoever says so: a conversation, the carrier's callback, the old
// system's, the reconciler. It decides by core/calls/transition, stores once, and tells metrics, log and feed.
#pragma once

#include <string>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "core/calls/price.hpp"
#include "engine/call_metrics.hpp"
#include "engine/live_sessions.hpp"
#include "engine/retries.hpp"
#include "ports/call_store.hpp"
#include "ports/event_feed.hpp"
#include "ports/legacy_dialer.hpp"
#include "ports/telephony.hpp"

namespace callramp::engine {

class Settler final : public CarrierEvents, public LegacyEvents {
 public:
  Settler(CallStore& store, LiveSessions& sessions, const PriceBook& prices, const Retries& retries,
          async::Clock& clock, Log& log, CallMetrics& metrics, EventFeed& feed);

  /// Stores the ending, and with it whether the call is over or dialed again; a second one for the same attempt
  /// changes nothing. Asks a store that is briefly unavailable again.
  Awaitable<Status> finish(AttemptFinish finish);
  Awaitable<Status> on_carrier_event(std::string provider, CarrierCall call) override;
  Awaitable<Status> on_legacy_report(LegacyReport report) override;
  /// Ends `attempt` by what the carrier says, with no conversation of this process to tell more.
  Awaitable<Status> settle_from_carrier(Attempt attempt, CarrierCall call);
  Awaitable<Status> settle_from_legacy(Attempt attempt, LegacyReport report);
  /// The final price and duration of an attempt that has its outcome.
  Awaitable<Status> record_price(Attempt attempt, CarrierCall call);
  /// Tells the world about a call that became final without an attempt.
  void announce(const Call& call);

  const PriceBook& prices() const noexcept { return prices_; }

 private:
  CallStore& store_;
  LiveSessions& sessions_;
  const PriceBook& prices_;
  const Retries& retries_;
  async::Clock& clock_;
  Log& log_;
  CallMetrics& metrics_;
  EventFeed& feed_;
};

/// The feed's line about a call: id, status, system, outcome, masked number.
FeedEvent call_event(const Call& call);

}  // namespace callramp::engine
