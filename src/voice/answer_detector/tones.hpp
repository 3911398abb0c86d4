// ToneStage: the sounds of a network and of machines that are no speech: ring-back, busy, special information tone,
// fax, the beep after a greeting, music.
//
// A stage of its own because none of these is a question of degree: a tone has a frequency, a length and a cadence that
// standards name (ITU-T E.180 supplement 2, Q.35, T.30), while the classifier behind it weighs how speech is spoken.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "voice/answer_detector/frame_analysis.hpp"

namespace callramp::voice {

enum class Tone { none, network, busy, special_information, fax, beep, music };
std::string_view to_string(Tone tone) noexcept;

class ToneStage {
 public:
  static constexpr milliseconds frame_length{20};
  /// A run of tone becomes certain after this long; speech must wait for it, or a tone's first frames count as a word.
  static constexpr std::size_t certain_frames = 5;

  /// Takes a frame; `speech` is how much speech has been heard before: a beep follows a greeting, a ring-back follows
  /// none.
  void frame(const AnalyzedFrame& frame, milliseconds speech);

  /// The current run is certainly a tone and has not ended.
  bool sounding() const { return run_.frames >= certain_frames; }
  /// What is known so far; stays once known, except that network gives way to what is more precise.
  Tone heard() const { return heard_; }
  /// A beep has ended within the call: since when.
  std::optional<milliseconds> beep_ended_at() const { return beep_ended_; }
  float beep_hz() const { return beep_hz_; }
  milliseconds network_time() const { return network_; }
  milliseconds last_network_end() const { return network_end_; }
  /// How still the spectrum stands where there is sound: above 0 for music, -0.2 to -0.5 for speech.
  float stillness() const { return musical_; }

 private:
  struct Run {
    std::size_t frames = 0;
    float low_hz = 0;
    float high_hz = 0;
    float last_hz = 0;
    float last_step_hz = 0;
    float last_purity = 0;
    // Sums over the run's inner frames, where the window lies within the tone: how pure it is and how still it stands.
    float squared_steps = 0;
    float purity = 0;
    int steps = 0;
    float loudest_dbov = -127;
    milliseconds started{0};
    milliseconds length() const { return frame_length * static_cast<int>(frames); }
  };
  void end_run(milliseconds speech);
  void judge_running(milliseconds speech);
  bool is_network(const Run& run) const;
  bool is_beep(const Run& run, milliseconds speech) const;
  void note_beep(float hz);
  void judge_chime(const AnalyzedFrame& frame, milliseconds speech);
  void judge_cadence();
  void judge_music(const AnalyzedFrame& frame);

  Run run_;
  std::size_t missed_ = 0;
  std::array<Run, 8> runs_{};  // ended ones, the newest last
  std::size_t run_count_ = 0;
  int chime_frames_ = 0;
  float chime_first_st_ = 0;
  float chime_last_st_ = 0;
  float loudest_dbov_ = -127;
  milliseconds now_{0};
  Tone heard_ = Tone::none;
  std::optional<milliseconds> beep_ended_;
  float beep_hz_ = 0;
  milliseconds network_{0};
  milliseconds network_end_{0};
  // Sums over the call that forget with a time constant of two seconds.
  float sounding_ = 0;
  float musical_ = 0;
};

}  // namespace callramp::voice
