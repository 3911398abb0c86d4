// Text to speech, streaming, delivered as 8 kHz mono.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "core/calls/types.hpp"

namespace callramp {

struct SpeechRequest {
  std::string text;
  std::string voice;
  std::string language;
  AttemptId attempt;
};

/// Destroy it to cancel.
class SpeechStream {
 public:
  virtual ~SpeechStream() = default;
  /// The next samples (at least one), nothing at the end, an error if it broke.
  virtual Awaitable<Result<std::optional<std::vector<std::int16_t>>>> receive() = 0;
  /// Characters that the vendor bills for.
  virtual std::int64_t billed_characters() const = 0;
};

class TextToSpeech {
 public:
  virtual ~TextToSpeech() = default;
  virtual std::string name() const = 0;
  virtual Awaitable<Result<std::unique_ptr<SpeechStream>>> open(SpeechRequest request, Instant deadline) = 0;
  /// Sees to it that the next open() finds a connection instead of waiting for one: for latency, never for correctness.
  /// Errors are open()'s to tell.
  virtual Awaitable<void> get_ready(Instant deadline) = 0;
  virtual Awaitable<Status> probe(Instant deadline) = 0;
};

}  // namespace callramp
