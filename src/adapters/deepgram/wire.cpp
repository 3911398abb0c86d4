#include "adapters/deepgram/wire.hpp"

#include <algorithm>
#include <cmath>

#include "adapters/common/json_read.hpp"

namespace callramp::deepgram {
namespace {

using adapters::boolean;
using adapters::excerpt;
using adapters::find;
using adapters::number;
using adapters::text;
namespace json = boost::json;

/// Seconds as Deepgram writes them; -1 (no word) and nonsense are 0, a day is the end.
milliseconds to_ms(std::optional<double> value) {
  const double bounded = std::clamp(value.value_or(0), 0.0, 86'400.0);
  return milliseconds{std::llround(bounded * 1000)};
}

Result<std::optional<SttEvent>> parse_results(const json::value& message) {
  const json::value* channel = find(message, "channel");
  const json::value* alternatives = channel ? find(*channel, "alternatives") : nullptr;
  const json::array* list = alternatives ? alternatives->if_array() : nullptr;
  if (!list) return fail(ErrorCode::invalid_request, "Deepgram's Results have no alternatives");
  Transcript transcript{.is_final = boolean(message, "is_final").value_or(false),
                        .speech_final = boolean(message, "speech_final").value_or(false)};
  if (!list->empty()) {
    transcript.text = text(list->front(), "transcript").value_or("");
    transcript.confidence = std::clamp(number(list->front(), "confidence").value_or(0), 0.0, 1.0);
  }
  transcript.from = to_ms(number(message, "start"));
  transcript.to = transcript.from + to_ms(number(message, "duration"));
  return SttEvent{std::move(transcript)};
}

}  // namespace

Result<std::optional<SttEvent>> parse_listen_message(std::string_view message_text) {
  TRY(message, adapters::parse_json(message_text, "Deepgram's message"));
  const auto type = text(message, "type");
  if (!type) return fail(ErrorCode::invalid_request, "Deepgram's message has no type: " + excerpt(message_text));
  if (*type == "Results") return parse_results(message);
  if (*type == "SpeechStarted") return SttEvent{SpeechStarted{to_ms(number(message, "timestamp"))}};
  if (*type == "UtteranceEnd") return SttEvent{UtteranceEnded{to_ms(number(message, "last_word_end"))}};
  if (*type == "Error") {
    const std::string words =
        text(message, "description").value_or(text(message, "message").value_or("no reason given"));
    return fail(ErrorCode::unavailable, "Deepgram reported an error: " + excerpt(words));
  }
  return std::nullopt;
}

std::string listen_query(const SttOptions& options, const DeepgramConfig& config) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"model", options.model},
      {"language", options.language},
      {"encoding", "linear16"},
      {"sample_rate", "8000"},
      {"channels", "1"},
      {"interim_results", "true"},
      {"endpointing", std::to_string(options.endpointing.count())},
      // Below a second Deepgram refuses it.
      {"utterance_end_ms", std::to_string(std::max<std::int64_t>(options.utterance_end.count(), 1000))},
      {"vad_events", "true"},
      {"smart_format", config.smart_format ? "true" : "false"},
  };
  if (!options.attempt.empty()) fields.emplace_back("tag", options.attempt.str());
  fields.insert(fields.end(), config.listen_extra.begin(), config.listen_extra.end());
  std::string query;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    query += (query.empty() ? "" : "&") + name + "=" + net::percent_encode(value);
  }
  return query;
}

Error parse_refusal(int status, const net::Headers& headers, std::string_view body) {
  std::string words;
  if (const auto value = adapters::parse_json(body, "answer")) {
    for (const char* key : {"err_code", "category", "err_msg", "message", "details"})
      if (auto part = text(*value, key)) words += (words.empty() ? "" : ", ") + *part;
  } else {
    words = body;
  }
  if (words.empty()) words = headers.find("dg-error").value_or("");
  std::string said = "Deepgram answered " + std::to_string(status) + (words.empty() ? "" : " (" + excerpt(words) + ")");
  if (const auto id = headers.find("dg-request-id")) said += ", request " + excerpt(*id, 64);
  switch (status) {
    case 401:
    case 403: return {ErrorCode::unauthorized, said + ": check DEEPGRAM_API_KEY and its project"};
    case 402: return {ErrorCode::unavailable, said + ": the project has no credit; recharge it"};
    case 404: return {ErrorCode::not_found, said};
    case 413: return {ErrorCode::payload_too_large, said};
    case 429: return {ErrorCode::rate_limited, said};
    default: break;
  }
  return {status >= 500 || status == 408 ? ErrorCode::unavailable : ErrorCode::invalid_request, said};
}

bool regular_close(std::optional<std::uint16_t> code) noexcept { return code == 1000 || code == 1005; }

}  // namespace callramp::deepgram
