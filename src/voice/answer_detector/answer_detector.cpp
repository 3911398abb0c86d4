#include "voice/answer_detector/answer_detector.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "embedded/answer_model.hpp"

namespace callramp::voice {

namespace {

constexpr milliseconds tick{100};
// A recording must seem sure for this many ticks in a row: one odd pause decides nothing.
constexpr int lasting_ticks = 3;
constexpr float smoothing = 0.4F;
constexpr float beep_log_odds = 4;
constexpr milliseconds least_greeting{300};
// A beep without a word before it, then nothing: a machine without a greeting, or whose greeting went unheard.
constexpr milliseconds after_bare_beep{600};
constexpr double sure_of_tone = 0.99;
constexpr double sure_of_music = 0.9;
constexpr double sure_of_silence = 0.95;

double seconds_of(milliseconds span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

std::string_view to_string(Answer answer) noexcept {
  switch (answer) {
    case Answer::human: return "human";
    case Answer::machine: return "machine";
    case Answer::ivr: return "ivr";
    case Answer::announcement: return "announcement";
    case Answer::screening: return "screening";
    case Answer::fax: return "fax";
    case Answer::silence: return "silence";
    case Answer::unknown: return "unknown";
  }
  return "unknown";
}

bool is_recorded(Answer answer) noexcept {
  return answer != Answer::human && answer != Answer::silence && answer != Answer::unknown;
}

const Trees& built_in_model() {
  static const Trees model = [] {
    auto parsed = Trees::parse(embedded::answer_model);
    ENSURE(parsed.has_value(), "the built-in detector model is complete and names known features");
    return *std::move(parsed);
  }();
  return model;
}

AnswerDetector::AnswerDetector(const Trees& model, AnswerSettings settings) : model_(&model), settings_(settings) {}

void AnswerDetector::feed(audio::PcmView samples) {
  while (!samples.empty()) {
    const std::size_t count = std::min(samples.size(), partial_.size() - partial_size_);
    std::copy_n(samples.begin(), count, partial_.begin() + static_cast<std::ptrdiff_t>(partial_size_));
    partial_size_ += count;
    samples = samples.subspan(count);
    if (partial_size_ < partial_.size()) return;
    partial_size_ = 0;
    frame(partial_);
  }
}

void AnswerDetector::frame(audio::PcmView samples) {
  hearing_.frame(samples);
  if (!verdict_) judge();
}

void AnswerDetector::text(std::string_view so_far) {
  hint_ = reader_.read(so_far);
  if (!verdict_ && hint_.log_odds >= settings_.surely_machine && log_odds() >= settings_.surely_machine)
    decide(recorded(), to_probability(log_odds()));
}

void AnswerDetector::judge() {
  if (judge_tones()) return;
  const bool on_tick = hearing_.now() % tick == milliseconds{0};
  if (on_tick && hearing_.speech().begun()) {
    const float score = model_->score(hearing_.speech().values());
    by_sound_ = heard_speech_ ? by_sound_ + smoothing * (score - by_sound_) : score;
    heard_speech_ = true;
    judge_speech();
    return;
  }
  const milliseconds waited = hearing_.now() - hearing_.tones().last_network_end();
  if (on_tick && !hearing_.speech().begun() && waited >= settings_.longest_silence) judge_end();
}

bool AnswerDetector::judge_tones() {
  const ToneStage& tones = hearing_.tones();
  switch (tones.heard()) {
    case Tone::none:
    case Tone::network: return false;
    case Tone::fax: decide(Answer::fax, sure_of_tone); return true;
    case Tone::busy:
    case Tone::special_information: decide(Answer::announcement, sure_of_tone); return true;
    case Tone::music: decide(Answer::announcement, sure_of_music); return true;
    case Tone::beep: break;
  }
  const bool greeted = hearing_.speech().speech() >= least_greeting;
  if (greeted && log_odds() + beep_log_odds >= settings_.surely_machine) {
    decide(Answer::machine, to_probability(log_odds() + beep_log_odds));
    return true;
  }
  if (!greeted && hearing_.now() - *tones.beep_ended_at() >= after_bare_beep) {
    decide(Answer::machine, to_probability(beep_log_odds));
    return true;
  }
  return false;
}

void AnswerDetector::judge_speech() {
  const SpeechFeatures& speech = hearing_.speech();
  const float odds = log_odds();
  sure_ticks_ = odds >= settings_.surely_machine ? sure_ticks_ + 1 : 0;
  if (sure_ticks_ >= lasting_ticks && speech.since_onset() >= settings_.earliest_machine) {
    decide(recorded(), to_probability(odds));
  } else if ((odds <= settings_.surely_human && speech.silence() >= settings_.short_pause) ||
             (odds <= settings_.rather_human && speech.silence() >= settings_.long_pause)) {
    decide(Answer::human, 1 - to_probability(odds));
  } else if (speech.since_onset() >= settings_.longest ||
             (speech.silence() >= settings_.longest_pause && speech.speech() >= least_greeting)) {
    judge_end();
  }
}

void AnswerDetector::judge_end() {
  const ToneStage& tones = hearing_.tones();
  if (!hearing_.speech().begun()) {
    if (tones.heard() == Tone::beep) return decide(Answer::machine, to_probability(beep_log_odds));
    return decide(Answer::silence, sure_of_silence);
  }
  const float odds = log_odds() + (tones.heard() == Tone::beep ? beep_log_odds : 0);
  const double probability = to_probability(odds);
  if (odds >= settings_.machine_at_end) return decide(recorded(), probability);
  if (odds <= settings_.human_at_end) return decide(Answer::human, 1 - probability);
  decide(Answer::unknown, std::max(probability, 1 - probability));
}

const Verdict& AnswerDetector::finish() {
  if (!verdict_) {
    // The last tenth of a second is still held back, and half a frame may wait.
    partial_.fill(0);
    for (milliseconds rest{0}; rest < tick + Hearing::frame_length && !verdict_; rest += Hearing::frame_length)
      frame(partial_);
  }
  if (!verdict_) judge_end();
  return *verdict_;
}

Answer AnswerDetector::recorded() const {
  switch (hint_.party) {
    case Party::ivr: return Answer::ivr;
    case Party::announcement: return Answer::announcement;
    case Party::screening: return Answer::screening;
    case Party::none:
    case Party::human:
    case Party::machine: return Answer::machine;
  }
  return Answer::machine;
}

void AnswerDetector::decide(Answer answer, double probability) {
  Verdict verdict{.answer = answer, .probability = probability, .decided_at = hearing_.now()};
  const SpeechFeatures& speech = hearing_.speech();
  const ToneStage& tones = hearing_.tones();
  auto& evidence = verdict.evidence;
  if (speech.begun()) {
    const FeatureValues values = speech.values();
    for (std::size_t i = 0; i < feature_count; ++i) evidence.emplace_back(feature_names[i], values[i]);
    evidence.emplace_back("sound_log_odds", by_sound_);
  }
  if (hint_.words > 0) {
    evidence.emplace_back("words", hint_.words);
    evidence.emplace_back("longest_digits", hint_.longest_digits);
    evidence.emplace_back("text_log_odds", hint_.log_odds);
    verdict.phrase = hint_.phrase;
  }
  if (tones.heard() != Tone::none) verdict.tone = to_string(tones.heard());
  if (tones.network_time() > milliseconds{0}) evidence.emplace_back("network_tone_s", seconds_of(tones.network_time()));
  if (const auto beep = tones.beep_ended_at()) {
    evidence.emplace_back("beep_ended_s", seconds_of(*beep));
    evidence.emplace_back("beep_hz", tones.beep_hz());
  }
  verdict_ = std::move(verdict);
}

}  // namespace callramp::voice
