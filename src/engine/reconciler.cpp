#include "engine/reconciler.hpp"

#include <set>

namespace callramp::engine {
namespace {

// The carrier's clock and ours differ, and its list has seconds: a call of ours may seem to start this much earlier.
constexpr seconds clock_slack{10};
// A carrier that answers and knows of no call this long after the request never took it: its list lags by seconds.
constexpr seconds unheard_after{60};
constexpr Duration price_patience_limit = hours{48};
constexpr int price_batch = 100;
// What was under way when a carrier went dark is settled by what it knows when it is back; beyond this, by nobody.
constexpr hours blackout_patience{6};
constexpr double burst = 10;  // requests at once after a quiet time

}  // namespace

Reconciler::Reconciler(ReconcilerConfig config, CallStore& store, Settler& settler, const Dialer& dialer,
                       LiveSessions& sessions, const Carriers& carriers, LegacyDialer* legacy, async::Clock& clock,
                       Log& log, CallMetrics& metrics)
    : config_(std::move(config)),
      store_(store),
      settler_(settler),
      dialer_(dialer),
      sessions_(sessions),
      carriers_(carriers),
      legacy_(legacy),
      clock_(clock),
      log_(log),
      metrics_(metrics) {}

Awaitable<void> Reconciler::run() {
  for (;;) {
    co_await tick();
    co_await clock_.sleep_for(config_.tick);
  }
}

Awaitable<void> Reconciler::tick() {
  const Instant now = clock_.now();
  const double passed = std::chrono::duration<double>(now - allowance_at_).count();
  allowance_ = std::min(burst, allowance_ + passed * config_.requests_per_second);
  allowance_at_ = now;
  const auto open = co_await store_.open_attempts();
  if (!open) {
    log_.error("reconcile_failed", {{"error", open.error().message}});
    co_return;
  }
  std::set<AttemptId> known;
  for (const Attempt& attempt : *open) known.insert(attempt.id);
  std::erase_if(patience_, [&](const auto& entry) { return !known.contains(entry.first); });
  for (const Attempt& attempt : *open) co_await look_at(attempt, now);
  co_await fetch_prices(now);
}

bool Reconciler::may_ask(const AttemptId& attempt, Instant now, Duration first, Duration most) {
  const auto [place, fresh] = patience_.try_emplace(attempt, Patience{.next = now + first});
  if (place->second.next > now) return false;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  Patience& patience = place->second;
  patience.next =
      now + std::min<Duration>(std::max<Duration>(first, seconds{2}) * (1 << std::min(patience.asked, 8)), most);
  ++patience.asked;
  return true;
}

Awaitable<void> Reconciler::look_at(Attempt attempt, Instant now) {
  if (sessions_.live(attempt.id)) {
    // The session has a limit of its own; this is for the one that misses it.
    if (attempt.media_started_at && now > *attempt.media_started_at + config_.max_call) sessions_.hang_up(attempt.id);
    co_return;
  }
  if (dialer_.on_its_way(attempt.id)) co_return;
  if (attempt.node != config_.node) {
    if (attempt.lease_until > now) co_return;
    const auto taken = co_await store_.take_lease(attempt.id, config_.node, now, now + config_.lease);
    if (!taken || !*taken) co_return;
    log_.info("attempt_taken_over", {{"attempt_id", attempt.id}, {"from", attempt.node}});
  }
  if (attempt.system == System::old_system) co_return co_await ask_old(std::move(attempt), now);
  if (attempt.provider_call_id.empty()) co_return co_await ask_by_number(std::move(attempt), now);
  co_return co_await ask_by_id(std::move(attempt), now);
}

Awaitable<void> Reconciler::ask_by_number(Attempt attempt, Instant now) {
  if (!may_ask(attempt.id, now, seconds{3}, minutes{1})) co_return;
  Telephony* const carrier = carriers_.find(attempt.provider);
  if (carrier == nullptr) co_return co_await nobody_to_ask(std::move(attempt), now);
  const auto found = co_await carrier->find(attempt.phone, attempt.started_at - clock_slack, now + clock_slack,
                                            now + config_.request_deadline);
  if (!found) {
    log_.warn("reconcile_not_answered", {{"attempt_id", attempt.id}, {"error", found.error().message}});
    if (is_overdue(attempt, now))
      co_await give_up(std::move(attempt),
                       {Outcome::unknown, std::nullopt, "the carrier could not say whether it dialed"});
    co_return;
  }
  for (const CarrierCall& call : *found) {
    if (call.attempt && *call.attempt != attempt.id) continue;
    // A number has one open attempt at a time, so a call in the window that is not an earlier attempt's is this one's.
    const auto owner = co_await store_.find_by_provider_id(attempt.provider, call.provider_call_id);
    if (!owner || (*owner && (*owner)->id != attempt.id)) continue;
    metrics_.reconciled("found_by_number");
    log_.info(
        "attempt_found",
        {{"attempt_id", attempt.id}, {"provider_call_id", call.provider_call_id}, {"state", to_string(call.state)}});
    const auto placed = co_await store_.mark_placed(attempt.id, call.provider_call_id, now);
    if (placed && is_terminal(call.state)) (void)co_await settler_.settle_from_carrier(*placed, call);
    co_return;
  }
  if (now > attempt.started_at + unheard_after) {
    metrics_.reconciled("never_dialed");
    co_await give_up(std::move(attempt), {Outcome::failed, Fault::telephony, "the carrier never took the dial"});
  }
}

bool Reconciler::is_overdue(const Attempt& attempt, Instant now) const {
  return now > attempt.started_at + (carriers_.is_out(attempt.provider) ? Duration{blackout_patience} : limit());
}

// The carrier of an earlier configuration: it may be configured again, but not for ever.
Awaitable<void> Reconciler::nobody_to_ask(Attempt attempt, Instant now) {
  if (now <= attempt.started_at + limit()) co_return;
  std::string why = "no carrier '" + attempt.provider + "' is configured any more that could say how the call went";
  co_await give_up(std::move(attempt), {Outcome::unknown, std::nullopt, std::move(why)});
}

Awaitable<void> Reconciler::ask_by_id(Attempt attempt, Instant now) {
  // While it rings the callback is the quick way; an answered call without a session has lost its conversation.
  const bool lost = attempt.status == CallStatus::in_progress || attempt.media_started_at.has_value();
  if (!may_ask(attempt.id, now, lost ? Duration{seconds{3}} : Duration{config_.ring_timeout / 2}, minutes{1}))
    co_return;
  Telephony* const carrier = carriers_.find(attempt.provider);
  if (carrier == nullptr) co_return co_await nobody_to_ask(std::move(attempt), now);
  const auto call = co_await carrier->lookup(attempt.provider_call_id, now + config_.request_deadline);
  const bool overdue = is_overdue(attempt, now);
  if (!call) {
    log_.warn("reconcile_not_answered", {{"attempt_id", attempt.id}, {"error", call.error().message}});
    if (overdue)
      co_await give_up(std::move(attempt),
                       {Outcome::unknown, std::nullopt, "the carrier could not say how the call ended"});
    co_return;
  }
  if (is_terminal(call->state)) {
    metrics_.reconciled("asked_by_id");
    (void)co_await settler_.settle_from_carrier(std::move(attempt), *call);
  } else if (overdue) {
    metrics_.reconciled("overdue");
    co_await give_up(std::move(attempt), {Outcome::unknown, std::nullopt,
                                          "the carrier still calls it in progress past the call's hard limit"});
  }
}

Awaitable<void> Reconciler::ask_old(Attempt attempt, Instant now) {
  // definitions.md: an old call without an outcome after four hours is unknown.
  constexpr hours old_limit{4};
  if (legacy_ == nullptr || now > attempt.started_at + old_limit) {
    co_await give_up(std::move(attempt),
                     {Outcome::unknown, std::nullopt, "the old system reported no outcome within 4 h"});
    co_return;
  }
  if (!may_ask(attempt.id, now, seconds{20}, minutes{5})) co_return;
  if (attempt.provider_call_id.empty()) {
    // The attempt's id is its Idempotency-Key: asking again dials once.
    const auto call = co_await store_.get(attempt.call);
    if (!call) co_return;
    const auto id = co_await legacy_->place({.attempt = attempt.id,
                                             .call = attempt.call,
                                             .phone = attempt.phone,
                                             .user = call->call.user,
                                             .metadata_json = call->call.metadata_json},
                                            now + config_.request_deadline);
    if (id) (void)co_await store_.mark_placed(attempt.id, *id, now);
    co_return;
  }
  auto report = co_await legacy_->lookup(attempt.provider_call_id, now + config_.request_deadline);
  if (report && report->outcome) {
    metrics_.reconciled("old_system");
    (void)co_await settler_.settle_from_legacy(std::move(attempt), std::move(*report));
  }
}

Awaitable<void> Reconciler::give_up(Attempt attempt, Ending ending) {
  (void)co_await settler_.finish({.attempt = attempt.id,
                                  .ending = std::move(ending),
                                  .now = clock_.now(),
                                  .ended_at = clock_.now(),
                                  .price_book = settler_.prices().version});
}

Awaitable<void> Reconciler::fetch_prices(Instant now) {
  for (Telephony* const carrier : carriers_.all()) co_await fetch_prices(*carrier, now);
  std::erase_if(price_patience_, [&](const auto& entry) { return entry.second.next + price_patience_limit < now; });
}

Awaitable<void> Reconciler::fetch_prices(Telephony& carrier, Instant now) {
  if (carriers_.is_out(carrier.name())) co_return;
  const auto unpriced = co_await store_.unpriced_attempts(carrier.name(), now - price_patience_limit,
                                                          now - config_.price_after, price_batch);
  if (!unpriced) co_return;
  for (const AttemptDetail& detail : *unpriced) {
    Patience& patience = price_patience_[detail.attempt.id];
    if (patience.next > now || allowance_ < 1) continue;
    allowance_ -= 1;
    patience.next = now + config_.price_after * (1 << std::min(patience.asked++, 8));
    const auto call = co_await carrier.lookup(detail.attempt.provider_call_id, now + config_.request_deadline);
    if (call && call->price) {
      (void)co_await settler_.record_price(detail.attempt, *call);
      price_patience_.erase(detail.attempt.id);
    }
  }
}

}  // namespace callramp::engine
