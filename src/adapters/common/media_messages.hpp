// The messages of a carrier's media WebSocket: text JSON both ways, audio as base 64. Two carriers write the same
// protocol in two spellings of its keys and two codings of its sound; what differs is told by whoever reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"

namespace callramp::adapters {

struct ConnectedMessage {};
struct StartMessage {
  std::string call_sid;
  int sample_rate_hz = 8000;
  std::string encoding;  ///< "audio/x-raw", "raw", "audio/x-mulaw"; empty if not said
};
struct MediaMessage {
  std::string bytes;  ///< decoded, whole samples
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
/// event of an unknown name is no error: new ones may come. Keys in either spelling.
Result<MediaMessageIn> parse_media_message(std::string_view text, std::size_t sample_bytes = 2);

/// Builds what we send; one per stream, because each message names the stream.
class MediaMessageWriter {
 public:
  explicit MediaMessageWriter(std::string_view stream_sid, std::string_view stream_key = "stream_sid");
  std::string media(std::string_view audio_bytes) const;
  std::string mark(std::string_view name) const;
  std::string clear() const;

 private:
  std::string stream_;  // the stream's key and its value, as JSON
};

}  // namespace callramp::adapters
