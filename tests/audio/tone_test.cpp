#include "audio/tone.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

using namespace callramp;
using namespace callramp::audio;

namespace {

// Share of the power that lies at one frequency (Goertzel), 0 to 1.
double share_at(PcmView samples, double frequency_hz) {
  double real = 0, imaginary = 0, total = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / line_rate_hz;
    real += samples[i] * std::cos(angle);
    imaginary += samples[i] * std::sin(angle);
    total += static_cast<double>(samples[i]) * samples[i];
  }
  if (total == 0) return 0;
  return 2 * (real * real + imaginary * imaginary) / static_cast<double>(samples.size()) / total;
}

PcmView part(const Pcm& samples, int from_ms, int to_ms) {
  const std::size_t from = samples_in(milliseconds{from_ms});
  return PcmView(samples).subspan(from, samples_in(milliseconds{to_ms}) - from);
}

}  // namespace

TEST_CASE("cadences sound and pause when their country says") {
  struct Row {
    std::string name;
    Cadence cadence;
    std::vector<std::pair<int, int>> sounds_ms;  // within the first period
    int period_ms;
  };
  const std::vector<Row> table{
      {"ringback India", ringback(ToneCountry::india), {{0, 400}, {600, 1000}}, 3000},
      {"ringback US", ringback(ToneCountry::us), {{0, 2000}}, 6000},
      {"ringback EU", ringback(ToneCountry::eu), {{0, 1000}}, 5000},
      {"busy India", busy(ToneCountry::india), {{0, 750}}, 1500},
      {"busy US", busy(ToneCountry::us), {{0, 500}}, 1000},
      {"busy EU", busy(ToneCountry::eu), {{0, 500}}, 1000},
      {"special information", special_information(), {{0, 330}, {330, 660}, {660, 990}}, 1990}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    const Pcm sound = play_cadence(row.cadence, milliseconds{2 * row.period_ms});
    REQUIRE(sound.size() == samples_in(milliseconds{2 * row.period_ms}));
    for (int round : {0, row.period_ms})
      for (int at = 0; at < row.period_ms; at += 10) {
        CAPTURE(at);
        bool sounds = false, edge = false;
        for (auto [from, to] : row.sounds_ms) {
          sounds = sounds || (at >= from && at + 10 <= to);
          edge = edge || at == from || at + 10 == to;
        }
        const double level = dbov(part(sound, round + at, round + at + 10));
        if (!sounds) CHECK(level == -127.0);
        // India's ringing tone is modulated to nothing and back every 40 ms, so only longer stretches have a
        // level.
        if (sounds && !edge && row.cadence.front().modulation_hz == 0)
          CHECK(level == doctest::Approx(-19).epsilon(0.2));
      }
  }
}

TEST_CASE("tones have their frequencies and level") {
  const Pcm us = play_cadence(ringback(ToneCountry::us), seconds{2});
  CHECK(share_at(us, 440) == doctest::Approx(0.5).epsilon(0.05));
  CHECK(share_at(us, 480) == doctest::Approx(0.5).epsilon(0.05));
  const Pcm india = play_cadence(ringback(ToneCountry::india), milliseconds{400});
  CHECK(share_at(india, 400) == doctest::Approx(0.667).epsilon(0.05));
  CHECK(share_at(india, 425) == doctest::Approx(0.167).epsilon(0.1));
  CHECK(dbov(india) == doctest::Approx(-19).epsilon(0.03));
  const Pcm sit = play_cadence(special_information(), milliseconds{990});
  CHECK(share_at(part(sit, 0, 330), 950) > 0.95);
  CHECK(share_at(part(sit, 330, 660), 1400) > 0.95);
  CHECK(share_at(part(sit, 660, 990), 1800) > 0.95);
  const Pcm signal = beep(milliseconds{400}, 1000, -10);
  CHECK(signal.size() == 3200);
  CHECK(share_at(signal, 1000) > 0.98);
  CHECK(dbov(signal) == doctest::Approx(-10).epsilon(0.02));
}

TEST_CASE("noise has its level and repeats with its seed") {
  SeededRandom one(7), same(7), other(8);
  const Pcm first = noise(seconds{1}, -40, one);
  CHECK(dbov(first) == doctest::Approx(-40).epsilon(0.01));
  CHECK(noise(seconds{1}, -40, same) == first);
  CHECK(noise(seconds{1}, -40, other) != first);
  CHECK(rms(silence(seconds{1})) == 0);
}
