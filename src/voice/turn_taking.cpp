#include "voice/turn_taking.hpp"

#include <algorithm>

#include "voice/text.hpp"

namespace callramp::voice {

namespace {

// How long a final transcript may still be on its way when the service has already said that the utterance is over.
constexpr Duration final_after_end = milliseconds{300};
// Words come up to a second behind the voice that they were.
constexpr Duration voice_supports_words = milliseconds{1000};
// Two results that end this close together are about the same words.
constexpr Duration same_audio = milliseconds{300};

}  // namespace

std::vector<TurnEvent> TurnTaking::transcript(const TranscriptEvent& event, Instant now) {
  std::vector<TurnEvent> events = check(now);
  const std::string_view text = fresh_text(event);
  const bool final = event.final || event.speech_final;
  if (!text.empty()) {
    last_words_at_ = now;
    audio_end_ = std::max(audio_end_, event.audio_end);
  }
  if (final) {
    append_spaced(finals_, text);
    interim_.clear();
  } else {
    interim_ = text;
  }
  // Interim text alone may be noise taken for words; with a sign of voice from anywhere, or once final, it is speech.
  const bool voiced = announced_ || (voice_heard_ && now - last_voice_at_ < voice_supports_words);
  if (!text.empty() && (voiced || final)) open(TurnStarted::Cause::words, now, events);
  if (event.speech_final || (final && end_asked_)) {
    if (!finals_.empty())
      end(event.speech_final ? TurnEnded::Cause::speech_final : TurnEnded::Cause::utterance_end, events);
    else
      announced_ = end_asked_ = false;
  }
  return events;
}

// The event's text without what an earlier turn has had: a silence may have ended a turn on interim text, and the
// service finishes that stretch of audio afterwards.
std::string_view TurnTaking::fresh_text(const TranscriptEvent& event) const {
  const std::string_view text = trimmed(event.text);
  const bool overlaps = event.audio_end > Duration{0} && event.audio_start < taken_until_;
  if (!overlaps) return text;
  const auto words = words_of(text);
  if (event.audio_end <= taken_until_ + same_audio || words.size() <= taken_words_) return {};
  return text.substr(static_cast<std::size_t>(words[taken_words_].data() - text.data()));
}

std::vector<TurnEvent> TurnTaking::speech_started(Instant now) {
  std::vector<TurnEvent> events = check(now);
  announced_ = true;
  if (!interim_.empty()) open(TurnStarted::Cause::words, now, events);
  return events;
}

std::vector<TurnEvent> TurnTaking::utterance_end(Instant now) {
  std::vector<TurnEvent> events = check(now);
  if (!interim_.empty()) {
    end_asked_ = true;
    last_words_at_ = now;
  } else if (!finals_.empty()) {
    end(TurnEnded::Cause::utterance_end, events);
  } else {
    announced_ = false;
  }
  return events;
}

std::vector<TurnEvent> TurnTaking::voice(const VadFrame& frame, Instant now) {
  std::vector<TurnEvent> events = check(now);
  if (frame.speech == Duration{0}) voice_spent_ = false;
  if (frame.voiced) {
    voice_heard_ = true;
    last_voice_at_ = now;
  }
  if (frame.voiced && !voice_spent_ && frame.speech >= settings_.voice_opens_turn)
    open(TurnStarted::Cause::voice, now, events);
  return events;
}

std::vector<TurnEvent> TurnTaking::check(Instant now) {
  std::vector<TurnEvent> events;
  const auto due = next_check();
  if (!due || now < *due) return events;
  if (!finals_.empty() || !interim_.empty()) {
    const bool stalled = finals_.empty() && !end_asked_;
    open(TurnStarted::Cause::words, now, events);
    end(end_asked_ ? TurnEnded::Cause::utterance_end
        : stalled  ? TurnEnded::Cause::stall
                   : TurnEnded::Cause::silence,
        events);
  } else {
    reset();
    events.push_back(TurnAbandoned{});
  }
  return events;
}

std::optional<Instant> TurnTaking::next_check() const {
  const Instant voice_limit = last_words_at_ + settings_.voice_delays_end;
  if (!finals_.empty() || !interim_.empty()) {
    if (end_asked_) return last_words_at_ + final_after_end;
    const Instant quiet_since = std::max(last_words_at_, std::min(last_voice_at_, voice_limit));
    return quiet_since + (interim_.empty() ? settings_.silence_ends_turn : settings_.stall_ends_turn);
  }
  if (open_) return std::min(last_voice_at_ + settings_.wordless_ends_turn, opened_at_ + settings_.wordless_limit);
  return std::nullopt;
}

std::string TurnTaking::text() const {
  std::string text = finals_;
  append_spaced(text, interim_);
  return text;
}

void TurnTaking::open(TurnStarted::Cause cause, Instant now, std::vector<TurnEvent>& events) {
  if (open_) return;
  open_ = true;
  opened_at_ = now;
  if (!voice_heard_) last_voice_at_ = now;  // the words are the only witness
  events.push_back(TurnStarted{.cause = cause});
}

void TurnTaking::end(TurnEnded::Cause cause, std::vector<TurnEvent>& events) {
  events.push_back(TurnEnded{.text = text(), .cause = cause, .speech_ended_at = last_voice_at_});
  taken_until_ = std::max(taken_until_, audio_end_);
  taken_words_ = words_of(interim_).size();
  reset();
}

void TurnTaking::reset() {
  open_ = announced_ = end_asked_ = voice_heard_ = false;
  voice_spent_ = true;
  finals_.clear();
  interim_.clear();
}

}  // namespace callramp::voice
