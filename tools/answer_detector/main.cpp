// Trains the answer detector's model and prints the figures by which it is judged; docs/answer-detector.md says how to
// run it.
//   train_answer_detector train FOLDER MODEL   writes the model, and beside it MODEL.0 to MODEL.3, each without a
//   fold's speakers train_answer_detector report FOLDER MODEL  prints the tables, by MODEL.0 to MODEL.3
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "report.hpp"
#include "training.hpp"

namespace {

using namespace callramp;
using namespace callramp::tools;

// Versions of each clip by lines of chance that the model learns from.
constexpr int copies = 2;

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string with_calibration(const std::string& model, double scale, double shift) {
  return "scale " + std::to_string(scale) + "\nshift " + std::to_string(shift) + "\n" + model;
}

const char* const head =
    "# The answer detector's model: small decision trees over the features of src/voice/answer_detector/features.hpp.\n"
    "# A split goes to its first child if the feature is below the number, else to its second; the leaves that are "
    "reached add\n"
    "# up to the log-odds of a recording against a person. Written by tools/answer_detector; docs/answer-detector.md "
    "has the\n"
    "# figures. Trained on clips that the manifest marks may_train: WUW Corpus II (CC-BY-SA-4.0), Mycroft Precise "
    "community data\n"
    "# (public domain), Asterisk core sounds (CC-BY-SA-3.0), announcements made with espeak-ng. No audio is in it.\n";

int train_all(const std::vector<Clip>& clips, const std::string& file) {
  std::vector<std::string> models;
  for (int fold = 0; fold < folds; ++fold) models.push_back(train(clips, fold, copies));
  double scale = 1;
  double shift = 0;
  calibrate(clips, models, scale, shift);
  for (int fold = 0; fold < folds; ++fold)
    std::ofstream(file + "." + std::to_string(fold))
        << with_calibration(models[static_cast<std::size_t>(fold)], scale, shift);
  std::ofstream(file) << head << with_calibration(train(clips, -1, copies), scale, shift);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() != 3 || (words[0] != "train" && words[0] != "report")) {
    std::fprintf(stderr, "usage: train_answer_detector train|report FOLDER MODEL\n");
    return 2;
  }
  const auto clips = read_corpus(words[1]);
  if (!clips) {
    std::fprintf(stderr, "error: %s\n", clips.error().message.c_str());
    return 1;
  }
  if (words[0] == "train") return train_all(*clips, words[2]);
  std::vector<std::string> models;
  for (int fold = 0; fold < folds; ++fold) models.push_back(text_of(words[2] + "." + std::to_string(fold)));
  print_report(*clips, models);
  return 0;
}
