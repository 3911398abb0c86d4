// Vad: says of every 20 ms of line audio whether somebody speaks.
//
// The speech service tells us too, but 100 to 300 ms later; barge-in needs it at once. Three things make a frame
// voiced: it is loud enough to be speech at all, it stands above the noise of this line (learned, so a fan is soon
// ignored), and the level varies as speech does and hum, hiss and tones do not.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "audio/pcm.hpp"

namespace callramp::voice {

struct VadSettings {
  /// A frame quieter than this is never speech. Telephone speech lies between -40 and -10 dBov, line noise below -55.
  double quietest_speech_dbov = -50.0;
  /// How far a voiced frame stands above the noise floor.
  double above_noise_db = 8.0;
  /// Least range of levels within the last 160 ms. White noise in frames of 160 samples stays within 2 dB.
  double least_variation_db = 3.0;
  /// A pause shorter than this does not end a stretch of speech: stops within and between words.
  milliseconds longest_gap{240};
};

struct VadFrame {
  double level_dbov = -127.0;
  double noise_dbov = -127.0;
  bool voiced = false;
  /// Voiced time in the current stretch of speech, gaps not counted; 0 outside of one. A click is 20 to 60 ms of it.
  Duration speech{0};
  /// Time since the last voiced frame, or since the beginning.
  Duration silence{0};
};

class Vad {
 public:
  static constexpr Duration frame_length = audio::duration_of(audio::frame_samples);

  explicit Vad(VadSettings settings = {});

  /// Exactly audio::frame_samples samples.
  VadFrame frame(audio::PcmView samples);
  /// Any number of samples: calls `each(VadFrame)` for every frame completed; the rest waits.
  template <class Each>
  void feed(audio::PcmView samples, Each each) {
    while (!samples.empty()) {
      const std::size_t count = std::min(samples.size(), partial_.size() - partial_size_);
      std::copy_n(samples.begin(), count, partial_.begin() + static_cast<std::ptrdiff_t>(partial_size_));
      partial_size_ += count;
      samples = samples.subspan(count);
      if (partial_size_ == partial_.size()) {
        partial_size_ = 0;
        each(frame(partial_));
      }
    }
  }

 private:
  void learn_noise(double level_dbov);
  double variation() const;

  VadSettings settings_;
  std::array<audio::Sample, audio::frame_samples> partial_{};
  std::size_t partial_size_ = 0;

  // The noise floor is the quietest level of the last two seconds: even fluent speech has a gap in that time. It is
  // kept as the minima of ten blocks of 200 ms.
  static constexpr std::size_t block_frames = 10;
  std::array<double, 10> block_minima_;
  std::size_t block_ = 0;
  std::size_t frames_in_block_ = 0;

  std::array<double, 8> recent_;
  std::size_t next_recent_ = 0;

  VadFrame last_;
};

}  // namespace callramp::voice
