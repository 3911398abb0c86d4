// Speech to text, streaming. Audio is 8 kHz mono.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "async/executor.hpp"
#include "core/calls/types.hpp"

namespace callramp {

struct SttOptions {
  std::string model;
  std::string language;
  milliseconds endpointing{300};  ///< silence after which speech counts as finished
  milliseconds utterance_end{1000};
  AttemptId attempt;  ///< passed as the vendor's tag, for their support and ours
};

struct SpeechStarted {
  milliseconds at{};  ///< in audio time, since the stream's start
};
struct Transcript {
  std::string text;
  bool is_final = false;      ///< will not change; false replaces the current interim
  bool speech_final = false;  ///< the speaker has finished
  milliseconds from{};
  milliseconds to{};
  double confidence = 0;
};
struct UtteranceEnded {
  milliseconds last_word_end{};
};
using SttEvent = std::variant<SpeechStarted, Transcript, UtteranceEnded>;

class SttStream {
 public:
  virtual ~SttStream() = default;
  virtual Awaitable<Status> send(std::span<const std::int16_t> samples) = 0;
  /// Nothing after a regular end; an error if the connection broke.
  virtual Awaitable<Result<std::optional<SttEvent>>> receive() = 0;
  /// Asks for what is still in the pipe and closes; receive() yields the rest and then nothing.
  virtual Awaitable<Status> finish() = 0;
};

class SpeechToText {
 public:
  virtual ~SpeechToText() = default;
  virtual std::string name() const = 0;
  virtual Awaitable<Result<std::unique_ptr<SttStream>>> open(SttOptions options, Instant deadline) = 0;
  virtual Awaitable<Status> probe(Instant deadline) = 0;
};

}  // namespace callramp
