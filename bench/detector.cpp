// What the answer detector costs a call: microseconds per 20 ms frame while it listens, which is the first seconds of a
// call only, and the price of one call's verdict. The aim is below 0.5 % of a core per call: 100 µs a frame.
#include <benchmark/benchmark.h>

#include <cmath>
#include <numbers>

#include "base/random.hpp"
#include "voice/answer_detector/answer_detector.hpp"

namespace {

using namespace callramp;

// Voiced syllables of 180 ms with pauses of 60 ms over noise: everything that costs is busy, and nothing decides early.
audio::Pcm syllables(seconds length) {
  SeededRandom random(1);
  audio::Pcm sound(audio::samples_in(length));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double at = static_cast<double>(i) / audio::line_rate_hz;
    const double within = std::fmod(at, 0.24);
    double sample = (random.uniform() - 0.5) * 60;
    if (within < 0.18)
      for (int harmonic = 2; harmonic < 16; ++harmonic)
        sample += 900.0 / harmonic * std::sin(2 * std::numbers::pi * harmonic * (120 + 20 * std::sin(3 * at)) * at);
    sound[i] = static_cast<audio::Sample>(sample);
  }
  return sound;
}

// Never decides, so that every frame pays for all stages.
voice::AnswerSettings undecided() {
  return {.surely_human = -1000,
          .rather_human = -1000,
          .surely_machine = 1000,
          .longest_pause = hours{1},
          .longest = hours{1},
          .longest_silence = hours{1}};
}

void detector_frame(benchmark::State& state) {
  const audio::Pcm sound = syllables(seconds{10});
  voice::AnswerDetector detector(voice::built_in_model(), undecided());
  std::size_t at = 0;
  for (auto _ : state) {
    detector.feed(audio::PcmView(sound).subspan(at, audio::frame_samples));
    at = (at + audio::frame_samples) % sound.size();
  }
}
BENCHMARK(detector_frame)->Unit(benchmark::kMicrosecond);

void detector_after_verdict_frame(benchmark::State& state) {
  const audio::Pcm sound = syllables(seconds{10});
  voice::AnswerDetector detector;
  detector.finish();
  std::size_t at = 0;
  for (auto _ : state) {
    detector.feed(audio::PcmView(sound).subspan(at, audio::frame_samples));
    at = (at + audio::frame_samples) % sound.size();
  }
}
BENCHMARK(detector_after_verdict_frame)->Unit(benchmark::kMicrosecond);

void hints_of_interim_text(benchmark::State& state) {
  voice::HintReader reader;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        reader.read("yes I wanted to ask you about the order from last week and whether it has arrived"));
}
BENCHMARK(hints_of_interim_text)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
