// SpeechBody: an HTTP body of raw 16-bit little-endian PCM as a SpeechStream, resampled on the way if the vendor has no
// 8 kHz.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "audio/resample.hpp"
#include "net/http.hpp"
#include "ports/text_to_speech.hpp"

namespace callramp::adapters {

class SpeechBody final : public SpeechStream {
 public:
  /// `vendor` stands in messages.
  SpeechBody(std::string vendor, std::unique_ptr<net::BodyReader> body, std::optional<audio::Resampler> resampler,
             std::int64_t billed_characters);

  Awaitable<Result<std::optional<std::vector<std::int16_t>>>> receive() override;
  std::int64_t billed_characters() const override { return billed_characters_; }

 private:
  std::string vendor_;
  std::unique_ptr<net::BodyReader> body_;
  std::optional<audio::Resampler> resampler_;
  std::int64_t billed_characters_;
  audio::PcmDecoder decoder_;
  bool ended_ = false;
  bool any_ = false;
};

/// Characters (code points) of UTF-8, which is what vendors bill.
std::int64_t count_characters(std::string_view text) noexcept;

}  // namespace callramp::adapters
