// What the carrier's media messages cost: 100 ms of line audio in, 40 ms out, as JSON with base 64. At 3,000 calls that
// is 30,000 messages in and up to 75,000 out a second, on as many cores as there are.
#include <benchmark/benchmark.h>

#include "adapters/exotel/media_messages.hpp"
#include "audio/pcm.hpp"

namespace {

using namespace callramp;

void parse_100_ms(benchmark::State& state) {
  const std::string message =
      R"({"event":"media","sequence_number":"3","stream_sid":"MZ","media":{"chunk":"2","timestamp":"200","payload":")" +
      std::string(2132, 'A') + R"("}})";
  for (auto _ : state) benchmark::DoNotOptimize(exotel::parse_media_message(message));
}
BENCHMARK(parse_100_ms);

void write_40_ms(benchmark::State& state) {
  const exotel::MediaMessageWriter writer("MZ6f0d1c2b3a4958677685948372615041");
  const audio::Pcm samples(320, 1000);
  for (auto _ : state) benchmark::DoNotOptimize(writer.media(audio::to_bytes(samples)));
}
BENCHMARK(write_40_ms);

}  // namespace

BENCHMARK_MAIN();
