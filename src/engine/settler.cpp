#include "engine/settler.hpp"

#include <fmt/format.h>

namespace callramp::engine {
namespace {

// A store that answers `unavailable` is asked again this often: 1 + 2 + 4 … s, half a minute in all; after that the
// attempt stays open and the reconciler settles it.
constexpr int store_tries = 5;

std::string json_or_null(bool present, std::string_view text) {
  return present ? fmt::format("\"{}\"", text) : std::string("null");
}

}  // namespace

FeedEvent call_event(const Call& call) {
  // Ids, enumerations and a masked number: nothing here needs escaping.
  return {"call", fmt::format(R"({{"id":"{}","status":"{}","system":{},"outcome":{},"phone":"{}","at":"{}"}})",
                              call.id.str(), to_string(call.status),
                              json_or_null(call.system.has_value(), call.system ? to_string(*call.system) : ""),
                              json_or_null(call.outcome.has_value(), call.outcome ? to_string(*call.outcome) : ""),
                              call.phone.masked(), to_iso(call.updated_at))};
}

Settler::Settler(CallStore& store, LiveSessions& sessions, const PriceBook& prices, const Retries& retries,
                 async::Clock& clock, Log& log, CallMetrics& metrics, EventFeed& feed)
    : store_(store),
      sessions_(sessions),
      prices_(prices),
      retries_(retries),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      feed_(feed) {}

void Settler::announce(const Call& call) {
  if (call.status == CallStatus::final_) metrics_.call_final(call);
  feed_.publish(call_event(call));
}

Awaitable<Status> Settler::finish(AttemptFinish finish) {
  finish.judge_retry = retries_.judge(finish.now);
  for (int attempt_number = 1;; ++attempt_number) {
    auto stored = co_await store_.finish_attempt(finish);
    if (stored) {
      if (stored->already_final) co_return Status{};
      const Call& call = stored->call;
      const Attempt& attempt = stored->attempt;
      log_.info("attempt_finished", {{"attempt_id", attempt.id},
                                     {"call_id", call.id},
                                     {"phone", call.phone},
                                     {"system", to_string(attempt.system)},
                                     {"outcome", to_string(finish.ending.outcome)},
                                     {"fault", finish.ending.fault ? to_string(*finish.ending.fault) : ""},
                                     {"why", call.reason},
                                     {"retryAt", call.retry_at ? to_iso(*call.retry_at) : ""}});
      if (call.retry_at) metrics_.retry_scheduled(attempt.system, finish.ending.outcome);
      for (const CostLine& line : finish.costs) metrics_.spent(line.provider, line.cost);
      for (const TurnTiming& turn : finish.turns) {
        if (turn.endpointing) metrics_.provider_latency("stt", *turn.endpointing);
        if (turn.first_token) metrics_.provider_latency("llm", *turn.first_token);
        if (turn.first_audio && turn.first_sentence)
          metrics_.provider_latency("tts", *turn.first_audio - *turn.first_sentence);
      }
      announce(call);
      co_return Status{};
    }
    if (stored.error().code != ErrorCode::unavailable || attempt_number == store_tries) {
      log_.error("attempt_not_stored", {{"attempt_id", finish.attempt}, {"error", stored.error().message}});
      co_return std::unexpected(stored.error());
    }
    co_await clock_.sleep_for(seconds{1 << (attempt_number - 1)});
  }
}

Awaitable<Status> Settler::on_carrier_event(std::string provider, CarrierCall call) {
  std::optional<Attempt> attempt;
  if (call.attempt) {
    CO_TRY(found, co_await store_.find_attempt(*call.attempt));
    attempt = std::move(found);
  }
  if (!attempt) {
    CO_TRY(found, co_await store_.find_by_provider_id(provider, call.provider_call_id));
    attempt = std::move(found);
  }
  if (!attempt || attempt->provider != provider) {
    // It may have overtaken the answer to our own dial request; the reconciler asks the carrier, so nothing is lost.
    log_.warn("carrier_event_unmatched",
              {{"provider", provider}, {"provider_call_id", call.provider_call_id}, {"state", to_string(call.state)}});
    co_return Status{};
  }
  if (!attempt->provider_call_id.empty() && !call.provider_call_id.empty() &&
      attempt->provider_call_id != call.provider_call_id) {
    log_.error("carrier_event_mismatched", {{"attempt_id", attempt->id}, {"provider_call_id", call.provider_call_id}});
    co_return Status{};
  }
  if (attempt->status == CallStatus::final_) {
    if (call.price || call.duration) co_return co_await record_price(std::move(*attempt), std::move(call));
    co_return Status{};
  }
  if (!is_terminal(call.state)) {
    const CallStatus status = call.state == CarrierState::in_progress ? CallStatus::in_progress
                              : call.state == CarrierState::ringing   ? CallStatus::ringing
                                                                      : CallStatus::dialing;
    CO_TRY(moved, co_await store_.mark_progress(attempt->id, status, call.provider_call_id, clock_.now()));
    feed_.publish({"attempt", fmt::format(R"({{"id":"{}","call":"{}","status":"{}"}})", moved.id.str(),
                                          moved.call.str(), to_string(moved.status))});
    co_return Status{};
  }
  // A conversation of ours knows more than the carrier: it ends by itself, soon, and settles.
  if (sessions_.carrier_ended(attempt->id, call)) co_return Status{};
  co_return co_await settle_from_carrier(std::move(*attempt), std::move(call));
}

Awaitable<Status> Settler::settle_from_carrier(Attempt attempt, CarrierCall call) {
  AttemptFacts facts{.carrier = call.state, .carrier_duration = call.duration, .detail = call.detail};
  if (attempt.media_started_at) {
    // A conversation began and no session knows of it: this process or an earlier one died in the middle.
    const Duration connected = call.duration ? Duration{*call.duration} : Duration::zero();
    facts.conversation = ConversationFacts{.connected = connected,
                                           .any_audio_played = true,
                                           .fault = Fault::ours,
                                           .fault_detail = "callramp stopped during the conversation"};
  }
  AttemptFinish finish{.attempt = attempt.id,
                       .ending = decide_ending(facts),
                       .now = clock_.now(),
                       .ended_at = call.ended_at ? *call.ended_at : clock_.now(),
                       .carrier_duration = call.duration,
                       .price_book = prices_.version};
  if (call.duration && call.duration->count() > 0)
    finish.costs = price(prices_, {.telephony = attempt.provider}, Usage{.talk = *call.duration});
  if (call.price) finish.costs = with_carrier_price(prices_, std::move(finish.costs), attempt.provider, *call.price);
  co_return co_await this->finish(std::move(finish));
}

Awaitable<Status> Settler::on_legacy_report(LegacyReport report) {
  CO_TRY(attempt, co_await store_.find_by_provider_id("old", report.id));
  if (!attempt) {
    log_.warn("old_system_report_unmatched", {{"id", report.id}});
    co_return fail(ErrorCode::not_found, "no call was handed to the old system under id '" + report.id + "'");
  }
  co_return co_await settle_from_legacy(std::move(*attempt), std::move(report));
}

Awaitable<Status> Settler::settle_from_legacy(Attempt attempt, LegacyReport report) {
  if (attempt.status == CallStatus::final_) co_return Status{};
  if (!report.outcome) {
    if (auto moved = co_await store_.mark_progress(attempt.id, CallStatus::in_progress, report.id, clock_.now());
        !moved)
      co_return std::unexpected(moved.error());
    co_return Status{};
  }
  AttemptFinish finish{.attempt = attempt.id,
                       .ending = ending_of_report(*report.outcome),
                       .now = clock_.now(),
                       .answered_at = report.started_at,
                       .ended_at = report.ended_at ? *report.ended_at : clock_.now(),
                       .price_book = prices_.version};
  if (report.started_at && report.ended_at)
    finish.carrier_duration = std::chrono::duration_cast<seconds>(*report.ended_at - *report.started_at);
  if (report.cost)
    finish.costs.push_back(
        {.provider = "old", .item = "call", .quantity = 1, .unit = "call", .cost = *report.cost, .estimated = false});
  co_return co_await this->finish(std::move(finish));
}

Awaitable<Status> Settler::record_price(Attempt attempt, CarrierCall call) {
  std::vector<CostLine> costs;
  if (call.price) costs = with_carrier_price(prices_, {}, attempt.provider, *call.price);
  co_return co_await store_.record_carrier_facts(attempt.id, call.duration, call.price, std::move(costs));
}

}  // namespace callramp::engine
