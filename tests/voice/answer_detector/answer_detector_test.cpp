#include "voice/answer_detector/answer_detector.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "voice/answer_detector/spoken.hpp"

namespace callramp::voice {
namespace {

const std::string long_greeting =
    "You have reached the office of the northern water company. Nobody can come to the telephone at the moment. Our "
    "opening hours are "
    "from nine in the morning until five in the afternoon. Please leave your name, your number and a short message.";

Verdict verdict_on(const audio::Pcm& sound) {
  AnswerDetector detector;
  detector.feed(sound);
  return detector.finish();
}

audio::Pcm louder(audio::Pcm sound, double db) {
  for (auto& sample : sound)
    sample = static_cast<audio::Sample>(std::clamp(sample * std::pow(10, db / 20), -32768.0, 32767.0));
  return sound;
}

TEST_CASE("a word and then silence is a person and is known within two seconds") {
  const auto sound = on_a_line(quiet(milliseconds{400}) + spoken("Hello?") + quiet(seconds{5}));
  const Verdict verdict = verdict_on(sound);
  CHECK(verdict.answer == Answer::human);
  CHECK(verdict.probability > 0.8);
  CHECK(verdict.decided_at <= seconds{2});
}

TEST_CASE("a voice that reads on and on is a machine and a beep behind it is told") {
  const auto greeting = on_a_line(quiet(milliseconds{400}) + spoken(long_greeting));
  AnswerDetector detector;
  detector.feed(greeting);
  REQUIRE(detector.verdict().has_value());
  CHECK(is_recorded(detector.verdict()->answer));
  CHECK_FALSE(detector.beep_ended_at().has_value());
  const milliseconds before = detector.hearing().now();
  detector.feed(audio::beep(milliseconds{400}, 1000));
  detector.feed(on_a_line(quiet(milliseconds{300})));
  REQUIRE(detector.beep_ended_at().has_value());
  CHECK(*detector.beep_ended_at() - before <= milliseconds{700});
}

TEST_CASE("nobody who says nothing is a person or a machine") {
  const Verdict verdict = verdict_on(on_a_line(quiet(seconds{9})));
  CHECK(verdict.answer == Answer::silence);
  CHECK_FALSE(is_recorded(verdict.answer));
  CHECK(verdict.decided_at == seconds{8});
}

TEST_CASE("sounds of the network are never a person") {
  struct Row {
    const char* name;
    audio::Pcm sound;
    Answer answer;
  };
  const audio::Pcm fax = audio::beep(milliseconds{2800}, 2100) + quiet(milliseconds{500});
  const audio::Pcm calling = quiet(milliseconds{700}) + audio::beep(milliseconds{500}, 1100) + quiet(seconds{3});
  const Row rows[] = {
      {"ring-back of India", audio::play_cadence(audio::ringback(audio::ToneCountry::india), seconds{9}),
       Answer::silence},
      {"ring-back of the US", audio::play_cadence(audio::ringback(audio::ToneCountry::us), seconds{9}),
       Answer::silence},
      {"ring-back of Europe", audio::play_cadence(audio::ringback(audio::ToneCountry::eu), seconds{9}),
       Answer::silence},
      {"busy in India", audio::play_cadence(audio::busy(audio::ToneCountry::india), seconds{9}), Answer::announcement},
      {"busy in Europe", audio::play_cadence(audio::busy(audio::ToneCountry::eu), seconds{9}), Answer::announcement},
      {"special information", audio::play_cadence(audio::special_information(), seconds{4}), Answer::announcement},
      {"fax that answers", fax, Answer::fax},
      {"fax that calls", calling, Answer::fax},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(to_string(verdict_on(on_a_line(row.sound)).answer) == to_string(row.answer));
  }
}

TEST_CASE("a ring-back in front of an answer changes nothing but the time") {
  const auto ringing = audio::play_cadence(audio::ringback(audio::ToneCountry::eu), seconds{6});
  const Verdict verdict = verdict_on(on_a_line(ringing + spoken("Hello?") + quiet(seconds{5})));
  CHECK(verdict.answer == Answer::human);
  CHECK(verdict.decided_at > seconds{6});
  CHECK(verdict.decided_at < seconds{9});
}

TEST_CASE("a phrase of the table decides at once and names the kind of machine") {
  struct Row {
    const char* text;
    Answer answer;
  };
  for (const Row& row : {Row{"please leave your message after the tone", Answer::machine},
                         Row{"thank you for calling for sales press one", Answer::ivr},
                         Row{"The number you have dialled is switched off.", Answer::announcement},
                         Row{"आप जिस नंबर पर कॉल कर रहे हैं", Answer::announcement},
                         Row{"please state your name and why you're calling", Answer::screening}}) {
    INFO(row.text);
    AnswerDetector detector;
    detector.feed(quiet(milliseconds{900}));
    detector.text(row.text);
    REQUIRE(detector.verdict().has_value());
    CHECK(to_string(detector.verdict()->answer) == to_string(row.answer));
    CHECK(detector.verdict()->decided_at == milliseconds{900});
    CHECK_FALSE(detector.verdict()->phrase.empty());
  }
}

TEST_CASE("the evidence names what the verdict rests on") {
  const Verdict verdict = verdict_on(on_a_line(quiet(milliseconds{400}) + spoken("Hello?") + quiet(seconds{5})));
  std::vector<std::string> names;
  for (const auto& [name, value] : verdict.evidence) {
    names.push_back(name);
    CHECK(std::isfinite(value));
  }
  for (const char* wanted : {"speech_s", "silence_s", "pitch_jitter_st", "sound_log_odds"})
    CHECK(std::find(names.begin(), names.end(), wanted) != names.end());
}

TEST_CASE("how the audio is cut into chunks does not change the verdict") {
  const auto sound = on_a_line(quiet(milliseconds{400}) + spoken(long_greeting));
  const Verdict whole = verdict_on(sound);
  for (const std::size_t size : {std::size_t{1}, std::size_t{77}, std::size_t{320}, std::size_t{1600}}) {
    AnswerDetector detector;
    for (std::size_t at = 0; at < sound.size(); at += size)
      detector.feed(audio::PcmView(sound).subspan(at, std::min(size, sound.size() - at)));
    const Verdict& verdict = detector.finish();
    INFO("chunks of " << size);
    CHECK(verdict.answer == whole.answer);
    CHECK(verdict.probability == whole.probability);
    CHECK(verdict.decided_at == whole.decided_at);
  }
}

TEST_CASE("six decibels more or less hardly change the probability") {
  for (const char* text : {"Hello?", "Yes, this is Anna speaking", "Who is it?"}) {
    const auto sound = on_a_line(quiet(milliseconds{400}) + spoken(text, "en-us+f3") + quiet(seconds{4}));
    const Verdict verdict = verdict_on(sound);
    for (const double db : {-6.0, 6.0}) {
      INFO(text << " at " << db);
      const Verdict other = verdict_on(louder(sound, db));
      CHECK(other.answer == verdict.answer);
      CHECK(std::abs(other.probability - verdict.probability) < 0.1);
    }
  }
}

TEST_CASE("no input however odd breaks it") {
  SeededRandom random(11);
  for (int round = 0; round < 60; ++round) {
    AnswerDetector detector;
    const std::size_t pieces = random.below(30);
    for (std::size_t i = 0; i < pieces; ++i) {
      audio::Pcm piece(random.below(9000));
      const std::uint64_t kind = random.below(5);
      for (std::size_t k = 0; k < piece.size(); ++k) {
        const auto wave = std::sin(static_cast<double>(k) * (0.05 + 0.01 * static_cast<double>(i)));
        piece[k] = kind == 0   ? static_cast<audio::Sample>(random.next())
                   : kind == 1 ? static_cast<audio::Sample>(random.next() % 2 == 0 ? -32768 : 32767)
                   : kind == 2 ? audio::Sample{0}
                   : kind == 3 ? audio::Sample{-32768}
                               : static_cast<audio::Sample>(30000 * wave);
      }
      detector.feed(piece);
      std::string text;
      for (std::uint64_t byte = random.below(40); byte > 0; --byte) text += static_cast<char>(random.next());
      detector.text(text);
    }
    const Verdict verdict = detector.finish();
    CHECK(verdict.probability >= 0);
    CHECK(verdict.probability <= 1);
    for (const auto& [name, value] : verdict.evidence) {
      INFO(name);
      CHECK(std::isfinite(value));
    }
    CHECK(detector.finish().answer == verdict.answer);
  }
}

TEST_CASE("an empty call is silence") { CHECK(verdict_on({}).answer == Answer::silence); }

}  // namespace
}  // namespace callramp::voice
