#include "sandbox/openai.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "audio/wav.hpp"
#include "base/random.hpp"
#include "net/sse.hpp"

namespace callramp::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_body = std::size_t{4} * 1024 * 1024;
constexpr std::size_t longest_input = 4096;  // characters of one speech
constexpr int speech_rate_hz = 24'000;       // what OpenAI's pcm is
/// Prompt tokens are cached from here on, in steps of 128.
constexpr std::int64_t least_cached_tokens = 1024;
/// Fingerprint of the stand-in, in the shape of the real ones.
constexpr std::string_view fingerprint = "fp_5a4d60b0c5";
constexpr std::size_t piece_of_arguments = 7;  // bytes: braces, quotes and words get torn apart

struct SpeechVoice {
  std::string_view name;
  std::string_view voice;
};
constexpr std::array<SpeechVoice, 13> speech_voices = {{{"alloy", "en-us+f1"},
                                                        {"ash", "en-us+m1"},
                                                        {"ballad", "en-gb+m2"},
                                                        {"coral", "en-us+f2"},
                                                        {"echo", "en-us+m4"},
                                                        {"fable", "en-gb+f3"},
                                                        {"nova", "en-us+f3"},
                                                        {"onyx", "en-us+m5"},
                                                        {"sage", "en-us+f4"},
                                                        {"shimmer", "en-us+f5"},
                                                        {"verse", "en-us+m6"},
                                                        {"marin", "en-gb+f2"},
                                                        {"cedar", "en-gb+m7"}}};

const OpenAiError no_key{.status = 401,
                         .message =
                             "You didn't provide an API key. You need to provide your API key in an "
                             "Authorization header using Bearer auth."};
const OpenAiError bad_key{.status = 401, .code = "invalid_api_key", .message = "Incorrect API key provided."};
const OpenAiError too_many{.status = 429,
                           .type = "requests",
                           .code = "rate_limit_exceeded",
                           .message = "Rate limit reached on requests per min (RPM). Please try again in 1s."};
const OpenAiError overloaded{.status = 503,
                             .type = "server_error",
                             .code = "server_is_overloaded",
                             .message = "The server is currently overloaded with other requests. Sorry about that!"};

net::Headers common_headers(const std::string& request_id, Duration processing) {
  return {{"x-request-id", request_id},
          {"openai-organization", "org-sandbox"},
          {"openai-version", "2020-10-01"},
          {"openai-processing-ms", std::to_string(std::chrono::duration_cast<milliseconds>(processing).count())},
          {"x-ratelimit-limit-requests", "10000"},
          {"x-ratelimit-remaining-requests", "9999"},
          {"x-ratelimit-reset-requests", "6ms"},
          {"x-ratelimit-limit-tokens", "2000000"},
          {"x-ratelimit-remaining-tokens", "1999000"},
          {"x-ratelimit-reset-tokens", "30ms"}};
}

net::Response refuse(const OpenAiError& error, const std::string& request_id) {
  net::Response response{.status = error.status, .headers = common_headers(request_id, {}), .body = to_json(error)};
  response.headers.set("Content-Type", "application/json");
  if (error.status == 429) {
    response.headers.set("retry-after", "1");
    response.headers.set("retry-after-ms", "1000");
    response.headers.set("x-ratelimit-remaining-requests", "0");
    response.headers.set("x-ratelimit-reset-requests", "1s");
  }
  return response;
}

/// About four bytes a token, the rule of thumb that OpenAI gives.
std::int64_t tokens_in(const std::vector<ChatRequest::Message>& messages) {
  std::size_t bytes = 0;
  for (const ChatRequest::Message& message : messages) bytes += message.text.size() + 16;
  return static_cast<std::int64_t>(bytes / 4);
}

json::object usage(std::int64_t prompt, std::int64_t completion) {
  const std::int64_t cached = prompt < least_cached_tokens ? 0 : prompt / 128 * 128;
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion},
          {"prompt_tokens_details", {{"cached_tokens", cached}, {"audio_tokens", 0}}},
          {"completion_tokens_details",
           {{"reasoning_tokens", 0},
            {"audio_tokens", 0},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

/// `text` in pieces of a few bytes, never inside a character.
std::vector<std::string> pieces(std::string_view text, std::size_t size) {
  std::vector<std::string> all;
  while (!text.empty()) {
    std::size_t end = std::min(size, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return all;
}

const json::value* text_member(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? value : nullptr;
}

}  // namespace

/// A reply with everything that is decided about it before it is sent.
struct OpenAi::Answer {
  std::string id;
  std::int64_t created = 0;
  ChatRequest request;
  std::vector<std::string> tokens;
  ChatReply reply;
  std::string tool_call_id;
  std::string finish_reason;
  json::object used;

  json::object chunk(json::array choices) const {
    json::object chunk{{"id", id},
                       {"object", "chat.completion.chunk"},
                       {"created", created},
                       {"model", request.model},
                       {"service_tier", "default"},
                       {"system_fingerprint", fingerprint},
                       {"choices", std::move(choices)}};
    if (request.include_usage) chunk["usage"] = nullptr;
    return chunk;
  }
  std::string event(json::object delta, const json::value& finish = nullptr) const {
    json::object whole =
        chunk({{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", finish}}});
    // OpenAI pads chunks so that their lengths do not tell the words.
    if (request.include_obfuscation) whole["obfuscation"] = SystemRandom().hex(3);
    return net::format_sse({.data = json::serialize(whole)});
  }
  json::object call(std::string arguments) const {
    return {{"id", tool_call_id},
            {"type", "function"},
            {"function", {{"name", reply.tool}, {"arguments", std::move(arguments)}}}};
  }
};

Awaitable<net::Response> OpenAi::handle(net::Request& request) {
  Asked asked{.request_id = "req_" + SystemRandom().hex(16), .received = request.received_at};
  if (const auto attempt = request.headers.find("x-client-request-id")) asked.attempt = *attempt;
  const auto key = credential(request.headers, "Bearer");
  if (!key) co_return refuse(no_key, asked.request_id);
  if (is_bad_key(*key)) co_return refuse(bad_key, asked.request_id);
  if (request.method == "GET" && request.path == "/v1/models") {
    json::array models;
    for (const std::string_view id :
         {"gpt-4.1-mini", "gpt-4.1", "gpt-4o-mini", "gpt-5-mini", "gpt-4o-mini-tts", "tts-1"})
      models.push_back({{"id", id}, {"object", "model"}, {"created", 1744318173}, {"owned_by", "system"}});
    net::Response response{.headers = common_headers(asked.request_id, {}),
                           .body = json::serialize(json::object{{"object", "list"}, {"data", std::move(models)}})};
    response.headers.set("Content-Type", "application/json");
    co_return response;
  }
  const bool chatting = request.path == "/v1/chat/completions";
  if ((!chatting && request.path != "/v1/audio/speech") || request.method != "POST")
    co_return refuse({.status = 404,
                      .code = "unknown_url",
                      .message = fmt::format("Unknown request URL: {} {}. The sandbox's OpenAI has POST "
                                             "/v1/chat/completions, POST /v1/audio/speech and GET /v1/models.",
                                             request.method, request.path)},
                     asked.request_id);
  const std::string_view door = chatting ? "openai.chat" : "openai.speech";
  if (context_.faults.draw(door, FaultKind::auth_error)) co_return refuse(bad_key, asked.request_id);
  if (context_.faults.draw(door, FaultKind::rate_limit)) co_return refuse(too_many, asked.request_id);
  if (context_.faults.draw(door, FaultKind::server_error)) co_return refuse(overloaded, asked.request_id);
  if (const auto late = context_.faults.draw(door, FaultKind::latency)) co_await context_.clock.sleep_for(late->delay);
  if (chatting) co_return co_await chat(request, std::move(asked));
  co_return co_await speech(request, std::move(asked));
}

Awaitable<net::Response> OpenAi::chat(net::Request& request, Asked asked) {
  const auto body = co_await net::read_all(*request.body, longest_body);
  if (!body) co_return refuse({.status = 413, .message = body.error().message}, asked.request_id);
  asked.received = request.body_end;
  auto parsed = parse_chat_request(*body);
  if (!parsed) co_return refuse(parsed.error(), asked.request_id);

  const auto world = context_.world.get();
  SystemRandom random;
  Answer answer{.id = "chatcmpl-" + random.hex(14),
                .created = to_micros(context_.clock.now()) / 1'000'000,
                .request = std::move(*parsed),
                .reply = {},
                .tool_call_id = "call_" + random.hex(12),
                .used = {}};
  answer.reply = choose_reply(world->replies, answer.request);
  answer.tokens = tokens_of(answer.reply.say);
  answer.finish_reason = answer.reply.tool.empty() ? "stop" : "tool_calls";
  const auto limit = static_cast<std::size_t>(answer.request.max_tokens.value_or(1 << 20));
  if (answer.tokens.size() > limit) {
    answer.tokens.resize(limit);
    answer.reply.tool.clear();
    answer.finish_reason = "length";
  }
  const std::size_t tool_tokens = answer.reply.tool.empty() ? 0 : 4 + answer.reply.arguments.size() / 4;
  answer.used =
      usage(tokens_in(answer.request.messages), static_cast<std::int64_t>(answer.tokens.size() + tool_tokens));

  net::Response response{.headers = common_headers(asked.request_id, context_.clock.now() - asked.received)};
  if (answer.request.stream) {
    response.headers.set("Content-Type", "text/event-stream; charset=utf-8");
    response.headers.set("Cache-Control", "no-cache");
    response.stream = [this, answer = std::move(answer), asked](net::BodyWriter& writer) {
      return stream_chat(writer, answer, asked);
    };
    co_return response;
  }
  Duration thinking = draws_.draw("llm_first_token", world->delays.llm_first_token);
  for (std::size_t i = 1; i < answer.tokens.size(); ++i) thinking += draws_.draw("llm_token", world->delays.llm_token);
  const std::uint64_t number = context_.stamps.llm_request(asked.attempt, asked.received);
  co_await context_.clock.sleep_until(asked.received + thinking);
  std::string text;
  for (const std::string& token : answer.tokens) text += token;
  json::object message{{"role", "assistant"}, {"content", text}, {"refusal", nullptr}, {"annotations", json::array{}}};
  if (!answer.reply.tool.empty()) {
    if (text.empty()) message["content"] = nullptr;
    message["tool_calls"] = json::array{answer.call(answer.reply.arguments)};
  }
  json::object completion = answer.chunk({{{"index", 0},
                                           {"message", std::move(message)},
                                           {"logprobs", nullptr},
                                           {"finish_reason", answer.finish_reason}}});
  completion["object"] = "chat.completion";
  completion["usage"] = answer.used;
  response.headers.set("Content-Type", "application/json");
  response.body = json::serialize(completion);
  if (context_.faults.draw("openai.chat", FaultKind::bad_json)) response.body.resize(response.body.size() / 2);
  context_.stamps.llm_text(asked.attempt, number, context_.clock.now(), text);
  co_return response;
}

Awaitable<Status> OpenAi::stream_chat(net::BodyWriter& writer, Answer answer, Asked asked) {
  async::Clock& clock = context_.clock;
  if (const auto stall = context_.faults.draw("openai.chat", FaultKind::stall)) {
    co_await clock.sleep_for(stall_of(*stall));
    co_return fail(ErrorCode::unavailable, "the world stalls this answer");
  }
  const bool breaks = context_.faults.draw("openai.chat", FaultKind::drop_answer).has_value() ||
                      context_.faults.draw("openai.chat", FaultKind::drop_socket).has_value();
  const bool garbles = context_.faults.draw("openai.chat", FaultKind::bad_json).has_value();
  const auto delays = context_.world.get()->delays;
  const std::uint64_t number = context_.stamps.llm_request(asked.attempt, asked.received);
  Instant next = asked.received + draws_.draw("llm_first_token", delays.llm_first_token);
  co_await clock.sleep_until(next);
  const bool talks = !answer.tokens.empty();
  json::object role{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  if (talks) role["content"] = "";
  // The first token follows at once; a client that waits for words has them in the same segment.
  std::string pending = answer.event(std::move(role));
  for (std::size_t i = 0; i < answer.tokens.size(); ++i) {
    if (i > 0) {
      next = clock.now() + draws_.draw("llm_token", delays.llm_token);
      co_await clock.sleep_until(next);
    }
    pending += answer.event({{"content", answer.tokens[i]}});
    if (garbles && i == answer.tokens.size() / 2) pending = "data: {\"id\":\"" + answer.id + "\",\"choi\n\n";
    if (breaks && i == answer.tokens.size() / 2) co_return fail(ErrorCode::unavailable, "the world breaks this answer");
    context_.stamps.llm_text(asked.attempt, number, clock.now(), answer.tokens[i]);
    CO_TRY_VOID(co_await writer.write(std::exchange(pending, {})));
  }
  if (!talks) context_.stamps.llm_text(asked.attempt, number, clock.now(), "");
  if (!answer.reply.tool.empty()) {
    const auto delta = [&](json::object call) {
      call["index"] = 0;
      return answer.event({{"tool_calls", json::array{std::move(call)}}});
    };
    pending += delta(answer.call(""));
    for (std::string& piece : pieces(answer.reply.arguments, piece_of_arguments))
      pending += delta({{"function", {{"arguments", std::move(piece)}}}});
  }
  pending += answer.event({}, json::value(answer.finish_reason));
  if (answer.request.include_usage) {
    json::object last = answer.chunk({});
    last["usage"] = answer.used;
    pending += net::format_sse({.data = json::serialize(last)});
  }
  pending += net::format_sse({.data = "[DONE]"});
  co_return co_await writer.write(pending);
}

Awaitable<net::Response> OpenAi::speech(net::Request& request, Asked asked) {
  const auto text = co_await net::read_all(*request.body, longest_body);
  if (!text) co_return refuse({.status = 413, .message = text.error().message}, asked.request_id);
  asked.received = request.body_end;
  boost::system::error_code failed;
  const json::value parsed = json::parse(*text, failed);
  const json::object* body = failed ? nullptr : parsed.if_object();
  if (body == nullptr)
    co_return refuse({.message = "We could not parse the JSON body of your request."}, asked.request_id);
  for (const std::string_view name : {"model", "input", "voice"})
    if (text_member(*body, name) == nullptr)
      co_return refuse({.code = "missing_required_parameter",
                        .param = std::string(name),
                        .message = fmt::format("Missing required parameter: '{}' (a string).", name)},
                       asked.request_id);
  const std::string input(body->at("input").as_string());
  const auto length =
      static_cast<std::size_t>(std::ranges::count_if(input, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
  if (length > longest_input)
    co_return refuse(
        {.code = "string_above_max_length",
         .param = "input",
         .message = fmt::format("Invalid 'input': string too long. Expected at most 4096 characters, got {}.", length)},
        asked.request_id);
  const std::string_view wanted_voice = body->at("voice").as_string();
  const auto voice = std::ranges::find(speech_voices, wanted_voice, &SpeechVoice::name);
  if (voice == speech_voices.end())
    co_return refuse(
        {.code = "invalid_value",
         .param = "voice",
         .message = fmt::format("Invalid value: '{}' is no voice; alloy, coral, onyx … are.", wanted_voice)},
        asked.request_id);
  const json::value* format = text_member(*body, "response_format");
  const std::string_view wanted_format = format == nullptr ? std::string_view("mp3") : format->as_string();
  if (wanted_format != "pcm" && wanted_format != "wav")
    co_return refuse({.code = "invalid_value",
                      .param = "response_format",
                      .message = fmt::format("The sandbox cannot make '{}': ask for response_format 'pcm' or 'wav'.",
                                             wanted_format)},
                     asked.request_id);
  const json::value* speed = body->if_contains("speed");
  double factor = 1;
  if (speed != nullptr && !speed->is_null()) {
    factor = speed->is_number() ? speed->to_number<double>() : 0;
    if (!(factor >= 0.25 && factor <= 4))
      co_return refuse({.code = "invalid_value", .param = "speed", .message = "'speed' must be from 0.25 to 4."},
                       asked.request_id);
  }
  const int words_a_minute = std::clamp(static_cast<int>(170 * factor), 80, 450);
  auto samples =
      co_await speech_at(context_.voices, input, fmt::format("{}@{}", voice->voice, words_a_minute), speech_rate_hz);
  if (!samples) co_return refuse({.param = "input", .message = samples.error().message}, asked.request_id);
  co_await context_.clock.sleep_until(asked.received +
                                      draws_.draw("tts_first_byte", context_.world.get()->delays.tts_first_byte));
  const bool wav = wanted_format == "wav";
  SpeechAnswer answer{
      .door = "openai.speech",
      .attempt = asked.attempt,
      .text = input,
      .requested = asked.received,
      .bytes = wav ? audio::wav_bytes(*samples, audio::WavFormat::linear16, speech_rate_hz) : audio::to_bytes(*samples),
      .piece = audio::samples_in(piece_plays, speech_rate_hz) * audio::bytes_per_sample};
  net::Response response{.headers = common_headers(asked.request_id, context_.clock.now() - asked.received)};
  response.headers.set("Content-Type", wav ? "audio/wav" : "audio/pcm");
  response.stream = [this, answer = std::move(answer)](net::BodyWriter& writer) {
    return stream_speech(context_, writer, answer);
  };
  co_return response;
}

}  // namespace callramp::sandbox
