#include "voice/answer_detector/hearing.hpp"

namespace callramp::voice {

void Hearing::frame(audio::PcmView samples) {
  now_ += frame_length;
  const AnalyzedFrame newest = analyzer_.frame(samples);
  tones_.frame(newest, speech_.speech());
  if (tones_.sounding()) muted_ = after_tone_frames;
  speech_.frame(held_[next_held_], muted_ == 0);
  if (muted_ > 0) --muted_;
  held_[next_held_] = newest;
  next_held_ = (next_held_ + 1) % held_.size();
}

}  // namespace callramp::voice
