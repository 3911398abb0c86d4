// Report: the detector's figures on the labelled recordings, cross-validated by speaker, with two controls beside each.
#pragma once

#include <string>
#include <vector>

#include "corpus.hpp"

namespace callramp::tools {

/// `models`: text of one model per fold, each trained without its fold's speakers.
void print_report(const std::vector<Clip>& clips, const std::vector<std::string>& models);

/// Scores of every clip by the model that has not heard its speaker, as training examples' log-odds: what calibration
/// needs.
void calibrate(const std::vector<Clip>& clips, const std::vector<std::string>& models, double& scale, double& shift);

}  // namespace callramp::tools
