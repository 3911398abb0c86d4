#include "adapters/common/speech_body.hpp"

#include <algorithm>

namespace callramp::adapters {

SpeechBody::SpeechBody(std::string vendor, std::unique_ptr<net::BodyReader> body,
                       std::optional<audio::Resampler> resampler, std::int64_t billed_characters)
    : vendor_(std::move(vendor)),
      body_(std::move(body)),
      resampler_(std::move(resampler)),
      billed_characters_(billed_characters) {}

Awaitable<Result<std::optional<std::vector<std::int16_t>>>> SpeechBody::receive() {
  while (!ended_) {
    auto bytes = co_await body_->read_some();
    if (!bytes) {
      ended_ = true;
      co_return fail(bytes.error().code, vendor_ + "'s speech broke off: " + bytes.error().message);
    }
    audio::Pcm samples;
    if (bytes->empty()) {
      ended_ = true;
      if (resampler_) samples = resampler_->flush();
      // Success without a sound would be silence on the line, which nobody notices but the callee.
      if (!any_ && samples.empty()) co_return fail(ErrorCode::unavailable, vendor_ + " answered without any speech");
    } else {
      samples = decoder_.feed(*bytes);
      if (resampler_) samples = resampler_->feed(samples);
    }
    any_ = any_ || !samples.empty();
    if (!samples.empty()) co_return samples;
  }
  co_return std::nullopt;
}

std::int64_t count_characters(std::string_view text) noexcept {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

}  // namespace callramp::adapters
