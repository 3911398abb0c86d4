// Sounds for the detector's tests: words by espeak-ng, which every installation has for the sandbox's voices, and lines
// made of them.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "audio/pcm.hpp"
#include "audio/tone.hpp"
#include "audio/wav.hpp"
#include "base/random.hpp"

namespace callramp::voice {

/// `text` holds neither quotes nor other signs that a shell reads.
inline audio::Pcm spoken(const std::string& text, const std::string& voice = "en-us") {
  static int count = 0;
  const auto file = std::filesystem::temp_directory_path() /
                    ("callramp-spoken-" + std::to_string(getpid()) + "-" + std::to_string(count++) + ".wav");
  const std::string command = "espeak-ng -v " + voice + " -w " + file.string() + " \"" + text + "\"";
  REQUIRE_MESSAGE(std::system(command.c_str()) == 0,
                  "espeak-ng must be installed (scripts/install-packages): " << command);
  auto sound = audio::read_wav(file);
  std::filesystem::remove(file);
  REQUIRE_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message));
  return *std::move(sound);
}

inline audio::Pcm operator+(audio::Pcm a, const audio::Pcm& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Sound with line noise at -60 dBov under it.
inline audio::Pcm on_a_line(audio::Pcm sound) {
  SeededRandom random(5);
  const audio::Pcm noise = audio::noise(audio::duration_of(sound.size()) + seconds{1}, -60, random);
  for (std::size_t i = 0; i < sound.size(); ++i)
    sound[i] = static_cast<audio::Sample>(std::clamp(sound[i] / 3 + noise[i], -32768, 32767));
  return sound;
}

inline audio::Pcm quiet(milliseconds length) { return audio::Pcm(audio::samples_in(length), 0); }

}  // namespace callramp::voice
