#include "sandbox/exotel_media.hpp"

#include <boost/json.hpp>

#include "base/base64.hpp"

namespace callramp::sandbox::exotel {

namespace json = boost::json;

namespace {

/// Documented for what is sent to the carrier (reference A.6).
constexpr std::size_t kChunkUnit = 320;
constexpr std::size_t kChunkMost = 100'000;
std::string json_quoted(std::string_view text) { return json::serialize(json::value(text)); }

/// A text member of an object under either spelling; null if there is none.
const json::string* text_member(const json::object& object, std::string_view snake, std::string_view camel) {
  const json::value* value = object.if_contains(snake);
  if (value == nullptr) value = object.if_contains(camel);
  return value == nullptr ? nullptr : value->if_string();
}

AgentMessage broken(std::string_view violation) { return {.violation = violation}; }

AgentMessage parse_media(const json::object& message) {
  const json::value* media = message.if_contains("media");
  const json::string* payload =
      media == nullptr || !media->is_object() ? nullptr : text_member(media->as_object(), "payload", "payload");
  if (payload == nullptr || payload->empty()) return broken("empty_media");
  const auto bytes = base64_decode(*payload);
  if (!bytes) return broken("bad_base64");
  if (bytes->size() > kChunkMost) return broken("too_long");
  if (bytes->size() % audio::bytes_per_sample != 0) return broken("odd_bytes");
  AgentMessage parsed{.kind = AgentMessage::Kind::media, .pcm = audio::from_bytes(*bytes)};
  if (bytes->size() % kChunkUnit != 0) parsed.violation = "not_320";
  return parsed;
}

}  // namespace

MediaWriter::MediaWriter(StreamIdentity identity, const ExotelHabits& habits)
    : identity_(std::move(identity)),
      strings_(habits.numbers_as_strings),
      camel_(habits.camel_case),
      encoding_(habits.encoding),
      bit_rate_(habits.bit_rate) {}

std::string MediaWriter::number(std::uint64_t value) const {
  const std::string digits = std::to_string(value);
  return strings_ ? "\"" + digits + "\"" : digits;
}

std::string_view MediaWriter::key(std::string_view snake, std::string_view camel) const {
  return camel_ ? camel : snake;
}

std::string MediaWriter::head(std::string_view event) {
  std::string text = "{\"event\":\"";
  text += event;
  text += "\",\"";
  text += key("sequence_number", "sequenceNumber");
  text += "\":" + number(++sequence_) + ",\"";
  text += key("stream_sid", "streamSid");
  text += "\":\"" + identity_.stream_sid + "\",";
  return text;
}

std::string MediaWriter::connected() { return R"({"event":"connected"})"; }

std::string MediaWriter::start() {
  json::object custom;
  for (const auto& [name, value] : identity_.custom_parameters) custom[name] = value;
  std::string bits = strings_ ? json_quoted(bit_rate_) : bit_rate_;
  const auto rate = static_cast<std::uint64_t>(identity_.sample_rate_hz);
  const auto field = [&](std::string_view snake, std::string_view camel, const std::string& value) {
    return "\"" + std::string(key(snake, camel)) + "\":" + value;
  };
  return head("start") + "\"start\":{" + field("stream_sid", "streamSid", json_quoted(identity_.stream_sid)) + "," +
         field("call_sid", "callSid", json_quoted(identity_.call_sid)) + "," +
         field("account_sid", "accountSid", json_quoted(identity_.account)) +
         ",\"from\":" + json_quoted(identity_.from) + ",\"to\":" + json_quoted(identity_.to) + "," +
         field("custom_parameters", "customParameters", json::serialize(custom)) + "," +
         field("media_format", "mediaFormat", "{\"encoding\":" + json_quoted(encoding_)) + "," +
         field("sample_rate", "sampleRate", number(rate)) + "," + field("bit_rate", "bitRate", bits) + "}}}";
}

std::string MediaWriter::media_text(std::string_view payload, std::size_t samples) {
  samples_ += samples;
  const std::uint64_t timestamp = samples_ * 1000 / static_cast<std::uint64_t>(identity_.sample_rate_hz);
  std::string text = head("media");
  text.reserve(text.size() + payload.size() + 80);
  text += "\"media\":{\"chunk\":" + number(++chunk_) + ",\"timestamp\":" + number(timestamp) + ",\"payload\":\"";
  text += payload;
  text += "\"}}";
  return text;
}

std::string MediaWriter::dtmf(char digit) {
  return head("dtmf") + "\"dtmf\":{\"digit\":\"" + digit + "\",\"duration\":" + number(100) + "}}";
}

std::string MediaWriter::mark(std::string_view name) {
  return head("mark") + "\"mark\":{\"name\":" + json_quoted(name) + "}}";
}

std::string MediaWriter::stop(std::string_view reason) {
  return head("stop") + "\"stop\":{\"" + std::string(key("call_sid", "callSid")) +
         "\":" + json_quoted(identity_.call_sid) + ",\"" + std::string(key("account_sid", "accountSid")) +
         "\":" + json_quoted(identity_.account) + ",\"reason\":" + json_quoted(reason) + "}}";
}

AgentMessage parse_agent_message(std::string_view text, std::string_view stream_sid) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return broken("not_json");
  const json::object& message = parsed.as_object();
  const json::string* event = text_member(message, "event", "event");
  if (event == nullptr) return broken("unknown_event");
  const json::string* sid = text_member(message, "stream_sid", "streamSid");
  if (sid == nullptr || *sid != stream_sid) return broken("wrong_stream");
  if (*event == "media") return parse_media(message);
  if (*event == "clear") return {.kind = AgentMessage::Kind::clear};
  if (*event != "mark") return broken("unknown_event");
  const json::value* mark = message.if_contains("mark");
  const json::string* name =
      mark == nullptr || !mark->is_object() ? nullptr : text_member(mark->as_object(), "name", "name");
  if (name == nullptr || name->empty()) return broken("no_mark_name");
  return {.kind = AgentMessage::Kind::mark, .name = std::string(*name)};
}

AgentMessage MediaWriter::parse(std::string_view text) const { return parse_agent_message(text, identity_.stream_sid); }

}  // namespace callramp::sandbox::exotel
