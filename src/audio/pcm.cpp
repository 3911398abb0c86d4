#include "audio/pcm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace callramp::audio {

namespace {

Sample sample_of(unsigned char low, unsigned char high) noexcept {
  return static_cast<Sample>(static_cast<std::uint16_t>(low | (high << 8)));
}

void append_samples(std::string_view bytes, Pcm& out) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    out.push_back(sample_of(static_cast<unsigned char>(bytes[i]), static_cast<unsigned char>(bytes[i + 1])));
}

constexpr double silence_dbov = -127.0;
constexpr double full_scale = 32768.0;

}  // namespace

void append_bytes(PcmView samples, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + samples.size() * bytes_per_sample);
  char* to = out.data() + start;
  for (Sample sample : samples) {
    const auto bits = static_cast<std::uint16_t>(sample);
    *to++ = static_cast<char>(bits & 0xff);
    *to++ = static_cast<char>(bits >> 8);
  }
}

std::string to_bytes(PcmView samples) {
  std::string out;
  append_bytes(samples, out);
  return out;
}

Pcm from_bytes(std::string_view bytes) {
  Pcm out;
  out.reserve(bytes.size() / bytes_per_sample);
  append_samples(bytes, out);
  return out;
}

Pcm PcmDecoder::feed(std::string_view bytes) {
  Pcm out;
  out.reserve((bytes.size() + 1) / bytes_per_sample);
  if (bytes.empty()) return out;
  if (carry_) {
    out.push_back(sample_of(*carry_, static_cast<unsigned char>(bytes.front())));
    carry_.reset();
    bytes.remove_prefix(1);
  }
  append_samples(bytes, out);
  if (bytes.size() % bytes_per_sample != 0) carry_ = static_cast<unsigned char>(bytes.back());
  return out;
}

double rms(PcmView samples) noexcept {
  if (samples.empty()) return 0.0;
  // Exact in integers: 2^30 a sample leaves room for 2^33 samples, twelve days of line audio.
  std::int64_t energy = 0;
  for (Sample sample : samples) energy += static_cast<std::int32_t>(sample) * sample;
  return std::sqrt(static_cast<double>(energy) / static_cast<double>(samples.size()));
}

double dbov(PcmView samples) noexcept {
  const double level = rms(samples);
  if (level <= 0.0) return silence_dbov;
  return std::max(silence_dbov, 20.0 * std::log10(level / full_scale));
}

double amplitude(double db) noexcept { return std::pow(10.0, db / 20.0); }

Sample saturate(double value) noexcept {
  constexpr double low = std::numeric_limits<Sample>::min();
  constexpr double high = std::numeric_limits<Sample>::max();
  return static_cast<Sample>(std::lround(std::clamp(value, low, high)));
}

void apply_gain(PcmSpan samples, double factor) noexcept {
  for (Sample& sample : samples) sample = saturate(sample * factor);
}

void mix_into(PcmSpan into, PcmView other) noexcept {
  const std::size_t count = std::min(into.size(), other.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t sum = std::int32_t{into[i]} + other[i];
    into[i] = static_cast<Sample>(
        std::clamp<std::int32_t>(sum, std::numeric_limits<Sample>::min(), std::numeric_limits<Sample>::max()));
  }
}

}  // namespace callramp::audio
