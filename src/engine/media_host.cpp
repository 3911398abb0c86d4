#include "engine/media_host.hpp"

#include "async/deadline.hpp"

namespace callramp::engine {

MediaHost::MediaHost(MediaHostConfig config, SessionServices services, CallStore& store, LiveSessions& sessions,
                     Settler& settler)
    : config_(std::move(config)),
      services_(std::move(services)),
      store_(store),
      sessions_(sessions),
      settler_(settler) {}

Awaitable<Result<ClaimedDial>> MediaHost::open_dial(std::string stream_token) {
  CO_TRY(dial, co_await store_.peek_stream_token(std::move(stream_token)));
  if (!dial) co_return fail(ErrorCode::not_found, "this stream token is unknown or spent");
  if (services_.clock.now() > dial->attempt.started_at + config_.token_life)
    co_return fail(ErrorCode::not_found, "this stream token is dead: its call should have been answered long ago");
  co_return std::move(*dial);
}

Awaitable<Status> MediaHost::admit(std::string stream_token) {
  auto dial = co_await open_dial(std::move(stream_token));
  if (dial) co_return Status{};
  services_.log.warn("media_not_admitted", {{"error", dial.error().message}});
  co_return std::unexpected(dial.error());
}

Awaitable<void> MediaHost::serve(std::string stream_token, std::unique_ptr<MediaStream> stream) {
  const Instant deadline = services_.clock.now() + config_.start_deadline;
  std::optional<MediaStart> start;
  while (!start) {
    const auto event =
        co_await async::by_deadline(services_.clock, deadline, "the carrier's stream", stream->receive());
    if (!event || !*event) {
      // The token is not spent: a carrier may open the stream a second time when the first did not work.
      services_.log.warn("media_never_started", {{"error", event ? "closed before its start" : event.error().message}});
      co_return co_await stream->hang_up();
    }
    if (auto* given = std::get_if<MediaStart>(&**event)) start = std::move(*given);
  }
  auto dial = co_await open_dial(stream_token);
  const auto spent =
      dial ? co_await store_.spend_stream_token(stream_token, services_.clock.now()) : Result<bool>(false);
  if (!spent || !*spent) {
    services_.log.warn("media_token_refused", {{"error", dial ? "already spent" : dial.error().message}});
    co_return co_await stream->hang_up();
  }
  co_await talk(std::move(*dial), std::move(stream), std::move(start->provider_call_id));
}

Awaitable<void> MediaHost::talk(ClaimedDial dial, std::unique_ptr<MediaStream> stream, std::string provider_call_id) {
  const AttemptId id = dial.attempt.id;
  if (dial.call.cancel_requested) {
    // Cancelled while it rang: no carrier of ours can stop the ringing, so the answer is where it ends.
    co_await stream->hang_up();
    (void)co_await settler_.finish({.attempt = id,
                                    .ending = decide_ending({.cancelled_by_us = true}),
                                    .now = services_.clock.now(),
                                    .ended_at = services_.clock.now(),
                                    .price_book = settler_.prices().version});
    co_return;
  }
  if (auto moved = co_await store_.mark_progress(id, CallStatus::in_progress, provider_call_id, services_.clock.now());
      !moved)
    services_.log.warn("progress_not_stored", {{"attempt_id", id}, {"error", moved.error().message}});
  services_.log.info("session_started", {{"attempt_id", id}, {"call_id", dial.call.id}, {"phone", dial.call.phone}});
  services_.metrics.session_started();
  const Executor executor = co_await asio::this_coro::executor;
  CallSession session(executor, config_.session, services_, dial, std::move(stream));
  sessions_.enter(id, {.call = dial.call.id,
                       .executor = executor,
                       .hang_up = [&session](Parting parting) { session.hang_up(parting); },
                       .carrier_ended = [&session](CarrierCall call) { session.carrier_ended(std::move(call)); }});
  SessionResult result = co_await session.run();
  co_await async::ignore_cancellation();
  co_await async::shielded([](Settler& settler, AttemptFinish finish) -> Awaitable<void> {
    (void)co_await settler.finish(std::move(finish));  // an error is logged there, and the reconciler finds it open
  }(settler_, finish_of(dial, std::move(result))));
  sessions_.leave(id);
  services_.metrics.session_ended();
}

AttemptFinish MediaHost::finish_of(const ClaimedDial& dial, SessionResult result) const {
  AttemptFacts facts{.conversation = result.facts};
  std::optional<Money> carrier_price;
  if (result.carrier) {
    facts.carrier = result.carrier->state;
    facts.carrier_duration = result.carrier->duration;
    carrier_price = result.carrier->price;
  }
  const PriceBook& book = settler_.prices();
  std::vector<CostLine> costs = price(book,
                                      {.telephony = dial.attempt.provider,
                                       .stt = services_.stt.name(),
                                       .llm = services_.llm.name(),
                                       .tts = services_.tts.name()},
                                      result.usage);
  if (carrier_price) costs = with_carrier_price(book, std::move(costs), dial.attempt.provider, *carrier_price);
  return {.attempt = dial.attempt.id,
          .ending = decide_ending(facts),
          .now = result.ended_at,
          .answered_at = result.started_at,
          .media_started_at = result.started_at,
          .ended_at = result.ended_at,
          .carrier_duration = facts.carrier_duration,
          .transcript = std::move(result.transcript),
          .turns = std::move(result.turns),
          .costs = std::move(costs),
          .price_book = book.version};
}

}  // namespace callramp::engine
