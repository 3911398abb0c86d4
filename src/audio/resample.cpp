#include "audio/resample.hpp"

#include <speex/speex_resampler.h>

#include <string>
#include <utility>

#include "base/ensure.hpp"

namespace callramp::audio {

namespace {

constexpr int lowest_hz = 4000;
constexpr int highest_hz = 192000;
// speexdsp knows 0 to 10. At 5 the band is flat and aliases vanish (resample_test measures both); more looks further
// ahead.
constexpr int quality = 5;

}  // namespace

void Resampler::Destroy::operator()(SpeexResamplerState_* state) const noexcept { speex_resampler_destroy(state); }

Resampler::Resampler(int from_hz, int to_hz, std::unique_ptr<SpeexResamplerState_, Destroy> state)
    : from_hz_(from_hz), to_hz_(to_hz), state_(std::move(state)) {}

Result<Resampler> Resampler::create(int from_hz, int to_hz) {
  for (int rate : {from_hz, to_hz})
    if (rate < lowest_hz || rate > highest_hz)
      return fail(ErrorCode::invalid_request, "sampling rate " + std::to_string(rate) + " Hz is outside " +
                                                  std::to_string(lowest_hz) + " to " + std::to_string(highest_hz) +
                                                  "; convert the audio first");
  if (from_hz == to_hz) return Resampler(from_hz, to_hz, nullptr);
  int code = RESAMPLER_ERR_SUCCESS;
  std::unique_ptr<SpeexResamplerState_, Destroy> state(
      speex_resampler_init(1, static_cast<spx_uint32_t>(from_hz), static_cast<spx_uint32_t>(to_hz), quality, &code));
  if (!state)
    return fail(ErrorCode::internal, "no resampler from " + std::to_string(from_hz) + " to " + std::to_string(to_hz) +
                                         " Hz: " + speex_resampler_strerror(code));
  speex_resampler_skip_zeros(state.get());
  return Resampler(from_hz, to_hz, std::move(state));
}

Pcm Resampler::run(PcmView chunk) {
  Pcm out;
  // speexdsp stops early when either buffer is full, hence the loop; the slack covers its rounding.
  while (!chunk.empty()) {
    const std::size_t start = out.size();
    auto room = static_cast<spx_uint32_t>(chunk.size() * static_cast<std::size_t>(to_hz_) / from_hz_ + 16);
    auto taken = static_cast<spx_uint32_t>(chunk.size());
    out.resize(start + room);
    const int code = speex_resampler_process_int(state_.get(), 0, chunk.data(), &taken, out.data() + start, &room);
    ENSURE(code == RESAMPLER_ERR_SUCCESS, "speexdsp refuses only null and overlapping buffers");
    out.resize(start + room);
    chunk = chunk.subspan(taken);
  }
  return out;
}

Pcm Resampler::feed(PcmView chunk) {
  if (!state_) return {chunk.begin(), chunk.end()};
  Pcm out = run(chunk);
  fed_ += chunk.size();
  given_ += out.size();
  return out;
}

Pcm Resampler::flush() {
  if (!state_) return {};
  const std::uint64_t due = (fed_ * static_cast<std::uint64_t>(to_hz_) + from_hz_ / 2) / from_hz_;
  Pcm out;
  const Pcm zeros(static_cast<std::size_t>(speex_resampler_get_input_latency(state_.get())) + 1);
  while (given_ + out.size() < due) {
    const Pcm more = run(zeros);
    out.insert(out.end(), more.begin(), more.end());
  }
  out.resize(given_ < due ? due - given_ : 0);
  speex_resampler_reset_mem(state_.get());
  speex_resampler_skip_zeros(state_.get());
  fed_ = given_ = 0;
  return out;
}

Result<Pcm> resample(PcmView samples, int from_hz, int to_hz) {
  TRY(resampler, Resampler::create(from_hz, to_hz));
  Pcm out = resampler.feed(samples);
  const Pcm rest = resampler.flush();
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace callramp::audio
