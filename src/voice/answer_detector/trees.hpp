// Trees: a sum of small decision trees over named features, read from text; the classifier's model.
//
// The file names each feature at each split, so that a person can read what the detector goes by, and a feature that
// the program no longer computes is an error at the start of the program, not a wrong verdict.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "voice/answer_detector/features.hpp"

namespace callramp::voice {

class Trees {
 public:
  /// invalid_request with the line and what is wrong with it.
  static Result<Trees> parse(std::string_view text);

  /// Log-odds of a recording against a person, calibrated.
  float score(const FeatureValues& values) const;
  std::size_t size() const { return roots_.size(); }

 private:
  struct Node {
    std::int32_t feature = -1;  ///< -1: a leaf
    float value = 0;            ///< below it the left child, else the right; a leaf's own weight
    std::int32_t left = 0;
    std::int32_t right = 0;
  };
  std::vector<Node> nodes_;
  std::vector<std::int32_t> roots_;
  float base_ = 0;
  float scale_ = 1;
  float shift_ = 0;
};

/// exp(x) / (1 + exp(x)).
float to_probability(float log_odds) noexcept;

}  // namespace callramp::voice
