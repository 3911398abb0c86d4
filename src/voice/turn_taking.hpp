// TurnTaking: who has the floor. Puts the speech service's events and our own voice activity together into turns of the
// callee: one began (the agent may have to fall silent), one ended (the agent may answer), one was nothing.
//
// The service alone is not enough: its start-of-speech event fires on noise, and its end may be late or lost. Voice
// activity alone is not either: it knows no words. No clock here; `now` comes with each event, and next_check() says
// when to come back without one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "voice/vad.hpp"

namespace callramp::voice {

/// What the speech service has understood. Interim text is replaced by the next one, final text stands.
struct TranscriptEvent {
  std::string text;
  bool final = false;
  /// The service thinks that the person has finished speaking.
  bool speech_final = false;
  /// Where in the audio the text lies, from the stream's beginning.
  Duration audio_start{0};
  Duration audio_end{0};
};

struct TurnSettings {
  /// Voiced time that opens a turn without any words. 200 ms: a cough is shorter, "haan" longer.
  Duration voice_opens_turn = milliseconds{200};
  /// Silence after which a final transcript counts as a whole turn although the service did not say so.
  Duration silence_ends_turn = milliseconds{1200};
  /// The same with nothing but interim text: the service has stalled.
  Duration stall_ends_turn = milliseconds{2500};
  /// Sound without words for so long was no turn.
  Duration wordless_ends_turn = milliseconds{1500};
  /// And so long after the start at the latest: voice that goes on without words is a television.
  Duration wordless_limit = milliseconds{5000};
  /// After words, voice activity may delay the end by this much; a noisy line must not hold the turn for ever.
  Duration voice_delays_end = milliseconds{3000};
};

struct TurnStarted {
  enum class Cause { words, voice };
  Cause cause = Cause::words;
};
struct TurnEnded {
  enum class Cause { speech_final, utterance_end, silence, stall };
  std::string text;
  Cause cause = Cause::speech_final;
  /// When voice was last heard: reply delay counts from here.
  Instant speech_ended_at{};
};
/// A turn had been started, but nobody said anything: a cough, noise. The agent may go on where it stopped.
struct TurnAbandoned {};
using TurnEvent = std::variant<TurnStarted, TurnEnded, TurnAbandoned>;

class TurnTaking {
 public:
  explicit TurnTaking(TurnSettings settings = {}) : settings_(settings) {}

  // What happened. Each returns what follows from it, in order.
  std::vector<TurnEvent> transcript(const TranscriptEvent& event, Instant now);
  std::vector<TurnEvent> speech_started(Instant now);
  std::vector<TurnEvent> utterance_end(Instant now);
  std::vector<TurnEvent> voice(const VadFrame& frame, Instant now);
  /// Time has passed.
  std::vector<TurnEvent> check(Instant now);
  /// When check() will find something if nothing else happens.
  std::optional<Instant> next_check() const;

  bool turn_open() const noexcept { return open_; }
  /// What has been understood of the open turn, interim text included.
  std::string text() const;

 private:
  std::string_view fresh_text(const TranscriptEvent& event) const;
  void open(TurnStarted::Cause cause, Instant now, std::vector<TurnEvent>& events);
  void end(TurnEnded::Cause cause, std::vector<TurnEvent>& events);
  void reset();

  TurnSettings settings_;
  bool open_ = false;
  bool announced_ = false;  // the service said that speech started
  std::string finals_;
  std::string interim_;
  Duration audio_end_{0};        // of the text at hand
  Duration taken_until_{0};      // audio that belongs to earlier turns
  std::size_t taken_words_ = 0;  // of an interim text that ended a turn: its final text will repeat them
  Instant opened_at_{};
  Instant last_words_at_{};
  Instant last_voice_at_{};
  bool voice_heard_ = false;  // since the last turn
  bool voice_spent_ = false;  // this stretch of voice belongs to a turn that is over
  bool end_asked_ = false;    // utterance_end came while interim text was still open
};

}  // namespace callramp::voice
