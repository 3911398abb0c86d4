#include "sandbox/recognizer.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "audio/g711.hpp"
#include "audio/resample.hpp"
#include "audio/tone.hpp"
#include "base/random.hpp"

using namespace callramp;
using namespace callramp::sandbox;

namespace {

const std::vector<std::string>& texts() {
  static const std::vector<std::string> all = {
      "Yes.",
      "Yes please, tell me more about it.",
      "Yes, I have a minute.",
      "No thank you.",
      "No, I am not interested. Please do not call me again!",
      "Hello, who is this?",
      "Hello? Hello, can you hear me?",
      "I am busy right now, call me back tomorrow at 5.",
      "Tuesday works for me.",
      "Thank you, good bye.",
      "Hi, you have reached Ravi. Please leave a message after the tone.",
      "What does it cost?",
  };
  return all;
}

struct Known {
  NullLog log;
  Voices voices{{}, log};
  PhraseIndex index;
  Known() {
    voices.on_phrase([this](const PhrasePtr& phrase) { index.add(phrase); });
    for (const std::string& text : texts()) REQUIRE(voices.phrase(text));
    for (const std::string& text : texts()) REQUIRE(voices.phrase(text, "en-gb+f2"));
  }
  audio::Pcm say(const std::string& text, const std::string& voice = std::string(default_voice)) {
    return *voices.phrase(text, voice).value()->pcm;
  }
};

Known& known() {
  static Known all;  // rendered and indexed once for all cases
  return all;
}

std::string joined(const std::vector<HeardWord>& words) {
  std::string text;
  for (const HeardWord& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

/// Fed in chunks of odd sizes, with silence around.
std::string hear(audio::PcmView pcm, std::size_t chunk = 333) {
  Recognizer recognizer(known().index);
  audio::Pcm line(1234, 0);
  line.insert(line.end(), pcm.begin(), pcm.end());
  line.resize(line.size() + 4000, 0);
  for (std::size_t at = 0; at < line.size(); at += chunk)
    recognizer.feed(audio::PcmView(line).subspan(at, std::min(chunk, line.size() - at)));
  return joined(recognizer.words());
}

audio::Pcm noise(Duration length, double level_dbov) {
  SeededRandom random(7);
  return audio::noise(length, level_dbov, random);
}

audio::Pcm noisy(audio::Pcm pcm, double level_dbov) {
  audio::mix_into(pcm, noise(audio::duration_of(pcm.size()), level_dbov));
  return pcm;
}

audio::Pcm companded(const audio::Pcm& pcm) {
  return audio::decode(audio::Law::mu, audio::encode(audio::Law::mu, pcm));
}

audio::Pcm quieter(audio::Pcm pcm, double db) {
  audio::apply_gain(pcm, audio::amplitude(db));
  return pcm;
}

audio::Pcm there_and_back(const audio::Pcm& pcm, int rate) {
  return audio::resample(audio::resample(pcm, 8000, rate).value(), rate, 8000).value();
}

}  // namespace

TEST_CASE("every known phrase is heard word for word whatever the line does to it") {
  struct Row {
    std::string line;
    std::function<audio::Pcm(audio::Pcm)> through;
  };
  const std::vector<Row> rows = {
      {"clean", [](audio::Pcm pcm) { return pcm; }},
      {"12 dB quieter", [](audio::Pcm pcm) { return quieter(std::move(pcm), -12); }},
      {"6 dB louder", [](audio::Pcm pcm) { return quieter(std::move(pcm), 6); }},
      {"mu-law", [](const audio::Pcm& pcm) { return companded(pcm); }},
      {"quiet and mu-law", [](audio::Pcm pcm) { return companded(quieter(std::move(pcm), -15)); }},
      {"noise 25 dB below", [](audio::Pcm pcm) { return noisy(std::move(pcm), -45); }},
      {"noise 15 dB below", [](audio::Pcm pcm) { return noisy(std::move(pcm), -35); }},
      {"by way of 16 kHz", [](const audio::Pcm& pcm) { return there_and_back(pcm, 16000); }},
      {"by way of 24 kHz", [](const audio::Pcm& pcm) { return there_and_back(pcm, 24000); }},
  };
  std::size_t turn = 0;
  for (const Row& row : rows)
    for (const std::string& text : texts()) {
      const std::string voice = ++turn % 2 == 0 ? std::string(default_voice) : "en-gb+f2";
      CAPTURE(row.line);
      CAPTURE(voice);
      CHECK(hear(row.through(known().say(text, voice))) == text);
    }
}

TEST_CASE("the size of the chunks does not matter") {
  const audio::Pcm pcm = known().say(texts()[1]);
  for (const std::size_t chunk : {1, 79, 80, 81, 160, 800, 5000, 1000000}) {
    CAPTURE(chunk);
    CHECK(hear(pcm, chunk) == texts()[1]);
  }
}

TEST_CASE("a phrase that arrives in part gives the words that arrived") {
  const PhrasePtr phrase = known().voices.phrase(texts()[1]).value();
  const audio::PcmView pcm = *phrase->pcm;
  const auto& words = phrase->words;
  REQUIRE(words.size() == 7);
  CHECK(hear(pcm.first(words[2].end)) == "Yes please, tell");
  CHECK(hear(pcm.first(words[0].end)) == "Yes");
  CHECK(hear(pcm.subspan(words[3].start)) == "me more about it.");
  CHECK(hear(pcm.subspan(words[2].start, words[4].end - words[2].start)) == "tell me more");
  // Less than half of a word is no word.
  CHECK(hear(pcm.first(words[4].start + (words[4].end - words[4].start) / 3)) == "Yes please, tell me");
}

TEST_CASE("a hole in the stream costs the words in it and shifts nothing") {
  const PhrasePtr phrase = known().voices.phrase(texts()[7]).value();
  audio::Pcm pcm = *phrase->pcm;
  const auto& words = phrase->words;
  pcm.erase(pcm.begin() + static_cast<std::ptrdiff_t>(words[2].start),
            pcm.begin() + static_cast<std::ptrdiff_t>(words[3].end));
  CHECK(hear(pcm) == "I am now, call me back tomorrow at 5.");
}

TEST_CASE("silence, noise, tones and speech that nobody knows give no words") {
  NullLog log;
  Voices strangers({}, log);
  CHECK(hear(audio::Pcm(80000, 0)).empty());
  CHECK(hear(noise(seconds{5}, -25)).empty());
  CHECK(hear(audio::play_cadence(audio::ringback(audio::ToneCountry::india), seconds{5})).empty());
  CHECK(hear(audio::beep()).empty());
  for (const std::string text :
       {"The quarterly numbers were somewhat better than expected.", "Mind the gap between us.",
        "Seventy seven benevolent elephants wander along the river"})
    for (const std::string& voice : {"en-us+m3", "en-us+f4@150", "en-gb", "hi"}) {
      CAPTURE(voice);
      CHECK(hear(*strangers.phrase(text, voice).value()->pcm) == "");
    }
}

TEST_CASE("several phrases in one stream are heard in their order and told once") {
  Recognizer recognizer(known().index);
  std::string heard;
  for (const std::string& text : texts()) {
    recognizer.feed(known().say(text));
    recognizer.feed(audio::Pcm(4321, 0));
    const std::string words = joined(recognizer.take_words());
    CHECK(words == text);
    CHECK(recognizer.take_words().empty());
  }
}

TEST_CASE("words are told as they come and taking them in the middle loses none") {
  const audio::Pcm pcm = known().say(texts()[10]);
  Recognizer recognizer(known().index);
  std::string taken;
  std::size_t longest = 0;
  for (std::size_t at = 0; at < pcm.size(); at += 160) {
    recognizer.feed(audio::PcmView(pcm).subspan(at, std::min<std::size_t>(160, pcm.size() - at)));
    longest = std::max(longest, recognizer.words().size());
    if ((at / 160) % 40 == 39)
      for (const HeardWord& word : recognizer.take_words()) taken += word.text + ' ';
  }
  recognizer.feed(audio::Pcm(4000, 0));
  for (const HeardWord& word : recognizer.take_words()) taken += word.text + ' ';
  CHECK(taken == texts()[10] + " ");
  CHECK(longest >= 2);
}

TEST_CASE("speech begins and ends where it sounds") {
  Recognizer recognizer(known().index);
  recognizer.feed(noise(seconds{1}, -60));
  CHECK(!recognizer.speaking());
  const PhrasePtr phrase = known().voices.phrase("What does it cost?").value();
  recognizer.feed(*phrase->pcm);
  CHECK(recognizer.speech_start() >= 7900);
  CHECK(recognizer.speech_start() < 8600);
  recognizer.feed(noise(seconds{1}, -60));
  CHECK(!recognizer.speaking());
  CHECK(recognizer.speech_end() > 8000 + phrase->pcm->size() - 1200);
  CHECK(recognizer.speech_end() <= 8000 + phrase->pcm->size() + 160);
  const auto words = recognizer.words();
  REQUIRE(words.size() == 4);
  CHECK(words[0].start == 8000 + phrase->words[0].start);
  CHECK(words[3].end == 8000 + phrase->words[3].end);
  CHECK(words[1].confidence > 0.8);
}

TEST_CASE("one phrase of many that begin and end alike is heard") {
  NullLog log;
  Voices voices({}, log);
  PhraseIndex index;
  voices.on_phrase([&](const PhrasePtr& phrase) { index.add(phrase); });
  const std::vector<std::string> names = {"Ravi",   "Asha", "Kiran", "Meera", "John",
                                          "Fatima", "Chen", "Olga",  "Peter", "Noor"};
  for (const std::string& name : names) REQUIRE(voices.phrase("Hello, this is " + name + " speaking, who is calling?"));
  for (const std::string& name : {names[0], names[4], names[9]}) {
    const std::string text = "Hello, this is " + name + " speaking, who is calling?";
    Recognizer recognizer(index);
    recognizer.feed(*voices.phrase(text).value()->pcm);
    recognizer.feed(audio::Pcm(2000, 0));
    CHECK(joined(recognizer.words()) == text);
  }
}

TEST_CASE("of what services say only the latest is understood and people's phrases stay") {
  NullLog log;
  Voices voices({}, log);
  PhraseIndex index;
  const PhrasePtr person = voices.phrase("Good morning to you.").value();
  index.add(person);
  const PhrasePtr service = voices.phrase("This is the first of very many.", "en-us", Speaker::service).value();
  index.add(service);
  const auto heard = [&](const PhrasePtr& phrase) {
    Recognizer recognizer(index);
    recognizer.feed(*phrase->pcm);
    return joined(recognizer.words());
  };
  CHECK(heard(service) == service->text);
  CHECK(index.size() == 2);
  SeededRandom random(3);
  for (std::size_t i = 0; i < PhraseIndex::max_of_services; ++i)
    index.add(std::make_shared<const Phrase>(
        Phrase{.text = "sound",
               .pcm = std::make_shared<const audio::Pcm>(audio::noise(milliseconds{100}, -20, random)),
               .words = {{"sound", 0, 800}},
               .speaker = Speaker::service}));
  CHECK(index.size() == 1 + PhraseIndex::max_of_services);
  CHECK(heard(service).empty());
  CHECK(heard(person) == person->text);
}
