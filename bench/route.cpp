// How long a routing decision takes in the process, next to a straight translation of the plan's function.
//
// The aim is a median under 100 ns a decision (issue: route). Workload: 4,096 different ids of one shape, in a shuffled
// order, against flags at 12.5 % with no pins or 1,000. The translation copies the id, converts it to UTF-16 and hashes
// one unit at a time, with the same decimals. Expected before measuring: 15 to 30 ns for ids of 10 to 40 ASCII
// characters, mostly the dependent multiplications of MurmurHash3, and two to four times that for the translation.
//
//   cmake --preset release && cmake --build --preset release --target bench_route && build/release/bench/bench_route
//
// An iteration is a batch of 64 decisions; p50_ns and p99_ns are quantiles over 20,000 batches, by decision.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/random.hpp"
#include "base/utf8.hpp"
#include "core/flags/flags.hpp"

namespace {

using namespace callramp;

constexpr std::size_t id_count = 4096;
constexpr std::size_t batch = 64;
constexpr int batches = 20'000;

enum Shape { user_number, phone, uuid, email, hindi };
constexpr const char* shape_names[] = {"user-number", "phone", "uuid", "email", "hindi"};

std::string id_of(Shape shape, Random& random) {
  switch (shape) {
    case user_number: return "user-" + std::to_string(random.below(10'000'000));
    case phone: return "+91" + std::to_string(6'000'000'000 + random.below(4'000'000'000));
    case email: return "someone." + std::to_string(random.below(10'000'000)) + "@example.com";
    case hindi: return "ग्राहक-" + std::to_string(random.below(10'000'000));
    case uuid: break;
  }
  std::string text = random.hex(16);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

std::vector<std::string> ids_of(Shape shape) {
  SeededRandom random{42};
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < id_count; ++i) ids.push_back(id_of(shape, random));
  return ids;
}

RoutingState state_with_pins(std::int64_t pins) {
  RoutingState state;
  state.flags.flags.outbound_calls_percentage = Percent::parse("12.5").value();
  SeededRandom random{7};
  for (std::int64_t i = 0; i < pins; ++i) {
    const std::string user = id_of(user_number, random);
    state.pins[user] = {.user = UserId{user}};
  }
  return state;
}

// The plan's function as one would write it down first.
System translated(const RoutingState& state, std::string user) {
  std::u16string units;
  for (std::string_view rest = user; !rest.empty();) {
    const DecodedChar decoded = decode_utf8(rest);
    rest.remove_prefix(decoded.length);
    if (decoded.value < 0x10000) {
      units.push_back(static_cast<char16_t>(decoded.value));
    } else {
      units.push_back(static_cast<char16_t>(0xD800 + ((decoded.value - 0x10000) >> 10)));
      units.push_back(static_cast<char16_t>(0xDC00 + ((decoded.value - 0x10000) & 0x3FF)));
    }
  }
  std::uint32_t hash = 0;
  for (const char16_t unit : units) hash = (hash << 5) - hash + unit;
  const auto value = static_cast<std::int64_t>(static_cast<std::int32_t>(hash));
  const auto position = (value < 0 ? -value : value) % 100 * 100 + murmur3_32(user) % 100;
  return position < state.flags.flags.outbound_calls_percentage.basis_points() ? System::new_system
                                                                               : System::old_system;
}

template <class Decide>
void time_batches(benchmark::State& bench, const std::vector<std::string>& ids, Decide decide) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> samples;
  std::size_t next = 0;
  for (auto unused : bench) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(decide(ids[(next + i) % id_count]));
    const std::chrono::duration<double> took = Clock::now() - start;
    next = (next + batch) % id_count;
    bench.SetIterationTime(took.count());
    samples.push_back(took.count() * 1e9 / batch);
  }
  std::ranges::sort(samples);
  bench.counters["p50_ns"] = samples[samples.size() / 2];
  bench.counters["p99_ns"] = samples[samples.size() * 99 / 100];
}

void route_decision(benchmark::State& bench) {
  const auto shape = static_cast<Shape>(bench.range(0));
  const RoutingState state = state_with_pins(bench.range(1));
  bench.SetLabel(shape_names[shape]);
  time_batches(bench, ids_of(shape), [&](const std::string& id) { return route(state, id, Instant{}); });
}

void straight_translation(benchmark::State& bench) {
  const auto shape = static_cast<Shape>(bench.range(0));
  const RoutingState state = state_with_pins(0);
  bench.SetLabel(shape_names[shape]);
  time_batches(bench, ids_of(shape), [&](const std::string& id) { return translated(state, id); });
}

BENCHMARK(route_decision)
    ->ArgNames({"shape", "pins"})
    ->ArgsProduct({{user_number, phone, uuid, email, hindi}, {0, 1000}})
    ->UseManualTime()
    ->Iterations(batches);
BENCHMARK(straight_translation)
    ->ArgNames({"shape"})
    ->DenseRange(user_number, hindi)
    ->UseManualTime()
    ->Iterations(batches);

}  // namespace

BENCHMARK_MAIN();
