// Training: recordings → examples → a model, and the split by speaker that its figures rest on.
#pragma once

#include <string>
#include <vector>

#include "boosting.hpp"
#include "corpus.hpp"

namespace callramp::tools {

/// Each recorded machine voice is a fold of its own: there are four of them.
inline constexpr int folds = 4;
/// The fold in which a speaker is tested.
int fold_of(const std::vector<Clip>& clips, const Clip& clip);

/// A model from all clips that may train, outside of `without_fold` (-1: all).
std::string train(const std::vector<Clip>& clips, int without_fold, int copies);

}  // namespace callramp::tools
