#include "audio/tone.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/ensure.hpp"

namespace callramp::audio {

namespace {

constexpr std::size_t ramp_samples = 16;

Pcm play_step(const ToneStep& step, double level_dbov) {
  Pcm out(samples_in(step.length));
  if (step.frequencies_hz.empty()) return out;
  // The level is that of the sum: so each of n sines of equal strength has an n-th of the power, and
  // modulation by 1 + cos adds half of it again.
  const double power_share = static_cast<double>(step.frequencies_hz.size()) * (step.modulation_hz > 0 ? 1.5 : 1.0);
  const double peak = 32768.0 * amplitude(level_dbov) * std::numbers::sqrt2 / std::sqrt(power_share);
  constexpr double turn = 2.0 * std::numbers::pi / line_rate_hz;
  for (std::size_t i = 0; i < out.size(); ++i) {
    double value = 0;
    for (double frequency : step.frequencies_hz) value += std::sin(turn * frequency * static_cast<double>(i));
    if (step.modulation_hz > 0) value *= 1.0 + std::cos(turn * step.modulation_hz * static_cast<double>(i));
    const std::size_t edge = std::min({i, out.size() - 1 - i, ramp_samples});
    out[i] = saturate(peak * value * static_cast<double>(edge) / ramp_samples);
  }
  return out;
}

}  // namespace

Pcm play_cadence(const Cadence& cadence, Duration length, double level_dbov) {
  Pcm round;
  for (const ToneStep& step : cadence) {
    const Pcm sound = play_step(step, level_dbov);
    round.insert(round.end(), sound.begin(), sound.end());
  }
  ENSURE(!round.empty(), "a cadence has a step of some length");
  Pcm out;
  const std::size_t wanted = samples_in(length);
  out.reserve(wanted);
  while (out.size() < wanted) {
    const std::size_t count = std::min(round.size(), wanted - out.size());
    out.insert(out.end(), round.begin(), round.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return out;
}

Cadence ringback(ToneCountry country) {
  switch (country) {
    case ToneCountry::india: {
      const ToneStep ring{.frequencies_hz = {400}, .length = milliseconds{400}, .modulation_hz = 25};
      return {ring,
              {.frequencies_hz = {}, .length = milliseconds{200}},
              ring,
              {.frequencies_hz = {}, .length = milliseconds{2000}}};
    }
    case ToneCountry::us:
      return {{.frequencies_hz = {440, 480}, .length = milliseconds{2000}},
              {.frequencies_hz = {}, .length = milliseconds{4000}}};
    case ToneCountry::eu:
      return {{.frequencies_hz = {425}, .length = milliseconds{1000}},
              {.frequencies_hz = {}, .length = milliseconds{4000}}};
  }
  ENSURE(false, "a ToneCountry outside its enumeration");
}

Cadence busy(ToneCountry country) {
  switch (country) {
    case ToneCountry::india:
      return {{.frequencies_hz = {400}, .length = milliseconds{750}},
              {.frequencies_hz = {}, .length = milliseconds{750}}};
    case ToneCountry::us:
      return {{.frequencies_hz = {480, 620}, .length = milliseconds{500}},
              {.frequencies_hz = {}, .length = milliseconds{500}}};
    case ToneCountry::eu:
      return {{.frequencies_hz = {425}, .length = milliseconds{500}},
              {.frequencies_hz = {}, .length = milliseconds{500}}};
  }
  ENSURE(false, "a ToneCountry outside its enumeration");
}

Cadence special_information() {
  return {{.frequencies_hz = {950}, .length = milliseconds{330}},
          {.frequencies_hz = {1400}, .length = milliseconds{330}},
          {.frequencies_hz = {1800}, .length = milliseconds{330}},
          {.frequencies_hz = {}, .length = milliseconds{1000}}};
}

Pcm beep(milliseconds length, double frequency_hz, double level_dbov) {
  return play_step({.frequencies_hz = {frequency_hz}, .length = length}, level_dbov);
}

Pcm silence(Duration length) { return Pcm(samples_in(length)); }

Pcm noise(Duration length, double level_dbov, Random& random) {
  Pcm out(samples_in(length));
  // Uniform noise of amplitude a has a root mean square of a / √3.
  const double peak = 32768.0 * amplitude(level_dbov) * std::numbers::sqrt3;
  for (Sample& sample : out) sample = saturate(peak * (2.0 * random.uniform() - 1.0));
  return out;
}

}  // namespace callramp::audio
