// PCM samples: the one shape in which sound travels inside callramp, and the few operations everybody needs
// on it.
//
// The line is 8 kHz, mono, 16 bit signed. Bytes exist only at the edges (carrier, speech services, files),
// where they are little-endian; a chunk that ends in the middle of a sample is normal there, so the decoder
// keeps the odd byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace callramp::audio {

using Sample = std::int16_t;
using Pcm = std::vector<std::int16_t>;
using PcmView = std::span<const std::int16_t>;
using PcmSpan = std::span<std::int16_t>;

/// Sampling rate of the telephone line, hertz.
inline constexpr int line_rate_hz = 8000;
/// Samples in one 20 ms frame of line audio, the unit in which telephony thinks.
inline constexpr std::size_t frame_samples = 160;
inline constexpr std::size_t bytes_per_sample = 2;

/// How long `samples` play; exact to the microsecond, rounded down.
constexpr Duration duration_of(std::size_t samples, int rate_hz = line_rate_hz) noexcept {
  return Duration{static_cast<std::int64_t>(samples) * 1'000'000 / rate_hz};
}
/// How many samples fill `span`, rounded down; 0 for a negative one.
constexpr std::size_t samples_in(Duration span, int rate_hz = line_rate_hz) noexcept {
  return span.count() <= 0 ? 0 : static_cast<std::size_t>(span.count() * rate_hz / 1'000'000);
}

/// Samples as little-endian bytes.
std::string to_bytes(PcmView samples);
/// The same, appended to `out`, for callers that reuse a buffer.
void append_bytes(PcmView samples, std::string& out);
/// A whole message of little-endian bytes. A trailing odd byte is no sample and is left out; streams use
/// PcmDecoder.
Pcm from_bytes(std::string_view bytes);

/// Little-endian bytes in chunks of any size → samples. An odd byte at the end of a chunk waits for the next
/// chunk.
class PcmDecoder {
 public:
  Pcm feed(std::string_view bytes);
  /// True if half a sample waits: at the end of a stream that is a byte lost by the sender.
  bool has_carry() const noexcept { return carry_.has_value(); }
  void reset() noexcept { carry_.reset(); }

 private:
  std::optional<unsigned char> carry_;
};

/// Root mean square, 0 to 32768; 0 for no samples.
double rms(PcmView samples) noexcept;
/// Level relative to overload, in dB: 0 for a full-scale square wave, -3 for a full-scale sine. -127 for
/// silence and for no samples (the floor of RFC 6464).
double dbov(PcmView samples) noexcept;
/// The amplitude factor of a change by `db` decibels.
double amplitude(double db) noexcept;

/// Rounded and clamped to what a sample can hold.
Sample saturate(double value) noexcept;
/// Multiplies by `factor`, clamping at full scale.
void apply_gain(PcmSpan samples, double factor) noexcept;
/// Adds `other` to the beginning of `into`, clamping at full scale; what is longer than `into` is left out.
void mix_into(PcmSpan into, PcmView other) noexcept;

}  // namespace callramp::audio
