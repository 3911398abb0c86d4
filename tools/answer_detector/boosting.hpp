// Boosting: fits the small trees of voice/answer_detector/trees to labelled feature values (gradient boosting on the
// logistic loss with histograms of the features).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "voice/answer_detector/features.hpp"

namespace callramp::tools {

struct Example {
  voice::FeatureValues values{};
  float label = 0;  ///< 1: a recording
  float weight = 1;
  std::uint32_t clip = 0;
};

struct BoostingSettings {
  int trees = 120;
  int depth = 3;
  double rate = 0.08;
  /// Examples of one clip are alike: what a leaf must weigh counts in clips, and each tree sees half of the clips.
  double least_leaf_weight = 8;
  double regularisation = 8;
  double share_of_clips = 0.5;
  double share_of_features = 0.5;
};

/// The model as text, without calibration.
std::string boosted(const std::vector<Example>& examples, std::uint32_t clips, const BoostingSettings& settings,
                    Random& random);

/// Scale and shift by which `scores` (log-odds) become calibrated: logistic regression on one variable.
struct Calibration {
  double scale = 1;
  double shift = 0;
};
Calibration calibrated(const std::vector<float>& scores, const std::vector<Example>& examples);

}  // namespace callramp::tools
