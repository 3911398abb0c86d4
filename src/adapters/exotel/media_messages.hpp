// The messages of Exotel's media WebSocket: text JSON both ways, audio as base 64 of 16-bit little-endian PCM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"

namespace callramp::exotel {

struct ConnectedMessage {};
struct StartMessage {
  std::string call_sid;
  int sample_rate_hz = 8000;
  std::string encoding;  ///< "audio/x-raw" or "raw"; empty if not said
};
struct MediaMessage {
  std::string bytes;  ///< decoded, an even number
};
struct DtmfMessage {
  char digit = 0;
};
struct MarkMessage {
  std::string name;
};
struct StopMessage {
  std::string reason;
};
struct UnknownMessage {
  std::string event;
};

struct MediaMessageIn {
  std::optional<std::int64_t> sequence;
  std::string stream_sid;
  std::variant<ConnectedMessage, StartMessage, MediaMessage, DtmfMessage, MarkMessage, StopMessage, UnknownMessage>
      body;
};

/// invalid_request, saying why, for what is no JSON object with an event, for bad base 64 and for half a sample. An
/// event of an unknown name is no error: new ones may come.
Result<MediaMessageIn> parse_media_message(std::string_view text);

/// Builds what we send; one per stream, because each message names the stream.
class MediaMessageWriter {
 public:
  explicit MediaMessageWriter(std::string_view stream_sid);
  std::string media(std::string_view pcm_bytes) const;
  std::string mark(std::string_view name) const;
  std::string clear() const;

 private:
  std::string stream_;  // "stream_sid" and its value, as JSON
};

}  // namespace callramp::exotel
