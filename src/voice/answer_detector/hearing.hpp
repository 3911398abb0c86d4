// Hearing: line audio → tones and speech features, which is all that the classifier and its training see of the sound.
//
// Speech is counted 100 ms late, so that the first frames of what turns out to be a tone never count as a word.
#pragma once

#include <array>

#include "voice/answer_detector/features.hpp"
#include "voice/answer_detector/frame_analysis.hpp"
#include "voice/answer_detector/tones.hpp"

namespace callramp::voice {

class Hearing {
 public:
  static constexpr milliseconds frame_length{20};

  /// Exactly audio::frame_samples samples.
  void frame(audio::PcmView samples);
  milliseconds now() const { return now_; }
  const ToneStage& tones() const { return tones_; }
  const SpeechFeatures& speech() const { return speech_; }

 private:
  static constexpr std::size_t delay_frames = ToneStage::certain_frames;
  // A tone reaches into the windows behind it for this long, as far as it has been held back.
  static constexpr int after_tone_frames = delay_frames + 1;

  FrameAnalyzer analyzer_;
  ToneStage tones_;
  SpeechFeatures speech_;
  std::array<AnalyzedFrame, delay_frames> held_{};
  std::size_t next_held_ = 0;
  int muted_ = 0;
  milliseconds now_{0};
};

}  // namespace callramp::voice
