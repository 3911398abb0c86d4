// Resampler: one stream of sound from one sampling rate to another, chunk by chunk without a seam.
//
// Speech services speak at 16 or 24 kHz, the line at 8 kHz. On the way down everything that the line cannot carry is
// removed first (flat to 3.4 kHz, the telephone band's end; aliases more than 60 dB down), or sibilants fold back as a
// lisp.
#pragma once

#include <cstdint>
#include <memory>

#include "audio/pcm.hpp"
#include "base/result.hpp"

struct SpeexResamplerState_;

namespace callramp::audio {

class Resampler {
 public:
  /// Rates in hertz, 4000 to 192000 each; outside of it invalid_request. Equal rates pass samples through
  /// untouched.
  static Result<Resampler> create(int from_hz, int to_hz);

  Resampler(Resampler&&) noexcept = default;
  Resampler& operator=(Resampler&&) noexcept = default;

  /// What can be said so far. The filter looks ahead about 4 ms, so the newest samples come with the next
  /// chunk.
  Pcm feed(PcmView chunk);
  /// The rest. In all exactly round(samples fed · to / from) come out; then a new stream may begin.
  Pcm flush();

  int from_hz() const noexcept { return from_hz_; }
  int to_hz() const noexcept { return to_hz_; }

 private:
  struct Destroy {
    void operator()(SpeexResamplerState_* state) const noexcept;
  };
  Resampler(int from_hz, int to_hz, std::unique_ptr<SpeexResamplerState_, Destroy> state);
  Pcm run(PcmView chunk);

  int from_hz_;
  int to_hz_;
  std::unique_ptr<SpeexResamplerState_, Destroy> state_;  // null when the rates are equal
  std::uint64_t fed_ = 0;
  std::uint64_t given_ = 0;
};

/// A whole recording at once.
Result<Pcm> resample(PcmView samples, int from_hz, int to_hz);

}  // namespace callramp::audio
