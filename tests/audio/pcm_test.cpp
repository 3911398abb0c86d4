#include "audio/pcm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

using namespace callramp;
using namespace callramp::audio;

TEST_CASE("samples and bytes are the same thing little-endian") {
  const Pcm samples{0, 1, -1, 256, 32767, -32768};
  const std::string bytes("\x00\x00\x01\x00\xff\xff\x00\x01\xff\x7f\x00\x80", 12);
  CHECK(to_bytes(samples) == bytes);
  CHECK(from_bytes(bytes) == samples);
  CHECK(from_bytes(bytes.substr(0, 11)).size() == 5);
  CHECK(from_bytes("").empty());
}

TEST_CASE("a stream cut at any byte decodes to the same samples") {
  Pcm samples(50);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<Sample>(i * 1237 - 30000);
  const std::string bytes = to_bytes(samples);
  for (std::size_t chunk = 1; chunk <= 9; ++chunk) {
    CAPTURE(chunk);
    PcmDecoder decoder;
    Pcm got;
    for (std::size_t at = 0; at < bytes.size(); at += chunk) {
      const Pcm part = decoder.feed(std::string_view(bytes).substr(at, chunk));
      got.insert(got.end(), part.begin(), part.end());
    }
    CHECK(got == samples);
    CHECK_FALSE(decoder.has_carry());
  }
}

TEST_CASE("half a sample waits for its other half and can be forgotten") {
  PcmDecoder decoder;
  CHECK(decoder.feed("\x34").empty());
  CHECK(decoder.has_carry());
  CHECK(decoder.feed("").empty());
  CHECK(decoder.has_carry());
  CHECK(decoder.feed("\x12") == Pcm{0x1234});
  CHECK_FALSE(decoder.has_carry());
  decoder.feed("\x34");
  decoder.reset();
  CHECK(decoder.feed("\x78\x56") == Pcm{0x5678});
}

TEST_CASE("level in dBov of known signals") {
  Pcm sine(8000);
  for (std::size_t i = 0; i < sine.size(); ++i)
    sine[i] = saturate(32767.0 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(i) / 8000));
  struct Row {
    std::string name;
    Pcm samples;
    double expected;
  };
  const std::vector<Row> table{{"nothing", {}, -127.0},
                               {"silence", Pcm(160), -127.0},
                               {"full-scale square", Pcm(160, -32768), 0.0},
                               {"full-scale sine", sine, -3.01},
                               {"half of full scale", Pcm(160, 16384), -6.02},
                               {"one step", Pcm(160, 1), -90.31}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK(dbov(row.samples) == doctest::Approx(row.expected).epsilon(0.001));
  }
  CHECK(rms(Pcm{3, -4, 3, -4}) == doctest::Approx(std::sqrt(12.5)));
}

TEST_CASE("gain and mixing clamp instead of wrapping") {
  Pcm samples{20000, -20000, 100, -32768};
  apply_gain(samples, 2.0);
  CHECK(samples == Pcm{32767, -32768, 200, -32768});
  apply_gain(samples, amplitude(-6.0206));
  CHECK(samples == Pcm{16383, -16384, 100, -16384});

  Pcm into{30000, -30000, 5, 7};
  mix_into(into, Pcm{10000, -10000, 5});
  CHECK(into == Pcm{32767, -32768, 10, 7});
  mix_into(into, Pcm{1, 1, 1, 1, 99});
  CHECK(into == Pcm{32767, -32767, 11, 8});
}

TEST_CASE("samples and durations convert both ways") {
  CHECK(duration_of(160) == milliseconds{20});
  CHECK(duration_of(24000, 24000) == seconds{1});
  CHECK(duration_of(1) == microseconds{125});
  CHECK(samples_in(milliseconds{20}) == 160);
  CHECK(samples_in(milliseconds{-5}) == 0);
  CHECK(samples_in(microseconds{124}) == 0);
}
