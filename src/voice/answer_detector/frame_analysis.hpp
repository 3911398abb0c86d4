// FrameAnalyzer: what the answer detector knows of one 20 ms frame: level, speech or not, voicing and pitch, tones.
//
// Everything later stages use is relative to this line and this speaker: activity to the line's own noise, level and
// pitch to what came before. Mean level and mean spectrum are not handed on at all, because they tell handset from
// studio and so take a machine that was recorded over a phone for a person.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "audio/pcm.hpp"

namespace callramp::voice {

struct AnalyzedFrame {
  float level_dbov = -127;    ///< above 150 Hz
  bool active = false;        ///< stands out of this line's noise as speech does; a tone does, too
  bool voiced = false;        ///< may be set where active is not: in the first half second of a call
  float pitch_semitones = 0;  ///< above 1 Hz; only where voiced
  /// Frequencies of one or two steady partials that hold nearly all of the power, ascending; 0 for none.
  float tone_low_hz = 0;
  float tone_high_hz = 0;
  float tone_purity = 0;  ///< share of the power, noise taken off, that lies in them
  /// Share of the power in partials that have stood still for 200 ms: music's notes do, speech glides.
  float steady_share = 0;
  /// Share of the power that moved between frequencies since the last frame, 0 to 1.
  float flux = 0;
};

/// Real spectrum of the last 64 ms, in bins of 15.625 Hz.
class Spectrum {
 public:
  static constexpr std::size_t window = 512;
  static constexpr std::size_t bins = window / 2;
  static constexpr float bin_hz = static_cast<float>(audio::line_rate_hz) / static_cast<float>(window);

  Spectrum();
  /// Power per bin of the `window` samples at `samples`.
  void of(const float* samples, std::array<float, bins>& power);

 private:
  std::array<float, window> hann_;
  std::array<float, bins> cosine_;  // of 2 pi k / window
  std::array<float, bins> sine_;
  std::array<std::uint16_t, bins> reversed_;
  std::array<float, bins> real_;
  std::array<float, bins> imaginary_;
};

class FrameAnalyzer {
 public:
  FrameAnalyzer();
  /// Exactly audio::frame_samples samples.
  AnalyzedFrame frame(audio::PcmView samples);

 private:
  void learn_noise(float level);
  void find_tones(AnalyzedFrame& result);
  void find_pitch(AnalyzedFrame& result);

  Spectrum spectrum_;
  std::array<float, Spectrum::bins> power_{};
  std::array<float, Spectrum::bins> last_power_{};  // each as a share of its frame
  std::array<std::uint8_t, Spectrum::bins> peak_age_{};
  std::array<float, Spectrum::window> recent_{};    // high-passed samples, the newest last
  static constexpr std::size_t pitch_window = 240;  // 60 ms at 4 kHz
  std::array<float, pitch_window> halved_{};
  float last_in_ = 0;
  float last_out_ = 0;

  // Noise: the least of smoothed levels within the last three seconds, as minima of blocks of 200 ms.
  static constexpr std::size_t block_frames = 10;
  std::array<float, 15> block_minima_;
  std::size_t block_ = 0;
  std::size_t frames_in_block_ = 0;
  float smoothed_ = 0;
  float noise_ = 0;
  float peak_ = -127;
  std::uint64_t frames_ = 0;
};

}  // namespace callramp::voice
