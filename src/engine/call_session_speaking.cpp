// The speaking half of CallSession: the model thinks, sentences are rendered while it still does, and playout hands the
// sound to the line just ahead of real time.
#include "async/deadline.hpp"
#include "base/ensure.hpp"
#include "engine/call_session.hpp"

namespace callramp::engine {
namespace {

// Sentences that may wait for the voice; a model that writes faster waits here.
constexpr std::size_t sentences_ahead = 8;
// What a token is when nobody counted: four characters (the model vendor's rule of thumb for English).
constexpr std::int64_t characters_per_token = 4;

const std::vector<ToolSpec>& tools() {
  static const std::vector<ToolSpec> list{
      {.name = std::string(voice::end_call_tool),
       .description = "Ends the telephone call. Say goodbye in the same reply.",
       .parameters_json = R"({"type":"object","properties":{},"required":[],"additionalProperties":false})"}};
  return list;
}

ChatMessage::Role role_of(voice::Message::Role role) {
  switch (role) {
    case voice::Message::Role::system: return ChatMessage::Role::system;
    case voice::Message::Role::user: return ChatMessage::Role::user;
    case voice::Message::Role::assistant: return ChatMessage::Role::assistant;
  }
  return ChatMessage::Role::user;
}

milliseconds to_millis(Duration span) { return std::chrono::duration_cast<milliseconds>(span); }

}  // namespace

void CallSession::perform(voice::Action action) {
  // Nothing must not ring: the watch that asks the state machines would wake itself for ever.
  if (ended_ || std::holds_alternative<voice::Nothing>(action)) return;
  if (std::holds_alternative<voice::AskModel>(action)) {
    start_reply();
  } else if (const auto* what = std::get_if<voice::Say>(&action)) {
    say(*what);
  } else if (const auto* hang_up = std::get_if<voice::HangUp>(&action)) {
    end(std::string(voice::to_string(hang_up->reason)));
  }
  time_alarm_.ring();
}

std::uint64_t CallSession::begin_utterance(bool greeting) {
  cancel_reply();
  // What is still playing when the next thing is to be said (a farewell over a reply) is cut off by it.
  const Instant now = services_.clock.now();
  if (playback_.active(now)) {
    for (const voice::Spoken& spoken : playback_.clear(now))
      if (!spoken.heard.empty())
        transcript_.push_back({.speaker = Speaker::agent,
                               .text = spoken.heard,
                               .from = since_start(now - spoken.played),
                               .to = since_start(now),
                               .interrupted = true});
    clear_due_ = true;
  }
  saying_ = Utterance{.generation = ++generation_,
                      .id = playback_.begin_utterance(),
                      .greeting = greeting,
                      .speech_ended_at = std::exchange(last_speech_end_, std::nullopt),
                      .asked_at = now};
  saying_->timing.turn = turn_;
  if (saying_->speech_ended_at) saying_->timing.endpointing = to_millis(now - *saying_->speech_ended_at);
  services_.metrics.utterance();
  return generation_;
}

void CallSession::start(Awaitable<void> speaking) {
  std::erase_if(replies_, [](const auto& scope) { return scope->size() == 0; });
  replies_.push_back(std::make_unique<async::TaskScope>(executor_));
  replies_.back()->spawn(guarded(std::move(speaking), generation_));
}

void CallSession::cancel_reply() {
  for (const auto& reply : replies_) reply->cancel();
  if (saying_ && (saying_->sounded_at || saying_->timing.endpointing)) timings_.push_back(saying_->timing);
  saying_.reset();
}

void CallSession::start_reply() {
  ++turn_;
  start(reply_task(begin_utterance(false)));
}

void CallSession::say(const voice::Say& what) {
  start(say_task(begin_utterance(what.kind == voice::Say::Kind::greeting), what.text));
}

Awaitable<void> CallSession::say_task(std::uint64_t generation, std::string text) {
  const voice::UtteranceId utterance = saying_->id;
  Status said;
  if (const Speech known = services_.phrases.peek(text, dial_.agent.voice)) {
    const voice::SegmentId segment = playback_.open_segment(utterance, std::move(text));
    playback_.append(segment, *known);
    playback_.close_segment(segment);
    playout_alarm_.ring();
  } else {
    said = co_await render(generation, std::move(text));
  }
  if (!current(generation)) co_return;
  if (!said) {
    provider_failed(Fault::tts, said.error());
    playback_.end_utterance(utterance);
    perform(conversation_.reply_failed(services_.clock.now()));
    co_return;
  }
  playback_.end_utterance(utterance);
  playout_alarm_.ring();
  time_alarm_.ring();
}

Awaitable<void> CallSession::reply_task(std::uint64_t generation) {
  const voice::UtteranceId utterance = saying_->id;
  async::Channel<std::string> sentences(executor_, sentences_ahead);
  if (std::string owed = conversation_.owed_before_reply(); !owed.empty())
    (void)co_await sentences.send(std::move(owed));
  Status thought;
  Status spoken;
  bool end_call = false;
  co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
    scope.spawn(speak(generation, sentences, spoken));
    thought = co_await think(generation, sentences, end_call);
    sentences.close();
    co_await scope.join();
  });
  if (!current(generation)) co_return;
  playback_.end_utterance(utterance);
  playout_alarm_.ring();
  if (!thought) provider_failed(Fault::llm, thought.error());
  if (!spoken) provider_failed(Fault::tts, spoken.error());
  const Instant now = services_.clock.now();
  const bool has_sound = saying_->timing.first_audio.has_value();
  if (end_call)
    perform(conversation_.end_call_requested(has_sound, now));
  else if (!has_sound)
    perform(conversation_.reply_failed(now));
  time_alarm_.ring();
}

Awaitable<Status> CallSession::think(std::uint64_t generation, async::Channel<std::string>& sentences, bool& end_call) {
  std::vector<ChatMessage> messages;
  for (const voice::Message& message : conversation_.messages())
    messages.push_back({.role = role_of(message.role), .text = message.content});
  const Instant asked = services_.clock.now();
  Instant deadline = asked + config_.first_token_deadline;
  CO_TRY(stream, co_await services_.llm.open({.model = dial_.agent.model,
                                              .messages = messages,
                                              .tools = tools(),
                                              .attempt = dial_.attempt.id,
                                              .cache_key = dial_.agent.id.str()},
                                             deadline));
  // Counted when the model does not: a cancelled stream never sends its usage.
  struct Count {
    CallSession& session;
    const std::vector<ChatMessage>& messages;
    std::string reply;
    bool counted = false;
    ~Count() {
      if (!counted) session.estimate_tokens(messages, reply);
    }
  } count{*this, messages, {}};

  voice::SentenceSplitter splitter;
  bool useful = false;
  for (;;) {
    CO_TRY(event, co_await async::by_deadline(services_.clock, deadline, services_.llm.name(), stream->receive()));
    if (!current(generation)) co_return Status{};
    if (!event) break;
    const Instant now = services_.clock.now();
    if (const auto* text = std::get_if<ReplyText>(&*event)) {
      if (text->delta.empty()) continue;
      useful = true;
      deadline = now + config_.token_deadline;
      if (!saying_->timing.first_token) saying_->timing.first_token = to_millis(now - saying_->asked_at);
      count.reply += text->delta;
      for (std::string& sentence : splitter.feed(text->delta)) {
        if (!saying_->timing.first_sentence) saying_->timing.first_sentence = to_millis(now - saying_->asked_at);
        (void)co_await sentences.send(std::move(sentence));
        if (!current(generation)) co_return Status{};
      }
    } else if (const auto* call = std::get_if<ReplyToolCall>(&*event)) {
      useful = true;
      deadline = now + config_.token_deadline;
      if (call->name == voice::end_call_tool)
        end_call = true;
      else
        services_.log.warn("unknown_tool", {{"attempt_id", dial_.attempt.id}, {"tool", call->name}});
    } else if (const auto* done = std::get_if<ReplyDone>(&*event)) {
      if (done->input_tokens && done->output_tokens) {
        usage_.llm_input_tokens += *done->input_tokens;
        usage_.llm_cached_tokens += done->cached_tokens.value_or(0);
        usage_.llm_output_tokens += *done->output_tokens;
        count.counted = true;
      }
      break;
    }
  }
  if (auto rest = splitter.flush()) {
    if (!saying_->timing.first_sentence)
      saying_->timing.first_sentence = to_millis(services_.clock.now() - saying_->asked_at);
    (void)co_await sentences.send(std::move(*rest));
  }
  if (!useful) co_return fail(ErrorCode::unavailable, services_.llm.name() + " finished without a word");
  co_return Status{};
}

void CallSession::estimate_tokens(const std::vector<ChatMessage>& messages, const std::string& reply) {
  std::size_t asked = 0;
  for (const ChatMessage& message : messages) asked += message.text.size();
  usage_.llm_input_tokens += static_cast<std::int64_t>(asked) / characters_per_token;
  usage_.llm_output_tokens += static_cast<std::int64_t>(reply.size()) / characters_per_token;
  usage_.llm_estimated = true;
}

Awaitable<void> CallSession::speak(std::uint64_t generation, async::Channel<std::string>& sentences, Status& result) {
  while (auto sentence = co_await sentences.receive()) {
    if (!current(generation)) co_return;
    if (const auto rendered = co_await render(generation, std::move(*sentence)); !rendered) result = rendered;
  }
}

Awaitable<Status> CallSession::render(std::uint64_t generation, std::string text) {
  const voice::SegmentId segment = playback_.open_segment(saying_->id, text);
  const Instant deadline = services_.clock.now() + config_.tts_deadline;
  auto stream = co_await services_.tts.open({.text = std::move(text),
                                             .voice = dial_.agent.voice,
                                             .language = dial_.agent.language,
                                             .attempt = dial_.attempt.id},
                                            deadline);
  Status ended;
  if (!stream) ended = std::unexpected(stream.error());
  bool sounded = false;
  while (ended) {
    auto more =
        co_await async::by_deadline(services_.clock, sounded ? services_.clock.now() + config_.tts_deadline : deadline,
                                    services_.tts.name(), (*stream)->receive());
    if (!current(generation)) break;
    if (!more) {
      ended = std::unexpected(more.error());
      break;
    }
    if (!*more) break;
    sounded = true;
    if (!saying_->timing.first_audio)
      saying_->timing.first_audio = to_millis(services_.clock.now() - saying_->asked_at);
    if (playback_.append(segment, **more) != voice::Appended::queued) break;
    playout_alarm_.ring();
  }
  if (stream) usage_.tts_characters += (*stream)->billed_characters();
  if (ended && !sounded && current(generation))
    ended = fail(ErrorCode::unavailable, services_.tts.name() + " sent no audio");
  if (ended)
    playback_.close_segment(segment);
  else
    playback_.cut_segment(segment);
  playout_alarm_.ring();
  co_return ended;
}

Awaitable<void> CallSession::play_out() {
  std::uint64_t underruns = 0;
  for (;;) {
    if (clear_due_) {
      clear_due_ = false;
      if (const auto cleared = co_await media_->clear(); !cleared) co_return;  // media_in sees the broken stream too
    }
    const Instant now = services_.clock.now();
    const auto due = playback_.next_send_at();
    if (!due || *due > now) {
      co_await playout_alarm_.wait_until(due.value_or(Instant::max()));
      continue;
    }
    auto out = playback_.next(now);
    ENSURE(out, "playback had something due and gave nothing");
    if (const auto* chunk = std::get_if<voice::AudioChunk>(&*out)) {
      first_sound(now);
      if (const auto sent = co_await media_->send_audio(chunk->samples); !sent) co_return;
    } else {
      if (const auto sent = co_await media_->send_mark(std::get<voice::PlaybackMark>(*out).name); !sent) co_return;
      time_alarm_.ring();
    }
    for (; underruns < playback_.underruns().within_segment; ++underruns) services_.metrics.underrun();
  }
}

void CallSession::first_sound(Instant now) {
  if (!first_audio_at_) first_audio_at_ = now;
  if (!saying_ || saying_->sounded_at) return;
  saying_->sounded_at = now;
  saying_->timing.first_played = to_millis(now - saying_->asked_at);
  if (saying_->greeting)
    services_.metrics.answer_to_voice(now - started_at_);
  else if (saying_->speech_ended_at)
    services_.metrics.reply_delay(now - *saying_->speech_ended_at);
}

void CallSession::on_spoken(const std::vector<voice::Spoken>& spoken) {
  const Instant now = services_.clock.now();
  for (const voice::Spoken& what : spoken) {
    if (!what.heard.empty())
      transcript_.push_back({.speaker = Speaker::agent,
                             .text = what.heard,
                             .from = since_start(std::max(started_at_, now - what.played)),
                             .to = since_start(now),
                             .interrupted = !what.complete()});
    perform(conversation_.spoken(what.heard, what.unheard, now));
  }
}

}  // namespace callramp::engine
