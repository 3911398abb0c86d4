#include "audio/resample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <vector>

using namespace callramp;
using namespace callramp::audio;

namespace {

Pcm sine(double frequency_hz, int rate_hz, Duration length) {
  Pcm out(samples_in(length, rate_hz));
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = saturate(10000 * std::sin(2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / rate_hz));
  return out;
}

// Level of what comes out, relative to what went in, the edges left out.
double change_db(double frequency_hz, int from_hz, int to_hz) {
  const Pcm in = sine(frequency_hz, from_hz, seconds{1});
  const Pcm out = resample(in, from_hz, to_hz).value();
  const auto middle = [](const Pcm& samples) {
    return PcmView(samples).subspan(samples.size() / 10, samples.size() * 8 / 10);
  };
  return dbov(middle(out)) - dbov(middle(in));
}

}  // namespace

TEST_CASE("the telephone band passes and what would fold back does not") {
  struct Row {
    int from, to;
    double frequency_hz;
    double lowest_db, highest_db;
  };
  const std::vector<Row> table{
      {24000, 8000, 300, -0.1, 0.1},  {24000, 8000, 1000, -0.1, 0.1}, {24000, 8000, 3400, -0.2, 0.1},
      {24000, 8000, 4200, -127, -60}, {24000, 8000, 6000, -127, -60}, {24000, 8000, 10000, -127, -60},
      {16000, 8000, 1000, -0.1, 0.1}, {16000, 8000, 3400, -0.2, 0.1}, {16000, 8000, 4200, -127, -60},
      {16000, 8000, 7000, -127, -60}, {8000, 16000, 1000, -0.1, 0.1}, {8000, 24000, 3000, -0.2, 0.1},
      {48000, 8000, 3000, -0.2, 0.1}, {44100, 8000, 5000, -127, -60}, {8000, 8000, 3900, -0.01, 0.01}};
  for (const Row& row : table) {
    CAPTURE(row.from);
    CAPTURE(row.to);
    CAPTURE(row.frequency_hz);
    const double db = change_db(row.frequency_hz, row.from, row.to);
    CHECK(db >= row.lowest_db);
    CHECK(db <= row.highest_db);
  }
}

TEST_CASE("chunks of any size give the same stream as one piece and exactly the right length") {
  for (auto [from, to] : {std::pair{24000, 8000}, {16000, 8000}, {8000, 16000}, {8000, 24000}, {22050, 8000}}) {
    const Pcm in = sine(440, from, milliseconds{333});
    const Pcm whole = resample(in, from, to).value();
    CHECK(whole.size() == static_cast<std::size_t>(std::llround(static_cast<double>(in.size()) * to / from)));
    for (std::size_t chunk : {1u, 7u, 160u, 961u}) {
      CAPTURE(from);
      CAPTURE(chunk);
      auto resampler = Resampler::create(from, to).value();
      Pcm got;
      for (std::size_t at = 0; at < in.size(); at += chunk) {
        const Pcm part = resampler.feed(PcmView(in).subspan(at, std::min(chunk, in.size() - at)));
        got.insert(got.end(), part.begin(), part.end());
      }
      const Pcm rest = resampler.flush();
      got.insert(got.end(), rest.begin(), rest.end());
      CHECK(got == whole);
    }
  }
}

TEST_CASE("output is aligned with input and begins without delay") {
  // A click in the middle must stay in the middle.
  Pcm in(24000);
  for (std::size_t i = 0; i < 30; ++i) in[12000 + i] = 20000;
  const Pcm out = resample(in, 24000, 8000).value();
  std::size_t loudest = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (std::abs(out[i]) > std::abs(out[loudest])) loudest = i;
  CHECK(loudest >= 4000);
  CHECK(loudest <= 4010);
}

TEST_CASE("after a flush a new stream begins afresh") {
  auto resampler = Resampler::create(24000, 8000).value();
  const Pcm in = sine(700, 24000, milliseconds{100});
  const auto all = [&] {
    Pcm out = resampler.feed(in);
    const Pcm rest = resampler.flush();
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
  };
  const Pcm first = all();
  CHECK(all() == first);
  CHECK(resampler.flush().empty());
}

TEST_CASE("the newest samples wait at most five milliseconds") {
  auto resampler = Resampler::create(24000, 8000).value();
  const std::size_t out = resampler.feed(sine(700, 24000, milliseconds{100})).size();
  CHECK(out >= samples_in(milliseconds{95}));
}

TEST_CASE("an impossible rate is refused with its value") {
  for (auto [from, to] : {std::pair{0, 8000}, {-1, 8000}, {8000, 1'000'000}, {3999, 8000}}) {
    const auto resampler = Resampler::create(from, to);
    REQUIRE_FALSE(resampler);
    CHECK(resampler.error().code == ErrorCode::invalid_request);
    CHECK(resampler.error().message.find(std::to_string(to == 8000 ? from : to)) != std::string::npos);
  }
}
