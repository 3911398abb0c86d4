// MediaProtocol: how one carrier writes its media socket's messages of one stream, and reads the agent's.
#pragma once

#include <string>
#include <string_view>

#include "audio/pcm.hpp"
#include "base/base64.hpp"

namespace callramp::sandbox {

/// What the agent sent, and what was wrong with it.
struct AgentMessage {
  enum class Kind { media, mark, clear, none };
  Kind kind = Kind::none;
  audio::Pcm pcm;
  std::string name;  ///< of a mark
  /// Empty, or the rule that it breaks: "not_json", "unknown_event", "wrong_stream", "bad_base64", "odd_bytes",
  /// "not_320", "too_long", "empty_media", "no_mark_name".
  std::string_view violation;
};

class MediaProtocol {
 public:
  virtual ~MediaProtocol() = default;
  virtual std::string connected() = 0;
  virtual std::string start() = 0;
  /// `chunk` at the stream's rate.
  std::string media(audio::PcmView chunk) { return media_text(base64_encode(bytes_of(chunk)), chunk.size()); }
  /// A media message that carries `payload` as it is: for faults.
  virtual std::string media_text(std::string_view payload, std::size_t samples) = 0;
  virtual std::string bytes_of(audio::PcmView chunk) const = 0;
  virtual std::string dtmf(char digit) = 0;
  virtual std::string mark(std::string_view name) = 0;
  /// The callee has hung up.
  virtual std::string stop() = 0;
  virtual AgentMessage parse(std::string_view text) const = 0;
  virtual int sample_rate_hz() const = 0;
};

}  // namespace callramp::sandbox
