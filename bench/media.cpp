// What the carrier's media messages cost: 100 ms of line audio in, 40 ms out, as JSON with base 64. At 3,000 calls that
// is 30,000 messages in and up to 75,000 out a second, on as many cores as there are.
#include <benchmark/benchmark.h>

#include "adapters/common/media_messages.hpp"
#include "audio/g711.hpp"
#include "audio/pcm.hpp"

namespace {

using namespace callramp;

void parse_100_ms(benchmark::State& state) {
  const std::string message =
      R"({"event":"media","sequence_number":"3","stream_sid":"MZ","media":{"chunk":"2","timestamp":"200","payload":")" +
      std::string(2132, 'A') + R"("}})";
  for (auto _ : state) benchmark::DoNotOptimize(adapters::parse_media_message(message));
}
BENCHMARK(parse_100_ms);

void write_40_ms(benchmark::State& state) {
  const adapters::MediaMessageWriter writer("MZ6f0d1c2b3a4958677685948372615041");
  const audio::Pcm samples(320, 1000);
  for (auto _ : state) benchmark::DoNotOptimize(writer.media(audio::to_bytes(samples)));
}
BENCHMARK(write_40_ms);

// The other carrier's: 20 ms of µ-law in, 40 ms out, with the coding itself.
void parse_20_ms_mu_law(benchmark::State& state) {
  const std::string message =
      R"({"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":")" +
      std::string(216, 'A') + R"("},"streamSid":"MZ"})";
  for (auto _ : state) {
    const auto parsed = adapters::parse_media_message(message, 1);
    benchmark::DoNotOptimize(audio::decode(audio::Law::mu, std::get<adapters::MediaMessage>(parsed->body).bytes));
  }
}
BENCHMARK(parse_20_ms_mu_law);

void write_40_ms_mu_law(benchmark::State& state) {
  const adapters::MediaMessageWriter writer("MZ6f0d1c2b3a4958677685948372615041", "streamSid");
  const audio::Pcm samples(320, 1000);
  for (auto _ : state) benchmark::DoNotOptimize(writer.media(audio::encode(audio::Law::mu, samples)));
}
BENCHMARK(write_40_ms_mu_law);

}  // namespace

BENCHMARK_MAIN();
