// `callramp detect`: the answer detector on recordings, in audio time, without a server or network.
#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "app/table.hpp"
#include "audio/wav.hpp"
#include "voice/answer_detector/answer_detector.hpp"

namespace callramp::app {
namespace {

voice::Verdict verdict_on(audio::PcmView sound) {
  voice::AnswerDetector detector;
  detector.feed(sound);
  return detector.finish();
}

// Three digits behind the point: more would claim what nobody measured.
double rounded(double value) { return std::round(value * 1000) / 1000; }

json::object as_json(const std::string& file, const voice::Verdict& verdict) {
  json::object evidence;
  for (const auto& [name, value] : verdict.evidence) evidence[name] = rounded(value);
  if (!verdict.tone.empty()) evidence["tone"] = verdict.tone;
  if (!verdict.phrase.empty()) evidence["phrase"] = verdict.phrase;
  return {{"file", file},
          {"verdict", voice::to_string(verdict.answer)},
          {"probability", rounded(verdict.probability)},
          {"decided_at_ms", verdict.decided_at.count()},
          {"evidence", std::move(evidence)}};
}

// What a person wants to see of the evidence: the tone, or how long was spoken and how long silent.
std::string why(const voice::Verdict& verdict) {
  std::string text = verdict.tone.empty() ? "" : "tone: " + verdict.tone + "; ";
  for (const auto& [name, value] : verdict.evidence)
    if (name == "speech_s" || name == "silence_s" || name == "sound_log_odds")
      text += fmt::format("{} {:.2f}; ", name, value);
  if (text.ends_with("; ")) text.resize(text.size() - 2);
  return text.empty() ? "no speech" : text;
}

Ran detect(const Arguments& arguments, Terminal& terminal) {
  const bool as_lines = arguments.has("--json");
  Table table({"VERDICT", "PROBABILITY", "AFTER", "FILE", "WHY"});
  std::size_t bad = 0;
  const auto files = arguments.all("FILE");
  for (const std::string& file : files) {
    const auto sound = audio::read_wav(file);
    if (!sound) {
      ++bad;
      terminal.err << "error: " << sound.error().message << '\n';
      continue;
    }
    const voice::Verdict verdict = verdict_on(*sound);
    if (as_lines) {
      terminal.out << json::serialize(as_json(file, verdict)) << '\n';
    } else {
      table.add({std::string(voice::to_string(verdict.answer)), fmt::format("{:.3f}", verdict.probability),
                 std::to_string(verdict.decided_at.count()) + " ms", file, why(verdict)});
    }
  }
  if (!table.empty()) table.print(terminal.out);
  if (bad > 0)
    return refused(std::to_string(bad) + " of " + std::to_string(files.size()) +
                   " files could not be read; the errors above say why");
  return {};
}

}  // namespace

void add_detect_command(Command root) {
  root.add("detect", "Who answered: the answer detector on WAV recordings of a callee")
      .arguments("FILE", "WAV files of any rate; channels are mixed")
      .flag("--json", "One JSON object a line")
      .example("callramp detect answered.wav")
      .example("callramp detect recordings/*.wav --json")
      .runs(detect);
}

}  // namespace callramp::app
