#include "engine/dialer.hpp"

#include <fmt/format.h>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>

#include <cmath>

#include "base/ensure.hpp"

namespace callramp::engine {
namespace {

using namespace asio::experimental::awaitable_operators;

constexpr int claim_batch = 64;  // candidates looked at in one transaction
// With nothing due and nobody waking us: calls that others put into the database are seen after this.
constexpr seconds idle_look{5};
// A dial that was certainly not made comes back after 5 s, doubled with every attempt of the call up to 2 minutes.
constexpr seconds first_release_delay{5};
constexpr seconds release_delay_limit{120};
constexpr seconds unauthorized_delay{60};
// Where another carrier would take the dial: only long enough that a carrier that refuses everything is noticed first.
constexpr seconds next_carrier_delay{1};
constexpr int legacy_tries = 3;

}  // namespace

Dialer::Dialer(const Executor& executor, DialerConfig config, CallStore& store, FlagService& flags, Settler& settler,
               const Carriers& carriers, LegacyDialer* legacy, const CallingHours& hours, PhraseCache& phrases,
               async::Clock& clock, Random& random, Log& log, CallMetrics& metrics, EventFeed& feed)
    : executor_(executor),
      config_(std::move(config)),
      store_(store),
      flags_(flags),
      settler_(settler),
      carriers_(carriers),
      legacy_(legacy),
      hours_(hours),
      phrases_(phrases),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      feed_(feed),
      look_(executor, clock),
      way_cleared_(executor) {}

void Dialer::wake() {
  asio::post(executor_, [this] { look_.ring(); });
}

Awaitable<void> Dialer::run() {
  co_await async::with_scope([this](async::TaskScope& dials) -> Awaitable<void> {
    dials.spawn(lease_loop());
    co_await claim_loop(dials);
  });
}

Awaitable<void> Dialer::lease_loop() {
  for (;;) {
    const Instant until = clock_.now() + config_.lease;
    if (const auto renewed = co_await store_.renew_leases(config_.node, until))
      leased_until_ = until;
    else
      log_.error("lease_not_renewed", {{"error", renewed.error().message}});
    co_await clock_.sleep_for(config_.lease / 3);
  }
}

int Dialer::tokens(Instant now) {
  const double passed = std::chrono::duration<double>(now - allowance_at_).count();
  allowance_ = std::min<double>(config_.burst, allowance_ + passed * config_.dials_per_second);
  allowance_at_ = now;
  return static_cast<int>(allowance_);
}

Awaitable<void> Dialer::claim_loop(async::TaskScope& dials) {
  for (;;) {
    const Instant now = clock_.now();
    Instant look_again = now + idle_look;
    const int allowed = tokens(now);
    if (leased_until_ <= now) {
      // A node that cannot renew its leases must not dial: others may already think that it is dead.
      look_again = now + seconds{1};
    } else if (allowed < 1) {
      look_again =
          now + Duration{static_cast<std::int64_t>(std::ceil((1 - allowance_) / config_.dials_per_second * 1e6))};
    } else {
      const std::int64_t generation = generation_;
      ++in_flight_[generation];
      auto claim = co_await store_.claim_due(
          {.now = now,
           .limit = claim_batch,
           .max_open_attempts = config_.max_concurrent,
           .max_ringing = config_.max_ringing > 0 ? config_.max_ringing : config_.max_concurrent,
           .max_dials = allowed,
           .node = config_.node,
           .lease = config_.lease,
           .judge = [this, now](const ClaimCandidate& candidate,
                                const RoutingState& routing) { return judge(candidate, routing, now); },
           .make_attempt = [this, now](const ClaimCandidate& candidate,
                                       const DialNow& dial) { return make_attempt(candidate, dial, now); },
           .plan_next = config_.plan_next});
      if (claim) {
        allowance_ -= static_cast<double>(claim->dials.size());
        metrics_.open_attempts(claim->open_attempts);
        open_attempts_ = claim->open_attempts;
        last_look_ = clock_.now();
        for (const Call& call : claim->ended) settler_.announce(call);
        for (ClaimedDial& claimed : claim->dials) {
          metrics_.queue_wait(now - claimed.admitted_at);
          if (claimed.call.batch || claimed.attempt.number > 1) metrics_.claim_time(clock_.now() - now);
          on_their_way_.emplace(claimed.attempt.id, generation);
          ++in_flight_[generation];
          dials.spawn(dial(std::move(claimed)));
        }
        if (!claim->dials.empty())
          look_again = clock_.now();
        else if (claim->next_due)
          look_again = std::min(look_again, std::max(*claim->next_due, now + milliseconds{50}));
      } else {
        log_.error("claim_failed", {{"error", claim.error().message}});
        look_again = now + seconds{1};
      }
      --in_flight_[generation];
      way_cleared_.notify();
    }
    if (look_again > clock_.now()) co_await look_.wait_until(look_again);
  }
}

ClaimVerdict Dialer::judge(const ClaimCandidate& candidate, const RoutingState& routing, Instant now) const {
  ClaimVerdict verdict =
      judge_claim(candidate, routing, hours_.window(candidate.call, nullptr), hours_.clocks(candidate.call, now),
                  {.old_system_available = legacy_ != nullptr,
                   .expires_after = config_.expires_after,
                   .max_per_number_per_day = config_.max_per_number_per_day,
                   .own_hours = hours_.own_hours(candidate.call, now)},
                  now);
  // Nobody could carry the call on the new system: it waits, spends no try, and says since when.
  if (const auto* dial = std::get_if<DialNow>(&verdict); dial != nullptr && dial->system == System::new_system)
    if (auto outage = carriers_.outage(now))
      return WaitUntil{.until = outage->look_again, .reason = std::move(outage->reason)};
  return verdict;
}

Attempt Dialer::make_attempt(const ClaimCandidate& candidate, const DialNow& dial, Instant now) {
  const Telephony* const carrier = dial.system == System::new_system ? &carriers_.take() : nullptr;
  std::string zones;
  for (const LocalClock& local : hours_.clocks(candidate.call, now)) zones += (zones.empty() ? "" : ",") + local.zone;
  return {.id = make_id<AttemptId>(now, random_),
          .call = candidate.call.id,
          .number = candidate.call.attempts + 1,
          .system = dial.system,
          .provider = carrier ? carrier->name() : "old",
          .phone = candidate.call.phone,
          .caller_id = carrier ? carrier->caller_id() : "",
          .stream_token = carrier ? random_.hex(16) : "",
          .node = config_.node,
          .lease_until = now + config_.lease,
          .started_at = now,
          .permission_json =
              fmt::format(R"({{"kind":"{}","zones":"{}","doNotCallVersion":{},"flagVersion":{},"route":"{}"}})",
                          to_string(candidate.call.kind), zones, candidate.do_not_call_version, dial.route.flag_version,
                          to_string(dial.route.reason))};
}

Awaitable<void> Dialer::dial(ClaimedDial claimed) {
  const AttemptId id = claimed.attempt.id;
  log_.info("attempt_claimed", {{"attempt_id", id},
                                {"call_id", claimed.call.id},
                                {"phone", claimed.call.phone},
                                {"system", to_string(claimed.attempt.system)},
                                {"reason", to_string(claimed.route.reason)},
                                {"rolloutPercentage", claimed.route.percentage.number()}});
  feed_.publish(call_event(claimed.call));
  // A dial that was claimed is carried to its answer even when the program stops: its deadline is short, and cutting it
  // here would only make one more attempt whose fate has to be asked for.
  co_await async::ignore_cancellation();
  std::exception_ptr thrown;
  try {
    if (claimed.attempt.system == System::new_system)
      co_await async::shielded(dial_new(std::move(claimed)));
    else
      co_await async::shielded(dial_old(std::move(claimed)));
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto place = on_their_way_.find(id);
  --in_flight_[place->second];
  on_their_way_.erase(place);
  way_cleared_.notify();
  if (thrown) std::rethrow_exception(thrown);
}

Awaitable<void> Dialer::dial_new(ClaimedDial claimed) {
  // Between the claim and here the kill switch may have been pulled. Nothing is sent yet, so nothing needs to be.
  if (flags_.route(claimed.call.user.str()).system != System::new_system) {
    metrics_.dialed(System::new_system, "withdrawn");
    co_return co_await release(claimed, "routing changed before the dial was sent", Duration::zero());
  }
  Telephony* const carrier = carriers_.find(claimed.attempt.provider);
  ENSURE(carrier != nullptr, "a dial was claimed for a carrier that there is not");
  phrases_.prefetch(claimed.agent, claimed.call);
  const Instant asked_at = clock_.now();
  auto answer = co_await carrier->place({.attempt = claimed.attempt.id,
                                         .to = claimed.call.phone,
                                         .stream_token = claimed.attempt.stream_token,
                                         .ring_timeout = config_.ring_timeout,
                                         .time_limit = claimed.agent.max_duration + seconds{60}},
                                        clock_.now() + config_.place_deadline);
  if (answer) {
    metrics_.provider_latency("telephony", clock_.now() - asked_at);
    metrics_.dialed(System::new_system, "placed");
    co_return co_await placed(claimed, std::move(*answer));
  }
  const Error& error = answer.error();
  log_.warn("dial_not_confirmed",
            {{"attempt_id", claimed.attempt.id}, {"code", to_string(error.code)}, {"error", error.message}});
  switch (error.code) {
    case ErrorCode::timeout:
    case ErrorCode::cancelled:
      metrics_.dialed(System::new_system, "unknown");
      co_return;  // it may ring: the reconciler asks
    case ErrorCode::invalid_phone_number:
      metrics_.dialed(System::new_system, "refused");
      co_return co_await refuse(claimed, Outcome::invalid_number, std::nullopt, error.message);
    case ErrorCode::unavailable:
    case ErrorCode::rate_limited:
    case ErrorCode::concurrent_limit_reached:
    case ErrorCode::unauthorized:
    case ErrorCode::forbidden:
      metrics_.dialed(System::new_system, "released");
      co_return co_await release(claimed, error.message, release_delay(claimed, error.code));
    default:
      // The carrier understood us and says that the request is wrong: asking again would not help.
      metrics_.dialed(System::new_system, "refused");
      co_return co_await refuse(claimed, Outcome::failed, Fault::ours, error.message);
  }
}

Duration Dialer::release_delay(const ClaimedDial& claimed, ErrorCode code) const {
  // Where nobody can be asked, the next claim says so at once and until when.
  const bool denied = code == ErrorCode::unauthorized || code == ErrorCode::forbidden;
  const bool works = !denied && code != ErrorCode::unavailable;  // it only asks to slow down
  if (!works && (carriers_.has_another(claimed.attempt.provider) || carriers_.outage(clock_.now())))
    return next_carrier_delay;
  if (denied) return unauthorized_delay;
  return std::min<Duration>(first_release_delay * (1 << std::min(claimed.attempt.number - 1, 8)), release_delay_limit);
}

Awaitable<void> Dialer::dial_old(ClaimedDial claimed) {
  for (int n = 1; n <= legacy_tries; ++n) {
    // The attempt's id is the Idempotency-Key: the old system dials once however often we ask.
    auto answer = co_await legacy_->place({.attempt = claimed.attempt.id,
                                           .call = claimed.call.id,
                                           .phone = claimed.call.phone,
                                           .user = claimed.call.user,
                                           .metadata_json = claimed.call.metadata_json,
                                           .script = claimed.old_script},
                                          clock_.now() + config_.place_deadline);
    if (answer) {
      metrics_.dialed(System::old_system, "placed");
      co_return co_await placed(claimed, std::move(*answer));
    }
    metrics_.provider_failed("old", to_string(answer.error().code));
    log_.warn("old_system_not_confirmed", {{"attempt_id", claimed.attempt.id}, {"error", answer.error().message}});
    if (answer.error().code == ErrorCode::invalid_phone_number)
      co_return co_await refuse(claimed, Outcome::invalid_number, std::nullopt, answer.error().message);
    if (answer.error().code == ErrorCode::invalid_request)
      co_return co_await refuse(claimed, Outcome::failed, Fault::old_system, answer.error().message);
    if (n < legacy_tries) co_await clock_.sleep_for(seconds{n});
  }
  metrics_.dialed(System::old_system, "unknown");  // the reconciler asks on
}

Awaitable<void> Dialer::placed(const ClaimedDial& claimed, std::string provider_call_id) {
  // A copy for the coroutine: the store call may be awaited past the caller's statement.
  if (auto stored = co_await store_.mark_placed(claimed.attempt.id, std::move(provider_call_id), clock_.now()); !stored)
    log_.error("placed_not_stored", {{"attempt_id", claimed.attempt.id}, {"error", stored.error().message}});
}

Awaitable<void> Dialer::release(const ClaimedDial& claimed, std::string reason, Duration delay) {
  const Instant now = clock_.now();
  const auto released = co_await store_.release_attempt(claimed.attempt.id, std::move(reason), now + delay, now);
  if (!released) {
    log_.error("attempt_not_released", {{"attempt_id", claimed.attempt.id}, {"error", released.error().message}});
    co_return;
  }
  settler_.announce(*released);
  look_.ring();
}

Awaitable<void> Dialer::refuse(const ClaimedDial& claimed, Outcome outcome, std::optional<Fault> fault,
                               std::string detail) {
  const AttemptFacts facts{
      .dial_refused = true, .refused_as = outcome, .refused_fault = fault, .detail = std::move(detail)};
  // An error is logged there, and the reconciler finds the attempt open.
  (void)co_await settler_.finish({.attempt = claimed.attempt.id, .ending = decide_ending(facts), .now = clock_.now()});
}

Awaitable<bool> Dialer::drained(Instant deadline) {
  co_return co_await async::run_on(executor_, drained_here(deadline));
}

Awaitable<bool> Dialer::drained_here(Instant deadline) {
  const std::int64_t before = ++generation_;
  const auto busy = [&] {
    std::erase_if(in_flight_, [](const auto& entry) { return entry.second == 0; });
    return !in_flight_.empty() && in_flight_.begin()->first < before;
  };
  while (busy()) {
    if (clock_.now() >= deadline) co_return false;
    co_await (way_cleared_.wait() || clock_.sleep_until(deadline));  // kills are rare: the costly way will do
  }
  co_return true;
}

}  // namespace callramp::engine
