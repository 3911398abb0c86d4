// AnswerDetector: who answered? A person, a machine, a menu, an announcement, a screening assistant, a fax, nobody.
//
// Runs beside the greeting, never in front of it: 20 ms frames in, interim text where there is some, and once in a call
// a verdict out. A verdict of machine is an act against a person if it is wrong, so it decides early only when sure,
// and what stays doubtful is `unknown`, which everybody treats as a person.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "voice/answer_detector/hearing.hpp"
#include "voice/answer_detector/hints.hpp"
#include "voice/answer_detector/trees.hpp"

namespace callramp::voice {

enum class Answer { human, machine, ivr, announcement, screening, fax, silence, unknown };
std::string_view to_string(Answer answer) noexcept;
/// A recording or a program, which no conversation reaches. unknown and silence are not.
bool is_recorded(Answer answer) noexcept;

struct Verdict {
  Answer answer = Answer::unknown;
  /// That `answer` is right; for unknown that of the better guess.
  double probability = 0;
  /// Time of audio.
  milliseconds decided_at{0};
  /// What it rests on, name → value: seconds, semitones, log-odds.
  std::vector<std::pair<std::string, double>> evidence;
  /// The phrase that told, the tone that told; empty without one.
  std::string phrase;
  std::string tone;
};

/// Thresholds in log-odds of a recording against a person, chosen on clips of speakers that the model had not heard so
/// that few people are taken for machines; the doubtful middle is worth less than a hung-up person.
struct AnswerSettings {
  float surely_human = -1.4F;  ///< decides after a short pause
  milliseconds short_pause{400};
  float rather_human = -0.5F;  ///< decides after a long one
  milliseconds long_pause{700};
  float surely_machine = 3.5F;  ///< decides while the voice goes on
  /// Earliest verdict of machine by sound after the first word: nobody's first syllables tell.
  milliseconds earliest_machine{1500};
  /// A silence this long, or time up, or the end of the audio: from machine_at_end on a recording, up to human_at_end a
  /// person, between them unknown.
  milliseconds longest_pause{1200};
  milliseconds longest{6000};  ///< after the first word
  float machine_at_end = 1.9F;
  float human_at_end = 0.5F;
  milliseconds longest_silence{8000};  ///< without any word
};

/// The model that is built in; parsed once.
const Trees& built_in_model();

class AnswerDetector {
 public:
  explicit AnswerDetector(const Trees& model = built_in_model(), AnswerSettings settings = {});

  /// Any number of samples of 8 kHz audio; whole frames are judged, the rest waits. Allocates only for the verdict.
  void feed(audio::PcmView samples);
  /// The words recognised so far, from the beginning of the call; interim text is welcome.
  void text(std::string_view so_far);
  /// The call or the recording ends here: what can be said now. The same verdict from then on.
  const Verdict& finish();

  /// Once decided it stays.
  const std::optional<Verdict>& verdict() const { return verdict_; }
  /// A beep has ended after a greeting, at this time of audio, verdict or not: from here on a message is recorded.
  std::optional<milliseconds> beep_ended_at() const { return hearing_.tones().beep_ended_at(); }
  /// Log-odds by sound and text now.
  float log_odds() const { return by_sound_ + hint_.log_odds; }
  const Hearing& hearing() const { return hearing_; }

 private:
  void frame(audio::PcmView samples);
  void judge();
  bool judge_tones();
  void judge_speech();
  void judge_end();
  void decide(Answer answer, double probability);
  Answer recorded() const;

  const Trees* model_;
  AnswerSettings settings_;
  Hearing hearing_;
  HintReader reader_;
  Hint hint_;
  float by_sound_ = 0;
  bool heard_speech_ = false;
  int sure_ticks_ = 0;
  std::optional<Verdict> verdict_;
  std::array<audio::Sample, audio::frame_samples> partial_{};
  std::size_t partial_size_ = 0;
};

}  // namespace callramp::voice
