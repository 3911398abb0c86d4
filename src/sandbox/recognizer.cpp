#include "sandbox/recognizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace callramp::sandbox {
namespace {

/// Two frames, so that the lowest voices (80 Hz) have more than a period in it.
constexpr std::size_t fit_samples = 2 * Recognizer::frame;
/// Correlation of a frame that counts as heard. Line noise 3 dB below the speech still gives 0.8.
constexpr double heard_correlation = 0.7;
/// A trail ends after 150 ms of sound or expected sound that does not fit.
constexpr std::uint32_t misses_until_lost = 15;
/// Words of a trail count from 200 ms of matching on: less is a vowel that happens to look alike. "No" has 250 ms.
constexpr std::uint32_t frames_until_believed = 20;
/// Until 250 ms match, better candidates are still searched for.
constexpr std::uint32_t frames_until_sure = 25;
constexpr double share_of_a_heard_word = 0.6;
/// Enough for a word between two that were heard: a soft one drowns in line noise, but nothing else can have been
/// there.
constexpr double share_of_a_word_between = 0.25;
constexpr std::size_t most_trails = 8;
/// Searches in a row, every second frame, before it searches every eighth: 300 ms of speech.
constexpr std::size_t patient_searches = 15;
/// History: long enough to follow a phrase back to its start when it is recognised late.
constexpr std::size_t kept_samples = 4 * 8000;
/// -58 dBov: below it nobody speaks, however quiet the line is.
constexpr double least_speech_rms = 40;
/// Speech is 8 dB above the line's noise.
constexpr double speech_over_noise = 2.5;
/// The noise level follows a rise by 6 dB in 7 s, and a fall at once; speech has gaps, noise has none.
constexpr double noise_rise_per_frame = 1.001;
constexpr std::size_t frames_until_speech = 5;
constexpr std::size_t frames_until_silence = 5;

}  // namespace

void Recognizer::feed(audio::PcmView samples) {
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  while (first_ + samples_.size() >= position_ + frame) listen(position_);
  if (samples_.size() > 2 * kept_samples) {
    const std::size_t surplus = position_ - first_ - kept_samples;
    samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(surplus));
    first_ += surplus;
  }
}

audio::PcmView Recognizer::history(std::size_t start, std::size_t count) const {
  return audio::PcmView(samples_).subspan(start - first_, count);
}

void Recognizer::listen(std::size_t at) {
  position_ = at + frame;
  hear_level(history(at, frame));
  for (std::size_t i = trails_.size(); i-- > 0;) {
    Trail& trail = trails_[i];
    switch (fit(trail, at)) {
      case Fit::match:
        note_match(trail, at);
        trail.missed_in_a_row = 0;
        break;
      case Fit::miss:
        ++trail.missed_frames;
        if (++trail.missed_in_a_row >= misses_until_lost) retire(i);
        break;
      case Fit::pause: break;
      case Fit::over: retire(i); break;
    }
  }
  const Trail* leader = best();
  const bool sure = leader != nullptr && leader->matched_frames >= frames_until_sure && leader->missed_in_a_row < 4;
  // A key that was ambiguous 10 ms ago is often still so, and speech unknown for long will hardly become known: what is
  // found late is followed back to its start anyway.
  const std::size_t pace = failed_searches_ < patient_searches ? 2 : 8;
  if (!sure && sound_frames_ >= 3 && (at / frame) % pace == 0) search();
}

void Recognizer::hear_level(audio::PcmView samples) {
  const double level = audio::rms(samples);
  if (!noise_known_ || level < noise_rms_) {
    noise_rms_ = level;
    noise_known_ = true;
  } else {
    noise_rms_ = std::max(noise_rms_, 1.0) * noise_rise_per_frame;
  }
  const std::size_t start = position_ - frame;
  if (level > std::max(least_speech_rms, noise_rms_ * speech_over_noise)) {
    if (sound_frames_++ == 0) sound_start_ = start;
    silent_frames_ = 0;
    if (!speaking_ && sound_frames_ >= frames_until_speech) {
      speaking_ = true;
      speech_start_ = sound_start_;
    }
    if (speaking_) speech_end_ = position_;
    return;
  }
  sound_frames_ = 0;
  if (++silent_frames_ < frames_until_silence) return;
  speaking_ = false;
  failed_searches_ = 0;
}

/// How the stream's frame (with the one before it) fits to where the trail's phrase should be by now.
Recognizer::Fit Recognizer::fit(const Trail& trail, std::size_t frame_start) const {
  const audio::PcmView pcm = *trail.known->phrase->pcm;
  const std::ptrdiff_t end = static_cast<std::ptrdiff_t>(frame_start + frame) - trail.begin;
  const std::ptrdiff_t start = end - static_cast<std::ptrdiff_t>(fit_samples);
  if (end > static_cast<std::ptrdiff_t>(pcm.size())) return Fit::over;
  if (start < 0 || frame_start + frame < first_ + fit_samples) return Fit::pause;
  const audio::PcmView expected = pcm.subspan(static_cast<std::size_t>(start), fit_samples);
  if (audio::rms(expected.last(frame)) < trail.known->quiet_rms) return Fit::pause;
  const audio::PcmView heard = history(frame_start + frame - fit_samples, fit_samples);
  return correlation(heard, expected) >= heard_correlation ? Fit::match : Fit::miss;
}

void Recognizer::note_match(Trail& trail, std::size_t frame_start) const {
  ++trail.matched_frames;
  trail.last_match = std::max(trail.last_match, frame_start + frame);
  const auto middle = static_cast<std::ptrdiff_t>(frame_start + frame / 2) - trail.begin;
  if (middle < 0) return;
  const auto at = static_cast<std::size_t>(middle);
  const auto& words = trail.known->phrase->words;
  const auto word = std::ranges::upper_bound(words, at, {}, &SpokenWord::start);
  if (word == words.begin()) return;
  const auto index = static_cast<std::size_t>(word - words.begin()) - 1;
  if (at < words[index].end) ++trail.matched[index];
}

void Recognizer::search() {
  if (position_ < first_ + PhraseIndex::window) return;
  const std::size_t start = position_ - PhraseIndex::window;
  ++failed_searches_;
  for (PhraseIndex::Hit& hit : index_->search(history(start, PhraseIndex::window))) {
    Trail trail{.known = std::move(hit.phrase), .begin = static_cast<std::ptrdiff_t>(start) - hit.at};
    const bool followed = std::ranges::any_of(trails_, [&](const Trail& other) {
      return other.known == trail.known && std::abs(other.begin - trail.begin) <= 8;
    });
    failed_searches_ = 0;
    if (followed) continue;
    trail.matched.resize(trail.known->phrase->words.size());
    follow_back(trail);
    if (trails_.size() >= most_trails) {
      const auto weakest = std::ranges::min_element(trails_, {}, &Trail::matched_frames);
      if (weakest->matched_frames >= trail.matched_frames) continue;
      trails_.erase(weakest);
    }
    trails_.push_back(std::move(trail));
  }
}

/// What of the phrase had been heard before it was recognised.
void Recognizer::follow_back(Trail& trail) const {
  std::uint32_t missed = 0;
  for (std::size_t at = position_; at >= first_ + fit_samples && missed < misses_until_lost;) {
    at -= frame;
    if (static_cast<std::ptrdiff_t>(at) < trail.begin) break;
    switch (fit(trail, at)) {
      case Fit::match:
        note_match(trail, at);
        missed = 0;
        break;
      case Fit::miss: ++missed; break;
      case Fit::pause:
      case Fit::over: break;
    }
  }
}

/// Long enough, and more than a lucky match now and then.
bool Recognizer::believed(const Trail& trail) {
  return trail.matched_frames >= frames_until_believed && trail.matched_frames >= trail.missed_frames;
}

const Recognizer::Trail* Recognizer::best() const {
  const auto found = std::ranges::max_element(trails_, {}, &Trail::matched_frames);
  return found == trails_.end() ? nullptr : &*found;
}

/// A trail ends. Its words count, unless another one that goes on explains the same samples as well or better.
void Recognizer::retire(std::size_t which) {
  const Trail ended = std::move(trails_[which]);
  trails_.erase(trails_.begin() + static_cast<std::ptrdiff_t>(which));
  if (!believed(ended)) return;
  const bool explained = std::ranges::any_of(trails_, [&](const Trail& other) {
    return other.matched_frames >= ended.matched_frames && other.last_match + frame >= ended.last_match;
  });
  if (explained) return;
  collect(ended, told_later_);
  if (!told_later_.empty()) told_until_ = std::max(told_until_, told_later_.back().end);
}

void Recognizer::collect(const Trail& trail, std::vector<HeardWord>& words) const {
  const auto& spoken = trail.known->phrase->words;
  std::vector<double> shares;
  for (std::size_t i = 0; i < spoken.size(); ++i)
    shares.push_back(static_cast<double>(trail.matched[i]) / trail.known->sounding_frames[i]);
  for (std::size_t i = 0; i < spoken.size(); ++i) {
    const double share = shares[i];
    const bool between = i > 0 && i + 1 < spoken.size() && shares[i - 1] >= share_of_a_heard_word &&
                         shares[i + 1] >= share_of_a_heard_word;
    if (share < (between ? share_of_a_word_between : share_of_a_heard_word)) continue;
    const std::ptrdiff_t start = trail.begin + static_cast<std::ptrdiff_t>(spoken[i].start);
    const std::ptrdiff_t end = trail.begin + static_cast<std::ptrdiff_t>(spoken[i].end);
    const std::ptrdiff_t middle = (start + end) / 2;
    if (middle < static_cast<std::ptrdiff_t>(told_until_)) continue;
    words.push_back({.text = spoken[i].text,
                     .start = static_cast<std::size_t>(std::max<std::ptrdiff_t>(start, 0)),
                     .end = static_cast<std::size_t>(std::max<std::ptrdiff_t>(end, 0)),
                     .confidence = 0.6 + 0.39 * std::min(share, 1.0)});
  }
}

std::vector<HeardWord> Recognizer::words() const {
  std::vector<HeardWord> words = told_later_;
  const Trail* leader = best();
  if (leader != nullptr && believed(*leader)) collect(*leader, words);
  return words;
}

std::vector<HeardWord> Recognizer::take_words() {
  std::vector<HeardWord> words = this->words();
  told_later_.clear();
  if (!words.empty()) told_until_ = std::max(told_until_, words.back().end);
  return words;
}

}  // namespace callramp::sandbox
