// CallSession: one conversation, from the carrier's media stream to the facts by which its outcome is decided.
//
// A tree of coroutines on one executor: media in, speech recognition in and out, the reply being thought and spoken,
// playout, and a clock. They share the state machines of the voice floor and tell them what happened; what those answer
// is carried out here. Whatever fails, run() returns, and it returns once.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/alarm.hpp"
#include "async/channel.hpp"
#include "async/task_scope.hpp"
#include "base/log.hpp"
#include "core/calls/transition.hpp"
#include "engine/call_metrics.hpp"
#include "engine/call_service.hpp"
#include "engine/phrase_cache.hpp"
#include "ports/call_store.hpp"
#include "ports/language_model.hpp"
#include "ports/speech_to_text.hpp"
#include "ports/telephony.hpp"
#include "ports/text_to_speech.hpp"
#include "voice/playback.hpp"
#include "voice/sentence_splitter.hpp"
#include "voice/turn_taking.hpp"

namespace callramp::engine {

struct SessionConfig {
  voice::PlaybackSettings playback;
  Duration stt_deadline = seconds{5};                  ///< to open the recognition stream
  Duration first_token_deadline = milliseconds{2500};  ///< "no useful output" after this is a failure
  Duration token_deadline = seconds{5};                ///< between two pieces of a reply
  Duration tts_deadline = seconds{4};                  ///< to the first sound of a sentence
  Duration ready_deadline = seconds{5};                ///< to a connection that is opened ahead of need
  Duration carrier_grace = seconds{3};                 ///< the stream may outlive the carrier's word by this
  int stt_reopens = 2;
};

/// Whatever a session needs from outside; all outlive it.
struct SessionServices {
  SpeechToText& stt;
  LanguageModel& llm;
  TextToSpeech& tts;
  PhraseCache& phrases;
  async::Clock& clock;
  Log& log;
  CallMetrics& metrics;
  ReadFields read_fields;
};

struct SessionResult {
  ConversationFacts facts;
  std::vector<TranscriptLine> transcript;
  std::vector<TurnTiming> turns;
  Usage usage;
  std::optional<CarrierCall> carrier;  ///< what the carrier said meanwhile
  Instant started_at{};
  Instant ended_at{};
};

class CallSession {
 public:
  CallSession(const Executor& executor, SessionConfig config, SessionServices services, ClaimedDial dial,
              std::unique_ptr<MediaStream> media);

  /// Talks until the call is over and hangs up. Never throws; being cancelled ends the call with an apology cut short.
  Awaitable<SessionResult> run();
  /// Says goodbye and ends. On the session's executor.
  void hang_up(Parting parting);
  void carrier_ended(CarrierCall call);

 private:
  // What is being said: a reply of the model, or a fixed sentence.
  struct Utterance {
    std::uint64_t generation = 0;
    voice::UtteranceId id{};
    bool greeting = false;
    std::optional<Instant> speech_ended_at;  // of the turn that it answers
    Instant asked_at{};
    TurnTiming timing;
    std::optional<Instant> sounded_at;
  };

  // The coroutines.
  // A task that throws ends the session, unless it speaks for `generation` and was taken back.
  Awaitable<void> guarded(Awaitable<void> task, std::optional<std::uint64_t> generation = std::nullopt);
  Awaitable<void> media_in();
  Awaitable<void> stt_session();
  Awaitable<Status> stt_stream();
  Awaitable<void> stt_out(SttStream& stream);
  Awaitable<Status> stt_in(SttStream& stream);
  Awaitable<void> play_out();
  Awaitable<void> keep_ready();
  Awaitable<void> watch_time();
  // call_session_speaking.cpp: one reply or fixed sentence, from the idea to the line.
  Awaitable<void> reply_task(std::uint64_t generation);
  Awaitable<Status> think(std::uint64_t generation, async::Channel<std::string>& sentences, bool& end_call);
  Awaitable<void> speak(std::uint64_t generation, async::Channel<std::string>& sentences, Status& result);
  Awaitable<void> say_task(std::uint64_t generation, std::string text);
  Awaitable<Status> render(std::uint64_t generation, std::string text);

  // What happened, told to the state machines.
  void on_turn_events(std::vector<voice::TurnEvent> events);
  void on_event(const voice::TurnStarted& event);
  void on_event(const voice::TurnEnded& event);
  void on_event(const voice::TurnAbandoned& event);
  void interrupt();
  void on_spoken(const std::vector<voice::Spoken>& spoken);
  void perform(voice::Action action);
  void start_reply();
  void say(const voice::Say& what);
  std::uint64_t begin_utterance(bool greeting);
  void start(Awaitable<void> speaking);
  void cancel_reply();
  void end(std::string why);
  void provider_failed(Fault fault, const Error& error);
  void first_sound(Instant now);
  void estimate_tokens(const std::vector<ChatMessage>& messages, const std::string& reply);

  bool current(std::uint64_t generation) const noexcept {
    return saying_ && saying_->generation == generation && !ended_;
  }
  milliseconds since_start(Instant at) const { return std::chrono::duration_cast<milliseconds>(at - started_at_); }
  SessionResult result(Instant now) const;

  SessionConfig config_;
  SessionServices services_;
  ClaimedDial dial_;
  std::unique_ptr<MediaStream> media_;
  Executor executor_;

  voice::Conversation conversation_;
  voice::TurnTaking turns_;
  voice::Vad vad_;
  voice::Playback playback_;

  async::Channel<std::vector<std::int16_t>> to_stt_;
  async::Alarm playout_alarm_;
  async::Alarm time_alarm_;
  async::Signal over_;
  async::Signal turn_began_;

  Instant started_at_{};
  std::optional<Instant> first_audio_at_;
  std::uint64_t generation_ = 0;
  std::optional<Utterance> saying_;
  std::optional<Instant> last_speech_end_;  // of a turn that waits for its answer
  std::optional<Instant> turn_started_at_;
  std::optional<Instant> stop_at_;
  bool clear_due_ = false;
  int turn_ = 0;
  std::vector<TranscriptLine> transcript_;
  std::vector<TurnTiming> timings_;
  Usage usage_;
  std::optional<Fault> provider_fault_;
  std::string fault_detail_;
  bool stt_lost_ = false;
  bool part_was_cancelled_ = false;
  bool ended_ = false;
  std::optional<CarrierCall> carrier_;

  // Each reply has a scope of its own, so that it can be cancelled alone; a cancelled one ends within a task or two and
  // is dropped at the next start.
  std::list<std::unique_ptr<async::TaskScope>> replies_;
};

}  // namespace callramp::engine
