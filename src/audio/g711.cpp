#include "audio/g711.hpp"

#include <array>

namespace callramp::audio {

namespace {

// µ-law looks at the upper 14 bits of a sample, A-law at the upper 13: so many entries has an encoder's
// table.
constexpr int mu_shift = 2;
constexpr int a_shift = 3;
constexpr std::size_t mu_entries = 65536u >> mu_shift;
constexpr std::size_t a_entries = 65536u >> a_shift;

constexpr std::uint8_t compress_mu(int value14) {
  int magnitude = (value14 < 0 ? ~value14 : value14) + 33;
  if (magnitude > 0x1fff) magnitude = 0x1fff;
  int segment = 1;
  for (int rest = magnitude >> 6; rest != 0; rest >>= 1) ++segment;
  const int high = 8 - segment;
  const int low = 0xf - ((magnitude >> segment) & 0xf);
  return static_cast<std::uint8_t>((high << 4) | low | (value14 < 0 ? 0 : 0x80));
}

constexpr std::uint8_t compress_a(int value13) {
  // 12 bits of magnitude in steps of 16 on the 16-bit scale, as G.191 has it.
  int magnitude = (value13 < 0 ? ~value13 : value13) >> 1;
  if (magnitude > 15) {
    int exponent = 1;
    while (magnitude > 16 + 15) {
      magnitude >>= 1;
      ++exponent;
    }
    magnitude = (magnitude - 16) + (exponent << 4);
  }
  if (value13 >= 0) magnitude |= 0x80;
  return static_cast<std::uint8_t>(magnitude ^ 0x55);
}

constexpr Sample expand_mu(std::uint8_t code) {
  const int inverted = static_cast<std::uint8_t>(~code);
  const int segment = (inverted >> 4) & 7;
  const int magnitude = ((((inverted & 0xf) << 3) + 0x84) << segment) - 0x84;
  return static_cast<Sample>((inverted & 0x80) != 0 ? -magnitude : magnitude);
}

constexpr Sample expand_a(std::uint8_t code) {
  const int plain = code ^ 0x55;
  const int segment = (plain >> 4) & 7;
  int magnitude = ((plain & 0xf) << 4) + 8;
  if (segment > 0) magnitude = (magnitude + 0x100) << (segment - 1);
  return static_cast<Sample>((plain & 0x80) != 0 ? magnitude : -magnitude);
}

// Indexed by the upper bits taken as unsigned, so that negative samples lie in the upper half.
template <std::size_t Entries, class Compress>
constexpr std::array<std::uint8_t, Entries> encoder(Compress compress) {
  std::array<std::uint8_t, Entries> table{};
  constexpr int half = static_cast<int>(Entries / 2);
  for (int value = -half; value < half; ++value)
    table[static_cast<std::size_t>(value) & (Entries - 1)] = compress(value);
  return table;
}

template <class Expand>
constexpr std::array<Sample, 256> decoder(Expand expand) {
  std::array<Sample, 256> table{};
  for (std::size_t code = 0; code < 256; ++code) table[code] = expand(static_cast<std::uint8_t>(code));
  return table;
}

constexpr auto mu_codes = encoder<mu_entries>(compress_mu);
constexpr auto a_codes = encoder<a_entries>(compress_a);
constexpr auto mu_samples = decoder(expand_mu);
constexpr auto a_samples = decoder(expand_a);

}  // namespace

std::uint8_t encode(Law law, Sample sample) noexcept {
  const auto bits = static_cast<std::uint16_t>(sample);
  return law == Law::mu ? mu_codes[bits >> mu_shift] : a_codes[bits >> a_shift];
}

Sample decode(Law law, std::uint8_t code) noexcept { return law == Law::mu ? mu_samples[code] : a_samples[code]; }

std::string encode(Law law, PcmView samples) {
  std::string codes(samples.size(), '\0');
  for (std::size_t i = 0; i < samples.size(); ++i) codes[i] = static_cast<char>(encode(law, samples[i]));
  return codes;
}

Pcm decode(Law law, std::string_view codes) {
  Pcm samples(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) samples[i] = decode(law, static_cast<std::uint8_t>(codes[i]));
  return samples;
}

}  // namespace callramp::audio
