#include "voice/vad.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp::voice {

namespace {

// Assumed until the line has been heard for two seconds: a callee who says hello at once must not be taken for noise.
constexpr double first_noise_dbov = -62.0;

}  // namespace

Vad::Vad(VadSettings settings) : settings_(settings) {
  block_minima_.fill(first_noise_dbov);
  recent_.fill(first_noise_dbov);
  last_.noise_dbov = first_noise_dbov;
}

VadFrame Vad::frame(audio::PcmView samples) {
  ENSURE(samples.size() == audio::frame_samples, "voice activity is judged on whole frames");
  const double level = audio::dbov(samples);
  learn_noise(level);
  recent_[next_recent_] = level;
  next_recent_ = (next_recent_ + 1) % recent_.size();

  last_.level_dbov = level;
  last_.noise_dbov = *std::min_element(block_minima_.begin(), block_minima_.end());
  last_.voiced = level >= settings_.quietest_speech_dbov && level >= last_.noise_dbov + settings_.above_noise_db &&
                 variation() >= settings_.least_variation_db;
  if (last_.voiced) {
    last_.speech += frame_length;
    last_.silence = Duration{0};
  } else {
    last_.silence += frame_length;
    if (last_.silence >= settings_.longest_gap) last_.speech = Duration{0};
  }
  return last_;
}

void Vad::learn_noise(double level_dbov) {
  if (frames_in_block_ == block_frames) {
    frames_in_block_ = 0;
    block_ = (block_ + 1) % block_minima_.size();
    block_minima_[block_] = level_dbov;
  }
  ++frames_in_block_;
  block_minima_[block_] = std::min(block_minima_[block_], level_dbov);
}

double Vad::variation() const {
  const auto [low, high] = std::minmax_element(recent_.begin(), recent_.end());
  return *high - *low;
}

}  // namespace callramp::voice
