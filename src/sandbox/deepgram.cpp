#include "sandbox/deepgram.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "audio/g711.hpp"
#include "audio/wav.hpp"

namespace callramp::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_recording = std::size_t{32} * 1024 * 1024;
/// Deepgram's limit for one text.
constexpr std::size_t longest_text = 2000;

net::Response json_response(int status, const json::value& body, const std::string& request_id) {
  net::Response response{.status = status, .body = json::serialize(body)};
  response.headers = {{"Content-Type", "application/json"}, {"dg-request-id", request_id}};
  return response;
}

struct Refusal {
  int status;
  std::string_view code;
  std::string_view message;
};

net::Response refuse(const Refusal& refusal, const std::string& request_id) {
  net::Response response = json_response(
      refusal.status,
      json::object{{"err_code", refusal.code}, {"err_msg", refusal.message}, {"request_id", request_id}}, request_id);
  response.headers.set("dg-error", std::string(refusal.message));
  if (refusal.status == 429) response.headers.set("Retry-After", "1");
  return response;
}

constexpr Refusal bad_key{401, "INVALID_AUTH", "Invalid credentials."};
constexpr Refusal too_many{429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later"};
constexpr Refusal overloaded{503, "Service Unavailable", "Service is temporarily unavailable. Please try again later"};

net::Response bad_request(const std::string& message, const std::string& request_id) {
  return refuse({400, "Bad Request", "Bad Request: " + message}, request_id);
}

/// The other shape of an error body.
net::Response invalid_json(const std::string& details, const std::string& request_id) {
  net::Response response = json_response(400,
                                         json::object{{"category", "INVALID_JSON"},
                                                      {"message", "Invalid JSON submitted."},
                                                      {"details", details},
                                                      {"request_id", request_id}},
                                         request_id);
  response.headers.set("dg-error", "Invalid JSON submitted.");
  return response;
}

/// By header, or by sub-protocol as browsers do: "token, KEY".
bool authorised(const net::Headers& headers) {
  for (const std::string_view scheme : {"Token", "Bearer"})
    if (const auto key = credential(headers, scheme)) return !is_bad_key(*key);
  const auto protocol = headers.find("sec-websocket-protocol");
  if (!protocol) return false;
  const std::size_t comma = protocol->find(", ");
  if (comma == std::string_view::npos) return false;
  const std::string_view scheme = protocol->substr(0, comma);
  return (scheme == "token" || scheme == "bearer") && !is_bad_key(protocol->substr(comma + 2));
}

bool wants_socket(const net::Headers& headers) {
  const auto upgrade = headers.find("upgrade");
  return upgrade && net::same_name(*upgrade, "websocket");
}

net::Response socket_response(const net::Headers& asked, const std::string& request_id) {
  net::Response response;
  response.headers = {{"dg-request-id", request_id}};
  if (const auto protocol = asked.find("sec-websocket-protocol"))
    response.headers.set("Sec-WebSocket-Protocol", std::string(protocol->substr(0, protocol->find(','))));
  return response;
}

std::string content_type(const SpeakOptions& options) {
  if (options.wav) return "audio/wav";
  switch (options.encoding) {
    case SpeakOptions::Encoding::linear16: return fmt::format("audio/l16;rate={}", options.sample_rate_hz);
    case SpeakOptions::Encoding::mulaw: return "audio/mulaw";
    case SpeakOptions::Encoding::alaw: break;
  }
  return "audio/alaw";
}

/// Characters as a person counts them: code points.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

Result<std::string> text_of(const std::string& body, std::string_view type) {
  if (type.starts_with("text/plain")) return body;
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error) return fail(ErrorCode::invalid_request, "Json deserialize error: " + error.message());
  const json::object* object = parsed.if_object();
  const json::value* text = object == nullptr ? nullptr : object->if_contains("text");
  if (text == nullptr || !text->is_string()) return fail(ErrorCode::invalid_request, "missing field `text`");
  return std::string(text->as_string());
}

}  // namespace

Awaitable<Result<std::string>> synthesise(Voices& voices, std::string text, SpeakOptions options) {
  CO_TRY(samples, co_await speech_at(voices, std::move(text), voice_of_model(options.model), options.sample_rate_hz));
  switch (options.encoding) {
    case SpeakOptions::Encoding::linear16: co_return audio::to_bytes(samples);
    case SpeakOptions::Encoding::mulaw: co_return audio::encode(audio::Law::mu, samples);
    case SpeakOptions::Encoding::alaw: break;
  }
  co_return audio::encode(audio::Law::a, samples);
}

Awaitable<net::Response> Deepgram::handle(net::Request& request) {
  const std::string request_id = make_uuid();
  const auto query = net::parse_query(request.query);
  if (!query) co_return bad_request(query.error().message, request_id);
  const bool listening = request.path == "/v1/listen";
  const bool speaking = request.path == "/v1/speak";
  if (!authorised(request.headers)) co_return refuse(bad_key, request_id);
  if (request.method == "GET" && (request.path == "/v1/projects" || request.path == "/v1/auth/token"))
    co_return json_response(
        200, json::object{{"projects", json::array{{{"project_id", "sandbox"}, {"name", "Sandbox"}}}}}, request_id);
  if (!listening && !speaking)
    co_return refuse({404, "Not Found", "The sandbox's Deepgram has /v1/listen, /v1/speak and /v1/projects."},
                     request_id);

  const std::string_view door = listening ? "deepgram.listen" : "deepgram.speak";
  if (context_.faults.draw(door, FaultKind::auth_error)) co_return refuse(bad_key, request_id);
  if (context_.faults.draw(door, FaultKind::rate_limit)) co_return refuse(too_many, request_id);
  if (context_.faults.draw(door, FaultKind::server_error)) co_return refuse(overloaded, request_id);
  if (const auto late = context_.faults.draw(door, FaultKind::latency)) co_await context_.clock.sleep_for(late->delay);

  if (listening) co_return co_await listen(request, *query, request_id);
  const bool socket = wants_socket(request.headers);
  const auto options = parse_speak_options(*query, socket);
  if (!options) co_return bad_request(options.error().message, request_id);
  if (!socket) co_return co_await speak(request, *options, request_id);
  net::Response response = socket_response(request.headers, request_id);
  response.upgrade = [this, options = *options, request_id](std::unique_ptr<net::WebSocket> opened) {
    return serve_speak(std::move(opened), options, request_id);
  };
  co_return response;
}

Awaitable<net::Response> Deepgram::listen(net::Request& request, Query query, std::string request_id) {
  const auto options = parse_listen_options(query);
  if (!options) co_return bad_request(options.error().message, request_id);
  if (request.method == "POST") co_return co_await transcribe(request, *options, request_id);
  if (!wants_socket(request.headers))
    co_return bad_request("GET /v1/listen needs a WebSocket upgrade; POST transcribes a recording", request_id);
  net::Response response = socket_response(request.headers, request_id);
  response.upgrade = [this, options = *options, request_id](std::unique_ptr<net::WebSocket> opened) {
    return serve_listen(std::move(opened), options, request_id);
  };
  co_return response;
}

/// A recording, whole.
Awaitable<net::Response> Deepgram::transcribe(net::Request& request, ListenOptions options, std::string request_id) {
  const auto body = co_await net::read_all(*request.body, longest_recording);
  if (!body) co_return refuse({413, "Payload Too Large", body.error().message}, request_id);
  ListenSession session(context_.phrases, options, request_id);
  const auto heard = session.audio(*body, context_.clock.now());
  if (!heard || session.duration_s() == 0)
    co_return bad_request("failed to process audio: corrupt or unsupported data", request_id);
  session.close(context_.clock.now());
  json::array channels;
  for (std::size_t i = 0; i < session.channels(); ++i)
    channels.push_back(json::object{{"alternatives", json::array{session.transcript(i)}}});
  json::object metadata{{"transaction_key", "deprecated"},
                        {"request_id", request_id},
                        {"created", to_iso(context_.clock.now())},
                        {"duration", session.duration_s()},
                        {"channels", session.channels()}};
  if (!options.extra.empty()) metadata["extra"] = options.extra;
  co_return json_response(
      200, json::object{{"metadata", std::move(metadata)}, {"results", {{"channels", std::move(channels)}}}},
      request_id);
}

Awaitable<net::Response> Deepgram::speak(net::Request& request, SpeakOptions options, std::string request_id) {
  if (request.method != "POST") co_return refuse({405, "Method Not Allowed", "Use POST."}, request_id);
  const auto body = co_await net::read_all(*request.body, 1024 * 1024);
  if (!body) co_return refuse({413, "Payload Too Large", body.error().message}, request_id);
  const Instant requested = request.body_end;
  const auto text = text_of(*body, request.headers.find("content-type").value_or("application/json"));
  if (!text) co_return invalid_json(text.error().message, request_id);
  const std::size_t length = characters(*text);
  if (length > longest_text)
    co_return refuse({413, "Payload Too Large", "Input text exceeds maximum character limit of 2000. Please split it."},
                     request_id);
  auto sound = co_await synthesise(context_.voices, *text, options);
  if (!sound) co_return bad_request(sound.error().message, request_id);
  if (options.wav) {
    const auto format =
        options.encoding == SpeakOptions::Encoding::mulaw ? audio::WavFormat::mu_law : audio::WavFormat::linear16;
    const audio::Pcm samples =
        options.encoding == SpeakOptions::Encoding::linear16
            ? audio::from_bytes(*sound)
            : audio::decode(options.encoding == SpeakOptions::Encoding::mulaw ? audio::Law::mu : audio::Law::a, *sound);
    sound = audio::wav_bytes(samples, format, options.sample_rate_hz);
  }
  co_await context_.clock.sleep_until(requested +
                                      draws_.draw("tts_first_byte", context_.world.get()->delays.tts_first_byte));
  net::Response response;
  response.headers = {{"Content-Type", content_type(options)},
                      {"dg-request-id", request_id},
                      {"dg-char-count", std::to_string(length)},
                      {"dg-model-name", options.model},
                      {"dg-model-uuid", "ecb76e9d-f2db-4127-8060-79b05590d22f"}};
  SpeechAnswer answer{.door = "deepgram.speak",
                      .attempt = options.tag,
                      .text = *text,
                      .requested = requested,
                      .bytes = std::move(*sound),
                      .piece = options.bytes_in(piece_plays)};
  response.stream = [this, answer = std::move(answer)](net::BodyWriter& writer) {
    return stream_speech(context_, writer, answer);
  };
  co_return response;
}

}  // namespace callramp::sandbox
