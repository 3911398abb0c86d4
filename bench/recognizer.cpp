// What one stream of the sandbox's speech recogniser costs: silence, a known phrase, speech that nobody knows, and
// indexing.
//
// Each iteration is one stream's audio; `of_real_time` is the share of a core that one live stream takes, so 100
// streams cost a hundred times that. 400 phrases of about 3 s are known, more than a world usually has.
#include <benchmark/benchmark.h>

#include <string>

#include "audio/tone.hpp"
#include "base/random.hpp"
#include "sandbox/recognizer.hpp"

namespace {

using namespace callramp;
using namespace callramp::sandbox;

std::string text_of(int number) {
  return "Sentence number " + std::to_string(number) + " says that I would like to know more about it.";
}

struct Known {
  NullLog log;
  Voices voices{{}, log};
  PhraseIndex index;
  Known() {
    voices.on_phrase([this](const PhrasePtr& phrase) { index.add(phrase); });
    for (int i = 0; i < 400; ++i) (void)voices.phrase(text_of(i), i % 2 == 0 ? "en-us+m3" : "en-us+f3");
  }
};

Known& known() {
  static Known all;
  return all;
}

void listen_to(benchmark::State& state, const audio::Pcm& pcm) {
  known();
  for (auto iteration : state) {
    Recognizer recognizer(known().index);
    for (std::size_t at = 0; at < pcm.size(); at += 800)
      recognizer.feed(audio::PcmView(pcm).subspan(at, std::min<std::size_t>(800, pcm.size() - at)));
    benchmark::DoNotOptimize(recognizer.words());
  }
  const double seconds_heard = static_cast<double>(pcm.size()) / audio::line_rate_hz;
  state.counters["of_real_time"] =
      benchmark::Counter(seconds_heard, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void silence(benchmark::State& state) { listen_to(state, audio::silence(seconds{10})); }

void line_noise(benchmark::State& state) {
  SeededRandom random(1);
  listen_to(state, audio::noise(seconds{10}, -45, random));
}

void known_phrase(benchmark::State& state) {
  audio::Pcm pcm = *known().voices.phrase(text_of(7), "en-us+f3").value()->pcm;
  listen_to(state, pcm);
}

void unknown_speech(benchmark::State& state) {
  NullLog log;
  Voices strangers({}, log);
  listen_to(
      state,
      *strangers.phrase("Nobody has ever heard these particular words in that order before.", "en-us+m3").value()->pcm);
}

void index_a_phrase(benchmark::State& state) {
  const PhrasePtr phrase = known().voices.phrase(text_of(7), "en-us+f3").value();
  for (auto iteration : state) {
    PhraseIndex index;
    index.add(phrase);
    benchmark::DoNotOptimize(index.size());
  }
  state.counters["phrase_s"] = static_cast<double>(phrase->pcm->size()) / audio::line_rate_hz;
}

BENCHMARK(silence);
BENCHMARK(line_noise);
BENCHMARK(known_phrase);
BENCHMARK(unknown_speech);
BENCHMARK(index_a_phrase);

}  // namespace

BENCHMARK_MAIN();
