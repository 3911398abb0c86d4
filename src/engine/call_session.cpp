#include "engine/call_session.hpp"

#include "async/deadline.hpp"

namespace callramp::engine {
namespace {

// Audio that waits for the recognition stream to open: 10 s of 100 ms frames. What is older than that is not answered
// any more, so the oldest goes.
constexpr std::size_t stt_backlog_frames = 100;
// The recogniser's published streaming limit is one request at a time per sentence; a reopened stream waits this long
// first.
constexpr milliseconds stt_reopen_pause{300};
constexpr milliseconds least_wait{5};
// definitions.md §1: answered and nothing of ours within 2 s is `failed`.
constexpr seconds heard_within{2};

}  // namespace

CallSession::CallSession(const Executor& executor, SessionConfig config, SessionServices services, ClaimedDial dial,
                         std::unique_ptr<MediaStream> media)
    : config_(std::move(config)),
      services_(std::move(services)),
      dial_(std::move(dial)),
      media_(std::move(media)),
      executor_(executor),
      conversation_(script_of(dial_.agent), services_.read_fields(dial_.call.metadata_json), limits_of(dial_.agent)),
      playback_(config_.playback),
      to_stt_(executor, stt_backlog_frames),
      playout_alarm_(executor, services_.clock),
      time_alarm_(executor, services_.clock),
      over_(executor),
      turn_began_(executor) {
  usage_.stt_model = dial_.agent.stt_model;
  usage_.llm_model = dial_.agent.model;
  usage_.tts_voice = dial_.agent.voice;
}

Awaitable<SessionResult> CallSession::run() {
  started_at_ = services_.clock.now();
  for (const std::string& field : conversation_.missing_fields())
    services_.log.warn("contact_lacks_field", {{"call_id", dial_.call.id}, {"field", field}});
  std::exception_ptr thrown;
  try {
    co_await async::with_scope([this](async::TaskScope& scope) -> Awaitable<void> {
      scope.spawn(guarded(media_in()));
      scope.spawn(guarded(stt_session()));
      scope.spawn(guarded(play_out()));
      scope.spawn(guarded(watch_time()));
      scope.spawn(guarded(keep_ready()));
      say(conversation_.begin(started_at_));
      while (!ended_) co_await over_.wait();
    });
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await async::ignore_cancellation();
  ended_ = true;
  cancel_reply();
  for (const auto& reply : replies_) {
    try {
      co_await reply->stop();
    } catch (...) {
      if (!thrown) thrown = std::current_exception();
    }
  }
  const Instant now = services_.clock.now();
  on_spoken(playback_.clear(now));
  conversation_.callee_hung_up(now);  // does nothing if it had ended by itself
  co_await async::shielded(media_->hang_up());
  if (!thrown && part_was_cancelled_)
    provider_failed(Fault::ours, {.message = "a part of the session was cancelled, and nobody had asked for it"});
  if (thrown) {
    std::string what = "callramp was stopped";
    if (!async::is_cancellation(thrown)) {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& error) {
        what = error.what();
      }
    }
    provider_failed(Fault::ours, {.message = std::move(what)});
  }
  co_return result(now);
}

SessionResult CallSession::result(Instant now) const {
  const voice::ConversationFacts talked = conversation_.facts(now);
  SessionResult result{.transcript = transcript_,
                       .turns = timings_,
                       .usage = usage_,
                       .carrier = carrier_,
                       .started_at = started_at_,
                       .ended_at = now};
  result.usage.talk = now - started_at_;
  result.facts = {.connected = now - started_at_,
                  .person_spoke = talked.person_spoke,
                  .we_answered = talked.we_answered,
                  .any_audio_played = first_audio_at_ && *first_audio_at_ - started_at_ <= heard_within,
                  .turn_unanswered = talked.turn_left_unanswered,
                  .fault_detail = fault_detail_};
  // A provider that failed for a moment and was got over is no fault of the call; one that ended it, or left the callee
  // without an answer, is.
  const bool decisive = talked.end == voice::EndReason::fault || talked.turn_left_unanswered || stt_lost_ ||
                        provider_fault_ == Fault::ours || (!first_audio_at_ && now - started_at_ > heard_within);
  if (decisive) result.facts.fault = provider_fault_;
  return result;
}

Awaitable<void> CallSession::guarded(Awaitable<void> task, std::optional<std::uint64_t> generation) {
  std::exception_ptr thrown;
  try {
    co_await std::move(task);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!thrown) co_return;
  // A reply that is taken back, because the callee goes on talking, ends itself and not the call.
  const bool taken_back = generation && !current(*generation) && async::is_cancellation(thrown);
  if (!taken_back) {
    // The scope takes a cancellation for its own. One that nobody asked for is no hang-up of the callee's.
    if (!ended_ && async::is_cancellation(thrown)) part_was_cancelled_ = true;
    end("a part of the session failed");
  }
  std::rethrow_exception(thrown);
}

void CallSession::end(std::string why) {
  if (ended_) return;
  ended_ = true;
  services_.log.info("session_ending", {{"attempt_id", dial_.attempt.id}, {"why", why}});
  over_.notify();
}

void CallSession::hang_up(Parting parting) {
  if (ended_) return;
  perform(conversation_.stop(parting == Parting::apology ? dial_.agent.apology : dial_.agent.goodbye,
                             services_.clock.now()));
}

void CallSession::carrier_ended(CarrierCall call) {
  carrier_ = std::move(call);
  // Usually the stream has ended with the call; one that stays half open must not hold the session.
  stop_at_ = services_.clock.now() + config_.carrier_grace;
  time_alarm_.ring();
}

void CallSession::provider_failed(Fault fault, const Error& error) {
  services_.log.warn("session_provider_failed",
                     {{"attempt_id", dial_.attempt.id}, {"fault", to_string(fault)}, {"error", error.message}});
  provider_fault_ = fault;
  fault_detail_ = error.message;
}

// ---- the callee's side -------------------------------------------------------------------------------------------

Awaitable<void> CallSession::media_in() {
  for (;;) {
    auto event = co_await media_->receive();
    if (!event) {
      services_.log.warn("media_broken", {{"attempt_id", dial_.attempt.id}, {"error", event.error().message}});
      conversation_.callee_hung_up(services_.clock.now());
      co_return end("the media stream broke");
    }
    if (!*event) {
      conversation_.callee_hung_up(services_.clock.now());
      co_return end("the media stream ended");
    }
    const Instant now = services_.clock.now();
    if (auto* audio = std::get_if<MediaAudio>(&**event)) {
      vad_.feed(audio->samples, [&](const voice::VadFrame& frame) { on_turn_events(turns_.voice(frame, now)); });
      to_stt_.push_dropping_oldest(std::move(audio->samples));
    } else if (const auto* mark = std::get_if<MediaMark>(&**event)) {
      playback_.mark_returned(mark->name, now);
      on_spoken(playback_.take_finished(now));
    } else if (std::holds_alternative<MediaStop>(**event)) {
      conversation_.callee_hung_up(now);
      co_return end("the carrier ended the stream");
    }
    time_alarm_.ring();
  }
}

Awaitable<void> CallSession::stt_session() {
  for (int opened = 0; !ended_; ++opened) {
    const Status ended = co_await stt_stream();
    if (ended_) co_return;
    const Error error = ended
                            ? Error{.code = ErrorCode::unavailable, .message = "the recognition stream ended by itself"}
                            : ended.error();
    provider_failed(Fault::stt, error);
    if (opened >= config_.stt_reopens || error.code == ErrorCode::unauthorized) break;
    co_await services_.clock.sleep_for(stt_reopen_pause);
  }
  // Deaf, we must not go on talking.
  stt_lost_ = true;
  perform(conversation_.stop(dial_.agent.apology, services_.clock.now()));
}

Awaitable<Status> CallSession::stt_stream() {
  CO_TRY(stream, co_await services_.stt.open(
                     {.model = dial_.agent.stt_model, .language = dial_.agent.language, .attempt = dial_.attempt.id},
                     services_.clock.now() + config_.stt_deadline));
  Status ended;
  co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
    scope.spawn(stt_out(*stream));
    ended = co_await stt_in(*stream);
  });
  co_return ended;
}

Awaitable<void> CallSession::stt_out(SttStream& stream) {
  while (auto samples = co_await to_stt_.receive()) {
    usage_.stt_audio += audio::duration_of(samples->size());
    if (const auto sent = co_await stream.send(*samples); !sent) co_return;  // stt_in sees the broken stream too
  }
}

Awaitable<Status> CallSession::stt_in(SttStream& stream) {
  for (;;) {
    CO_TRY(event, co_await stream.receive());
    if (!event) co_return Status{};
    const Instant now = services_.clock.now();
    if (const auto* heard = std::get_if<Transcript>(&*event)) {
      on_turn_events(turns_.transcript({.text = heard->text,
                                        .final = heard->is_final,
                                        .speech_final = heard->speech_final,
                                        .audio_start = heard->from,
                                        .audio_end = heard->to},
                                       now));
    } else if (std::holds_alternative<SpeechStarted>(*event)) {
      on_turn_events(turns_.speech_started(now));
    } else {
      on_turn_events(turns_.utterance_end(now));
    }
    time_alarm_.ring();
  }
}

Awaitable<void> CallSession::watch_time() {
  for (;;) {
    const Instant now = services_.clock.now();
    if (stop_at_ && now >= *stop_at_) co_return end("the carrier says that the call is over");
    on_turn_events(turns_.check(now));
    on_spoken(playback_.take_finished(now));
    perform(conversation_.check(now));
    Instant next = Instant::max();
    for (const auto due : {turns_.next_check(), playback_.finished_by_clock_at(), conversation_.next_check(), stop_at_})
      if (due) next = std::min(next, *due);
    // Never in the past: a state machine that is due and has nothing to say must not spin.
    co_await time_alarm_.wait_until(std::max(next, now + least_wait));
  }
}

// A connection takes three round trips, which over an ocean is half a second. While the greeting plays, and again while
// the callee speaks, is the time for it; one that nobody used for a while has been closed by either side.
Awaitable<void> CallSession::keep_ready() {
  for (;;) {
    co_await services_.llm.get_ready(services_.clock.now() + config_.ready_deadline);
    co_await services_.tts.get_ready(services_.clock.now() + config_.ready_deadline);
    co_await turn_began_.wait();
  }
}

void CallSession::on_turn_events(std::vector<voice::TurnEvent> events) {
  for (const voice::TurnEvent& event : events)
    if (!ended_) std::visit([this](const auto& what) { on_event(what); }, event);
}

void CallSession::on_event(const voice::TurnStarted&) {
  turn_started_at_ = services_.clock.now();
  turn_began_.notify();
  if (conversation_.may_interrupt()) interrupt();
}

void CallSession::interrupt() {
  const Instant now = services_.clock.now();
  const bool speaking = playback_.active(now);
  cancel_reply();
  conversation_.callee_started(now);
  on_spoken(playback_.clear(now));
  if (speaking) {
    // Sent by play_out, the only one who writes to the line: what it sends afterwards must not be cleared with the
    // rest.
    clear_due_ = true;
    playout_alarm_.ring();
  }
}

void CallSession::on_event(const voice::TurnEnded& event) {
  const Instant now = services_.clock.now();
  last_speech_end_ = event.speech_ended_at;
  transcript_.push_back({.speaker = Speaker::callee,
                         .text = event.text,
                         .from = since_start(turn_started_at_.value_or(event.speech_ended_at)),
                         .to = since_start(event.speech_ended_at)});
  turn_started_at_.reset();
  perform(conversation_.callee_said(event.text, now));
}

void CallSession::on_event(const voice::TurnAbandoned&) {
  turn_started_at_.reset();
  perform(conversation_.callee_said_nothing(services_.clock.now()));
}

}  // namespace callramp::engine
