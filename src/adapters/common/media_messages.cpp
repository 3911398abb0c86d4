#include "adapters/common/media_messages.hpp"

#include <array>

#include "adapters/common/json_read.hpp"
#include "base/base64.hpp"

namespace callramp::adapters {
namespace {

std::unexpected<Error> bad(std::string why) {
  return fail(ErrorCode::invalid_request, "a media message " + std::move(why));
}

Result<MediaMessage> parse_media(const json::value& message, std::size_t sample_bytes) {
  const json::value* media = find(message, "media");
  const json::value* payload = media ? find(*media, "payload") : nullptr;
  const json::string* encoded = payload ? payload->if_string() : nullptr;
  if (!encoded) return bad("has no payload");
  auto bytes = base64_decode({encoded->data(), encoded->size()});
  if (!bytes) return bad("has a bad payload: " + bytes.error().message);
  if (bytes->size() % sample_bytes != 0) return bad("ends inside a sample: " + std::to_string(bytes->size()) + " bytes");
  return MediaMessage{*std::move(bytes)};
}

StartMessage parse_start(const json::value& message) {
  const json::value* start = find(message, "start");
  if (!start) start = &message;
  StartMessage parsed{.call_sid = text(*start, "call_sid").value_or("")};
  if (const json::value* format = find(*start, "media_format")) {
    parsed.encoding = text(*format, "encoding").value_or("");
    if (auto rate = integer(*format, "sample_rate"))
      parsed.sample_rate_hz = *rate > 0 && *rate < 1'000'000 ? static_cast<int>(*rate) : 0;
  }
  return parsed;
}

}  // namespace

Result<MediaMessageIn> parse_media_message(std::string_view message_text, std::size_t sample_bytes) {
  // Ten of these a second and call: parsed into a buffer on the stack, with the heap behind it for oversized ones.
  std::array<unsigned char, 16 * 1024> buffer;
  json::monotonic_resource memory(buffer.data(), buffer.size());
  boost::system::error_code error;
  const json::value message = json::parse(message_text, error, &memory, {.max_depth = 16});
  if (error) return bad("is no JSON (" + error.message() + ")");
  const auto event = text(message, "event");
  if (!event) return bad("has no event");

  MediaMessageIn parsed;
  parsed.sequence = integer(message, "sequence_number");
  parsed.stream_sid = text(message, "stream_sid").value_or("");
  if (*event == "media") {
    TRY(media, parse_media(message, sample_bytes));
    parsed.body = std::move(media);
  } else if (*event == "start") {
    parsed.body = parse_start(message);
    if (parsed.stream_sid.empty())
      if (const json::value* start = find(message, "start"))
        parsed.stream_sid = text(*start, "stream_sid").value_or("");
    if (parsed.stream_sid.empty()) return bad("of the event start has no stream_sid");
  } else if (*event == "mark") {
    const json::value* mark = find(message, "mark");
    auto name = mark ? text(*mark, "name") : std::nullopt;
    if (!name) return bad("of the event mark has no name");
    parsed.body = MarkMessage{*std::move(name)};
  } else if (*event == "dtmf") {
    const json::value* dtmf = find(message, "dtmf");
    const auto digit = dtmf ? text(*dtmf, "digit") : std::nullopt;
    if (!digit || digit->size() != 1) return bad("of the event dtmf has no digit");
    parsed.body = DtmfMessage{digit->front()};
  } else if (*event == "stop") {
    const json::value* stop = find(message, "stop");
    parsed.body = StopMessage{stop ? text(*stop, "reason").value_or("") : ""};
  } else if (*event == "connected") {
    parsed.body = ConnectedMessage{};
  } else {
    parsed.body = UnknownMessage{excerpt(*event, 40)};
  }
  return parsed;
}

MediaMessageWriter::MediaMessageWriter(std::string_view stream_sid, std::string_view stream_key)
    : stream_("\"" + std::string(stream_key) + "\":" + json::serialize(json::string(stream_sid))) {}

std::string MediaMessageWriter::media(std::string_view audio_bytes) const {
  const std::string payload = base64_encode(audio_bytes);
  std::string message;
  message.reserve(payload.size() + stream_.size() + 48);
  message += R"({"event":"media",)";
  message += stream_;
  message += R"(,"media":{"payload":")";
  message += payload;
  message += R"("}})";
  return message;
}

std::string MediaMessageWriter::mark(std::string_view name) const {
  return R"({"event":"mark",)" + stream_ + R"(,"mark":{"name":)" + json::serialize(json::string(name)) + "}}";
}

std::string MediaMessageWriter::clear() const { return R"({"event":"clear",)" + stream_ + "}"; }

}  // namespace callramp::adapters
