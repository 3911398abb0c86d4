// SpeechFeatures: how somebody speaks, as numbers that do not depend on whose voice it is, on the handset or on the
// level.
//
// A person who answers says a word or a sentence and waits; a recording goes on, with pauses that somebody planned,
// evenly loud, read aloud. What is counted is timing first, then how level and pitch move relative to this same
// speaker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "voice/answer_detector/frame_analysis.hpp"

namespace callramp::voice {

/// In this order the model names them.
inline constexpr std::array<std::string_view, 32> feature_names{
    "since_onset_s",     "speech_s",        "silence_s",      "run_s",           "runs",
    "longest_run_s",     "longest_gap_s",   "mean_gap_s",     "first_run_s",     "first_gap_s",
    "speech_share",      "phrase_s",        "phrases",        "level_spread_db", "level_step_db",
    "level_crest_db",    "level_tail_db",   "run_spread_db",  "syllables_per_s", "syllable_unevenness",
    "voiced_share",      "pitch_spread_st", "pitch_range_st", "pitch_jitter_st", "pitch_slope_st_per_s",
    "voiced_runs_per_s", "voiced_run_s",    "pitch_end_st",   "pitch_start_st",  "pitch_jumps_per_s",
    "pitch_bend_st",     "short_gaps_per_s"};
inline constexpr std::size_t feature_count = feature_names.size();
using FeatureValues = std::array<float, feature_count>;

class SpeechFeatures {
 public:
  /// `heard`: false where the tone stage says that this is no speech, whatever its level.
  void frame(const AnalyzedFrame& frame, bool heard);
  /// Nothing but silence, clicks and tones so far.
  bool begun() const { return begun_; }
  milliseconds speech() const;
  milliseconds since_onset() const;
  milliseconds silence() const;
  /// Time of the current stretch of speech with pauses of less than half a second in it.
  milliseconds phrase() const;
  FeatureValues values() const;

 private:
  void end_run();
  void add_pitch(float semitones);

  // Everything counts frames of 20 ms.
  bool begun_ = false;
  int now_ = 0;
  int onset_ = 0;
  int last_active_ = 0;
  int run_start_ = 0;
  int run_active_ = 0;  // active frames in the current run
  bool in_run_ = false;
  int phrase_start_ = 0;
  int phrases_ = 0;

  int runs_ = 0;
  int run_frames_ = 0;  // of ended runs
  int longest_run_ = 0;
  int first_run_ = 0;
  int last_run_ = 0;
  int last_run_end_ = 0;
  int longest_gap_ = 0;
  int first_gap_ = 0;
  int gap_frames_ = 0;
  int gaps_ = 0;
  int short_gaps_ = 0;

  int active_ = 0;
  float level_sum_ = 0;
  float level_squares_ = 0;
  float level_steps_ = 0;
  int steps_ = 0;
  float loudest_ = -127;
  float last_level_ = -127;
  float run_level_sum_ = 0;
  float run_levels_ = 0;  // over runs: sums of their mean levels
  float run_level_squares_ = 0;
  std::array<float, 10> tail_levels_{};
  int tail_at_ = 0;

  float envelope_ = -127;
  float valley_ = -127;
  float crest_ = -127;
  bool rising_ = false;
  int syllables_ = 0;
  int last_syllable_ = 0;
  float syllable_gaps_ = 0;
  float syllable_gap_squares_ = 0;
  int syllable_gap_count_ = 0;

  int voiced_ = 0;
  int voiced_runs_ = 0;
  bool last_voiced_ = false;
  bool before_last_voiced_ = false;
  float last_pitch_ = 0;
  float before_last_pitch_ = 0;
  float pitch_sum_ = 0;
  float pitch_squares_ = 0;
  float pitch_time_ = 0;
  float pitch_time_squares_ = 0;
  float pitch_products_ = 0;
  float jitter_sum_ = 0;
  int jitter_count_ = 0;
  int jumps_ = 0;
  float bend_sum_ = 0;
  int bend_count_ = 0;
  float start_sum_ = 0;
  int start_count_ = 0;
  std::array<float, 15> tail_pitches_{};
  int tail_pitch_count_ = 0;
  /// Half semitones from 70 to 400 Hz.
  std::array<std::uint16_t, 64> pitch_histogram_{};
};

}  // namespace callramp::voice
