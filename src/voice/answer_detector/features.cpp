#include "voice/answer_detector/features.hpp"

#include <algorithm>
#include <cmath>

namespace callramp::voice {

namespace {

constexpr float frame_s = 0.02F;
constexpr milliseconds frame_ms{20};
// Stops within words are up to 100 ms of silence; a longer gap ends a run.
constexpr int longest_stop = 5;
// Less activity than 80 ms is a click, a breath, or the edge of a tone.
constexpr int shortest_run = 4;
// From here on a silence ends a phrase: half a second.
constexpr int phrase_gap = 25;
constexpr float syllable_rise_db = 4;
constexpr float lowest_semitones = 73.5F;  // 70 Hz
constexpr float steady_step_st = 3;        // more between two frames is another sound or an octave error

float ratio(float a, float b) { return b > 0 ? a / b : 0; }
float spread(float sum, float squares, int count) {
  if (count < 2) return 0;
  const float mean = sum / static_cast<float>(count);
  return std::sqrt(std::max(0.0F, squares / static_cast<float>(count) - mean * mean));
}

}  // namespace

void SpeechFeatures::frame(const AnalyzedFrame& frame, bool heard) {
  ++now_;
  const bool active = frame.active && heard;
  if (active) {
    if (!in_run_) {
      in_run_ = true;
      run_start_ = now_;
      run_active_ = 0;
      run_level_sum_ = 0;
    }
    ++run_active_;
    if (!begun_ && run_active_ >= shortest_run) {
      begun_ = true;
      onset_ = run_start_;
      phrase_start_ = run_start_;
      phrases_ = 1;
    } else if (begun_ && run_active_ == shortest_run && runs_ > 0 && run_start_ - last_run_end_ > phrase_gap) {
      phrase_start_ = run_start_;
      ++phrases_;
    }
    last_active_ = now_;
    ++active_;
    level_sum_ += frame.level_dbov;
    level_squares_ += frame.level_dbov * frame.level_dbov;
    run_level_sum_ += frame.level_dbov;
    if (last_level_ > -127) {
      level_steps_ += std::abs(frame.level_dbov - last_level_);
      ++steps_;
    }
    loudest_ = std::max(loudest_, frame.level_dbov);
    tail_levels_[static_cast<std::size_t>(tail_at_++) % tail_levels_.size()] = frame.level_dbov;
  } else if (in_run_ && now_ - last_active_ > longest_stop) {
    end_run();
  }
  last_level_ = active ? frame.level_dbov : -127;

  // Syllables: crests of the smoothed level that stand out of the valleys on both sides.
  const float level = active ? frame.level_dbov : loudest_ - 30;
  envelope_ = envelope_ <= -127 ? level : envelope_ + 0.5F * (level - envelope_);
  if (rising_) {
    crest_ = std::max(crest_, envelope_);
    if (envelope_ < crest_ - syllable_rise_db) {
      rising_ = false;
      valley_ = envelope_;
      if (last_syllable_ > 0 && now_ - last_syllable_ < phrase_gap) {
        const float gap = static_cast<float>(now_ - last_syllable_) * frame_s;
        syllable_gaps_ += gap;
        syllable_gap_squares_ += gap * gap;
        ++syllable_gap_count_;
      }
      ++syllables_;
      last_syllable_ = now_;
    }
  } else {
    valley_ = std::min(valley_, envelope_);
    if (active && envelope_ > valley_ + syllable_rise_db) {
      rising_ = true;
      crest_ = envelope_;
    }
  }

  if (active && frame.voiced) {
    add_pitch(frame.pitch_semitones);
  } else {
    before_last_voiced_ = last_voiced_;
    last_voiced_ = false;
  }
}

void SpeechFeatures::end_run() {
  in_run_ = false;
  if (run_active_ < shortest_run) return;
  const int length = last_active_ - run_start_ + 1;
  if (runs_ > 0) {
    const int gap = run_start_ - last_run_end_;
    longest_gap_ = std::max(longest_gap_, gap);
    if (gaps_ == 0) first_gap_ = gap;
    gap_frames_ += gap;
    ++gaps_;
    if (gap <= 15) ++short_gaps_;
  } else {
    first_run_ = length;
  }
  ++runs_;
  run_frames_ += length;
  longest_run_ = std::max(longest_run_, length);
  last_run_ = length;
  last_run_end_ = last_active_;
  const float mean = run_level_sum_ / static_cast<float>(run_active_);
  run_levels_ += mean;
  run_level_squares_ += mean * mean;
}

void SpeechFeatures::add_pitch(float semitones) {
  ++voiced_;
  if (!last_voiced_) ++voiced_runs_;
  pitch_sum_ += semitones;
  pitch_squares_ += semitones * semitones;
  const float at = static_cast<float>(now_ - onset_) * frame_s;
  pitch_time_ += at;
  pitch_time_squares_ += at * at;
  pitch_products_ += at * semitones;
  if (last_voiced_) {
    const float step = semitones - last_pitch_;
    if (std::abs(step) < steady_step_st) {
      jitter_sum_ += std::abs(step);
      ++jitter_count_;
      if (std::abs(step) > 1) ++jumps_;
      if (before_last_voiced_) {
        const float bend = step - (last_pitch_ - before_last_pitch_);
        if (std::abs(bend) < 2 * steady_step_st) {
          bend_sum_ += std::abs(bend);
          ++bend_count_;
        }
      }
    }
  }
  if (start_count_ < 15) {
    start_sum_ += semitones;
    ++start_count_;
  }
  tail_pitches_[static_cast<std::size_t>(tail_pitch_count_++) % tail_pitches_.size()] = semitones;
  const int bin = std::clamp(static_cast<int>((semitones - lowest_semitones) * 2), 0, 63);
  ++pitch_histogram_[static_cast<std::size_t>(bin)];
  before_last_voiced_ = last_voiced_;
  before_last_pitch_ = last_pitch_;
  last_voiced_ = true;
  last_pitch_ = semitones;
}

milliseconds SpeechFeatures::speech() const {
  const bool counts = in_run_ && run_active_ >= shortest_run;
  return (run_frames_ + (counts ? last_active_ - run_start_ + 1 : 0)) * frame_ms;
}
milliseconds SpeechFeatures::since_onset() const { return begun_ ? (now_ - onset_ + 1) * frame_ms : milliseconds{0}; }
milliseconds SpeechFeatures::silence() const {
  // A click within the silence does not end it.
  const int end = in_run_ && run_active_ >= shortest_run ? last_active_ : std::max(last_run_end_, 0);
  return (now_ - end) * frame_ms;
}
milliseconds SpeechFeatures::phrase() const {
  if (!begun_ || silence() > phrase_gap * frame_ms) return milliseconds{0};
  return (now_ - phrase_start_ + 1) * frame_ms - silence();
}

FeatureValues SpeechFeatures::values() const {
  FeatureValues v{};
  if (!begun_) return v;
  const bool running = in_run_ && run_active_ >= shortest_run;
  const int current = running ? last_active_ - run_start_ + 1 : 0;
  const float speech_s = std::chrono::duration<float>(speech()).count();
  const float silence_s = std::chrono::duration<float>(silence()).count();
  const float since_s = std::chrono::duration<float>(since_onset()).count();
  const int end = running ? last_active_ : last_run_end_;
  const int gap_now = running && runs_ > 0 ? run_start_ - last_run_end_ : 0;
  const float count = static_cast<float>(active_);
  std::size_t i = 0;
  const auto put = [&](float value) { v[i++] = value; };
  put(std::min(since_s, 8.0F));
  put(speech_s);
  put(std::min(silence_s, 2.0F));
  put(static_cast<float>(running ? current : last_run_) * frame_s);
  put(static_cast<float>(runs_ + (running ? 1 : 0)));
  put(static_cast<float>(std::max(longest_run_, current)) * frame_s);
  put(static_cast<float>(std::max(longest_gap_, gap_now)) * frame_s);
  put(ratio(static_cast<float>(gap_frames_ + gap_now) * frame_s, static_cast<float>(gaps_ + (gap_now > 0 ? 1 : 0))));
  put(static_cast<float>(runs_ > 0 ? first_run_ : current) * frame_s);
  put(static_cast<float>(gaps_ > 0 ? first_gap_ : gap_now) * frame_s);
  put(ratio(speech_s, static_cast<float>(end - onset_ + 1) * frame_s));
  put(static_cast<float>(end - phrase_start_ + 1) * frame_s);
  put(static_cast<float>(phrases_));

  const float mean_level = ratio(level_sum_, count);
  put(spread(level_sum_, level_squares_, active_));
  put(ratio(level_steps_, static_cast<float>(steps_)));
  put(loudest_ - mean_level);
  const int tail = std::min<int>(tail_at_, static_cast<int>(tail_levels_.size()));
  float tail_sum = 0;
  for (int k = 0; k < tail; ++k) tail_sum += tail_levels_[static_cast<std::size_t>(k)];
  put(ratio(tail_sum, static_cast<float>(tail)) - mean_level);
  put(spread(run_levels_, run_level_squares_, runs_));
  put(ratio(static_cast<float>(syllables_), speech_s));
  const float mean_syllable = ratio(syllable_gaps_, static_cast<float>(syllable_gap_count_));
  put(ratio(spread(syllable_gaps_, syllable_gap_squares_, syllable_gap_count_), mean_syllable));

  const float voiced = static_cast<float>(voiced_);
  const float mean_pitch = ratio(pitch_sum_, voiced);
  put(ratio(voiced, count));
  put(spread(pitch_sum_, pitch_squares_, voiced_));
  int low = 0;
  int high = 0;
  int passed = 0;
  for (int bin = 0; bin < 64; ++bin) {
    passed += pitch_histogram_[static_cast<std::size_t>(bin)];
    if (passed * 10 <= voiced_) low = bin + 1;
    if (passed * 10 <= voiced_ * 9) high = bin + 1;
  }
  put(static_cast<float>(high - low) / 2);
  put(ratio(jitter_sum_, static_cast<float>(jitter_count_)));
  const float variance = ratio(pitch_time_squares_, voiced) - std::pow(ratio(pitch_time_, voiced), 2.0F);
  const float covariance = ratio(pitch_products_, voiced) - ratio(pitch_time_, voiced) * mean_pitch;
  put(variance > 0.01F ? std::clamp(covariance / variance, -12.0F, 12.0F) : 0);
  put(ratio(static_cast<float>(voiced_runs_), speech_s));
  put(ratio(voiced * frame_s, static_cast<float>(voiced_runs_)));
  const int tail_pitch = std::min<int>(tail_pitch_count_, static_cast<int>(tail_pitches_.size()));
  float tail_pitch_sum = 0;
  for (int k = 0; k < tail_pitch; ++k) tail_pitch_sum += tail_pitches_[static_cast<std::size_t>(k)];
  put(ratio(tail_pitch_sum, static_cast<float>(tail_pitch)) - mean_pitch);
  put(ratio(start_sum_, static_cast<float>(start_count_)) - mean_pitch);
  put(ratio(static_cast<float>(jumps_), speech_s));
  put(ratio(bend_sum_, static_cast<float>(bend_count_)));
  put(ratio(static_cast<float>(short_gaps_), speech_s));
  return v;
}

}  // namespace callramp::voice
