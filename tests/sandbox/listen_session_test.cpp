#include "sandbox/listen_session.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "audio/g711.hpp"
#include "audio/wav.hpp"
#include "golden.hpp"
#include "provider_fixture.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::test;

namespace {

struct Known {
  NullLog log;
  Voices voices{{}, log};
  PhraseIndex index;
  Known() {
    voices.on_phrase([this](const PhrasePtr& phrase) { index.add(phrase); });
    REQUIRE(voices.phrase("Yes please, tell me more."));
    REQUIRE(voices.phrase("What does it cost?"));
  }
};
Known& known() {
  static Known all;  // rendered and indexed once for all cases
  return all;
}

audio::Pcm say(const std::string& text) { return *known().voices.phrase(text).value()->pcm; }

audio::Pcm with_silence(audio::Pcm pcm, std::size_t before, std::size_t after) {
  pcm.insert(pcm.begin(), before, 0);
  pcm.resize(pcm.size() + after, 0);
  return pcm;
}

using Query = std::vector<std::pair<std::string, std::string>>;

const Query usual = {{"model", "nova-3"},         {"encoding", "linear16"}, {"sample_rate", "8000"},
                     {"interim_results", "true"}, {"endpointing", "300"},   {"utterance_end_ms", "1000"},
                     {"vad_events", "true"},      {"smart_format", "true"}, {"tag", "attempt-1"}};

struct Told {
  std::vector<json::object> messages;
  std::vector<std::optional<Instant>> answers;
  void add(std::vector<ListenMessage> more) {
    for (ListenMessage& message : more) {
      messages.push_back(json::parse(message.json).as_object());
      answers.push_back(message.answers);
    }
  }
  /// "interim yes please", "final ...", "speech_final ..." or the type; interims that repeat are left out.
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const json::object& message : messages) {
      std::string line(message.at("type").as_string());
      if (line == "Results") {
        const auto& alternative = message.at("channel").at("alternatives").at(0);
        line = message.at("speech_final").as_bool() ? "speech_final"
               : message.at("is_final").as_bool()   ? "final"
                                                    : "interim";
        line += " " + std::string(alternative.at("transcript").as_string());
      }
      if (all.empty() || all.back() != line) all.push_back(line);
    }
    return all;
  }
};

ListenSession session(const Query& query) {
  return ListenSession(known().index, parse_listen_options(query).value(), "7f8d4d5e");
}

Told listen(const Query& query, const std::string& bytes, std::size_t chunk = 1600) {
  ListenSession open = session(query);
  Told told;
  Instant now{};
  for (std::size_t at = 0; at < bytes.size(); at += chunk, now += milliseconds{100}) {
    auto messages = open.audio(std::string_view(bytes).substr(at, chunk), now);
    REQUIRE(messages);
    told.add(std::move(*messages));
  }
  told.add(open.close(now));
  return told;
}

std::set<std::string> shape_of_golden(const std::string& name) { return shape(golden_json("deepgram/" + name)); }

}  // namespace

TEST_CASE("an utterance is told as it comes and ends by silence") {
  const audio::Pcm line = with_silence(say("Yes please, tell me more."), 4000, 12000);
  const Told told = listen(usual, audio::to_bytes(line));
  const std::vector<std::string> lines = told.lines();
  REQUIRE(lines.size() >= 6);
  CHECK(lines[0] == "SpeechStarted");
  CHECK(lines[1].starts_with("interim"));
  CHECK(std::ranges::find(lines, "interim Yes please,") != lines.end());
  CHECK(std::ranges::find(lines, "interim Yes please, tell me") != lines.end());
  const auto final = std::ranges::find(lines, "speech_final Yes please, tell me more.");
  REQUIRE(final != lines.end());
  CHECK(*(final + 1) == "UtteranceEnd");
  CHECK(lines.back() == "Metadata");
  CHECK(std::ranges::count(lines, "UtteranceEnd") == 1);
  CHECK(told.messages.back().at("duration").to_number<double>() ==
        doctest::Approx(static_cast<double>(line.size()) / 8000));

  for (std::size_t i = 0; i < told.messages.size(); ++i) {
    const bool speech_final =
        told.messages[i].contains("speech_final") && told.messages[i].at("speech_final").as_bool();
    CHECK(told.answers[i].has_value() == speech_final);
    if (!speech_final) continue;
    // The chunk of 100 ms in which the last sound came.
    const double end = told.messages[i].at("channel").at("alternatives").at(0).at("words").at(4).at("end").as_double();
    const double heard = static_cast<double>(told.answers[i]->time_since_epoch().count()) / 1e6;
    CHECK(heard <= end + 0.05);
    CHECK(heard > end - 0.2);
  }
}

TEST_CASE("messages have the shape of the golden ones") {
  const Told told = listen(usual, audio::to_bytes(with_silence(say("Yes please, tell me more."), 4000, 12000)));
  std::size_t compared = 0;
  for (const json::object& message : told.messages) {
    const std::string type(message.at("type").as_string());
    if (type == "Results") {
      if (message.at("channel").at("alternatives").at(0).at("words").as_array().empty()) continue;
      const bool final = message.at("is_final").as_bool();
      CHECK(shape(message) == shape_of_golden(final ? "listen_results_final.json" : "listen_results_interim.json"));
    } else if (type == "SpeechStarted") {
      CHECK(shape(message) == shape_of_golden("listen_speech_started.json"));
    } else if (type == "UtteranceEnd") {
      CHECK(shape(message) == shape_of_golden("listen_utterance_end.json"));
    } else {
      CHECK(shape(message) == shape_of_golden("listen_metadata.json"));
    }
    ++compared;
  }
  CHECK(compared >= 6);
}

TEST_CASE("every encoding and rate is heard alike") {
  const audio::Pcm line = with_silence(say("What does it cost?"), 3000, 6000);
  const audio::Pcm wide = audio::resample(line, 8000, 16000).value();
  struct Row {
    std::string name;
    Query query;
    std::string bytes;
  };
  audio::Pcm stereo;
  for (const audio::Sample sample : line) stereo.insert(stereo.end(), {0, sample});
  const std::vector<Row> rows = {
      {"linear16 at 8 kHz", {{"encoding", "linear16"}, {"sample_rate", "8000"}}, audio::to_bytes(line)},
      {"linear16 at 16 kHz", {{"encoding", "linear16"}, {"sample_rate", "16000"}}, audio::to_bytes(wide)},
      {"mu-law", {{"encoding", "mulaw"}, {"sample_rate", "8000"}}, audio::encode(audio::Law::mu, line)},
      {"A-law", {{"encoding", "alaw"}, {"sample_rate", "8000"}}, audio::encode(audio::Law::a, line)},
      {"WAV", {}, audio::wav_bytes(line)},
      {"WAV at 16 kHz", {}, audio::wav_bytes(wide, audio::WavFormat::linear16, 16000)},
      {"WAV mu-law", {}, audio::wav_bytes(line, audio::WavFormat::mu_law)},
      {"two channels mixed",
       {{"encoding", "linear16"}, {"sample_rate", "8000"}, {"channels", "2"}},
       audio::to_bytes(stereo)},
  };
  for (const Row& row : rows)
    for (const std::size_t chunk : {1601, 3}) {
      CAPTURE(row.name);
      CAPTURE(chunk);
      Query query = row.query;
      query.emplace_back("endpointing", "300");
      const auto lines = listen(query, row.bytes, chunk).lines();
      CHECK(std::ranges::count(lines, "speech_final what does it cost") == 1);
    }
  // Each channel by itself: the first is silent.
  const Told told =
      listen({{"encoding", "linear16"}, {"sample_rate", "8000"}, {"channels", "2"}, {"multichannel", "true"}},
             audio::to_bytes(stereo));
  std::vector<std::string> heard(2);
  for (const json::object& message : told.messages) {
    if (message.at("type").as_string() != "Results") continue;
    CHECK(message.at("channel_index").at(1).as_int64() == 2);
    heard.at(static_cast<std::size_t>(message.at("channel_index").at(0).as_int64())) +=
        message.at("channel").at("alternatives").at(0).at("transcript").as_string();
  }
  CHECK(heard[0].empty());
  CHECK(heard[1] == "what does it cost");
}

TEST_CASE("finals come only when asked for with endpointing off") {
  Query query = usual;
  query[4].second = "false";
  const audio::Pcm line = with_silence(say("What does it cost?"), 3000, 12000);
  const Told told = listen(query, audio::to_bytes(line));
  const auto lines = told.lines();
  CHECK(std::ranges::find(lines, "speech_final What does it cost?") == lines.end());
  const auto final = std::ranges::find(lines, "final What does it cost?");
  REQUIRE(final != lines.end());
  CHECK(*(final + 1) == "UtteranceEnd");
}

TEST_CASE("Finalize tells what was said so far and CloseStream the rest") {
  const audio::Pcm pcm = say("Yes please, tell me more.");
  const PhrasePtr phrase = known().voices.find("Yes please, tell me more.");
  const std::size_t half = phrase->words[1].end;
  ListenSession open = session(usual);
  Told told;
  told.add(open.audio(audio::to_bytes(audio::PcmView(pcm).first(half)), {}).value());
  told.messages.clear();
  told.add(open.finalize());
  REQUIRE(told.messages.size() == 1);
  CHECK(told.lines()[0] == "final Yes please,");
  CHECK(told.messages[0].at("from_finalize").as_bool());
  told.add(open.audio(audio::to_bytes(audio::PcmView(pcm).subspan(half)), {}).value());
  told.messages.clear();
  told.add(open.close({}));
  CHECK(told.lines() == std::vector<std::string>{"speech_final tell me more.", "Metadata"});
  ListenSession unused = session(usual);
  told.messages.clear();
  told.add(unused.finalize());
  CHECK(told.lines() == std::vector<std::string>{"final "});
}

TEST_CASE("silence is final and empty now and then and ends nothing") {
  const Told told = listen(usual, audio::to_bytes(audio::Pcm(8000 * 12, 0)));
  CHECK(told.messages.size() == 4);
  CHECK(told.lines() == std::vector<std::string>{"final ", "Metadata"});
}

TEST_CASE("what Deepgram would refuse is refused with the value") {
  struct Row {
    Query query;
    std::string says;
  };
  const std::vector<Row> rows = {
      {{{"encoding", "opus"}, {"sample_rate", "8000"}}, "encoding=opus"},
      {{{"encoding", "linear16"}}, "sample_rate"},
      {{{"encoding", "linear16"}, {"sample_rate", "8k"}}, "sample_rate=8k"},
      {{{"encoding", "linear16"}, {"sample_rate", "-8000"}}, "sample_rate=-8000"},
      {{{"channels", "0"}}, "channels=0"},
      {{{"endpointing", "soon"}}, "endpointing=soon"},
      {{{"interim_results", "maybe"}}, "interim_results=maybe"},
      {{{"interim_results", "true"}, {"utterance_end_ms", "500"}}, "utterance_end_ms=500"},
      {{{"utterance_end_ms", "1000"}}, "interim_results"},
      {{{"extra", "novalue"}}, "extra=novalue"},
  };
  for (const Row& row : rows) {
    const auto options = parse_listen_options(row.query);
    REQUIRE(!options);
    CHECK(options.error().message.find(row.says) != std::string::npos);
  }
  const auto options = parse_listen_options({{"tag", "a"}, {"tag", "b"}, {"extra", "k:v:w"}, {"keyterm", "x"}});
  REQUIRE(options);
  CHECK(options->tag == "a");
  CHECK(options->extra.at("k") == "v:w");
  ListenSession open = session({});
  CHECK(!open.audio("this is no sound, whatever it is", {}));
}
