// Controls: two rules too simple to be right. What the detector gains over chance and they gain as well, it has not
// learnt from how people speak.
#pragma once

#include <array>
#include <vector>

#include "audio/pcm.hpp"

namespace callramp::tools {

/// Seconds of speech within the first six after the first word.
double voiced_seconds(audio::PcmView sound);

/// Of the fifth of the frames that are quietest: level, its spread, zero crossings, tilt. No speech is in them.
using Quietest = std::array<double, 4>;
Quietest quietest_frames(audio::PcmView sound);

/// The threshold above which most is a recording, by balanced accuracy.
double best_threshold(const std::vector<double>& values, const std::vector<bool>& recorded);

/// Logistic regression, classes weighing the same.
struct Probe {
  Quietest mean{};
  Quietest spread{};
  std::array<double, 5> weights{};
  bool recorded(const Quietest& values) const;
};
Probe fit_probe(const std::vector<Quietest>& values, const std::vector<bool>& recorded);

}  // namespace callramp::tools
