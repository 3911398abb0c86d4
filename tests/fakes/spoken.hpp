// Spoken text as samples that can be read back: what the fakes say to each other instead of a voice.
//
// Each character is 60 ms of a 1 kHz square wave whose amplitude is the character, so half a phrase that arrives reads
// as half a phrase, and a voice activity detector hears it as loud sound. It survives anything that keeps samples as
// they are; it does not survive resampling.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "audio/pcm.hpp"

namespace callramp::fakes {

inline constexpr std::size_t samples_per_character = 480;  // 60 ms, about 16 characters a second, as people speak

/// ASCII only.
inline audio::Pcm spoken(std::string_view text) {
  audio::Pcm samples;
  samples.reserve(text.size() * samples_per_character);
  for (const char character : text) {
    const auto level = static_cast<audio::Sample>(3000 + 64 * static_cast<int>(character));
    for (std::size_t i = 0; i < samples_per_character; ++i)
      samples.push_back((i / 4) % 2 == 0 ? level : static_cast<audio::Sample>(-level));
  }
  return samples;
}

/// Reads spoken() back, chunk by chunk. Anything that is not spoken() counts as silence.
class SpokenReader {
 public:
  /// The characters that became complete.
  std::string feed(audio::PcmView samples) {
    std::string text;
    for (const audio::Sample sample : samples) {
      const int code = (std::abs(static_cast<int>(sample)) - 3000) / 64;
      const bool sound = std::abs(static_cast<int>(sample)) == 3000 + 64 * code && code >= 32 && code < 127;
      const char character = sound ? static_cast<char>(code) : '\0';
      if (character != current_) {
        if (run_ >= samples_per_character / 2) text += current_;  // a cut character that was mostly heard
        current_ = character;
        run_ = 0;
      }
      silent_ = sound ? 0 : silent_ + 1;
      if (!sound) continue;
      if (++run_ == samples_per_character) {
        text += current_;
        run_ = 0;
      }
    }
    return text;
  }
  /// Samples of silence since the last sound.
  std::size_t silent_samples() const noexcept { return silent_; }

 private:
  char current_ = '\0';
  std::size_t run_ = 0;
  std::size_t silent_ = 0;
};

inline std::string read_spoken(audio::PcmView samples) {
  SpokenReader reader;
  std::string text = reader.feed(samples);
  const audio::Sample silence[1] = {0};
  return text + reader.feed(silence);
}

}  // namespace callramp::fakes
