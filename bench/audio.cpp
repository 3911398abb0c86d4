// What one call costs in sound alone, per 20 ms of line audio: companding, voice activity, and handing out playback.
// At 3,000 calls a core everything about a frame must fit into 6.7 microseconds; only speech services that cannot speak
// at 8 kHz need the resampler.
#include <benchmark/benchmark.h>

#include "audio/g711.hpp"
#include "audio/resample.hpp"
#include "audio/tone.hpp"
#include "voice/playback.hpp"
#include "voice/vad.hpp"

namespace {

using namespace callramp;

audio::Pcm one_second() {
  SeededRandom random(1);
  return audio::noise(seconds{1}, -20, random);
}

void g711_encode_frame(benchmark::State& state) {
  const audio::Pcm sound = one_second();
  for (auto _ : state)
    benchmark::DoNotOptimize(audio::encode(audio::Law::mu, audio::PcmView(sound).first(audio::frame_samples)));
}
BENCHMARK(g711_encode_frame);

void vad_frame(benchmark::State& state) {
  const audio::Pcm sound = one_second();
  voice::Vad vad;
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(vad.frame(audio::PcmView(sound).subspan(at, audio::frame_samples)));
    at = (at + audio::frame_samples) % sound.size();
  }
}
BENCHMARK(vad_frame);

void resample_24_to_8_khz_frame(benchmark::State& state) {
  const audio::Pcm sound = one_second();
  auto resampler = audio::Resampler::create(24000, 8000).value();
  for (auto _ : state) benchmark::DoNotOptimize(resampler.feed(audio::PcmView(sound).first(480)));
}
BENCHMARK(resample_24_to_8_khz_frame);

// One chunk of 40 ms, within an utterance that is filled as it drains.
void playback_chunk(benchmark::State& state) {
  const audio::Pcm sound = one_second();
  voice::Playback playback;
  const auto utterance = playback.begin_utterance();
  const auto segment = playback.open_segment(utterance, "A sentence of a reply, as long as most are.");
  Instant now{};
  for (auto _ : state) {
    if (playback.next_send_at().value_or(Instant::max()) > now + seconds{1}) playback.append(segment, sound);
    now = std::max(now, *playback.next_send_at());
    benchmark::DoNotOptimize(playback.next(now));
  }
}
BENCHMARK(playback_chunk);

}  // namespace

BENCHMARK_MAIN();
