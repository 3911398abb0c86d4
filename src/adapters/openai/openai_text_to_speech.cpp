#include "adapters/openai/openai_text_to_speech.hpp"

#include <algorithm>

#include "adapters/common/json_read.hpp"
#include "adapters/common/speech_body.hpp"
#include "adapters/openai/requests.hpp"
#include "audio/resample.hpp"

namespace callramp::openai {

std::string speech_request(const SpeechRequest& request, const OpenAiConfig& config) {
  const bool known = std::ranges::find(config.voices, request.voice) != config.voices.end();
  return boost::json::serialize(boost::json::object{{"model", config.speech_model},
                                                    {"input", request.text},
                                                    {"voice", known ? request.voice : config.default_voice},
                                                    {"response_format", "pcm"}});
}

OpenAiTextToSpeech::OpenAiTextToSpeech(OpenAiConfig config, net::ClientPool& clients, Log& log)
    : config_(std::move(config)), clients_(clients), log_(log) {}

Awaitable<Result<std::unique_ptr<SpeechStream>>> OpenAiTextToSpeech::open(SpeechRequest request, Instant deadline) {
  const std::int64_t characters = adapters::count_characters(request.text);
  if (characters == 0 || characters > static_cast<std::int64_t>(config_.max_text_characters))
    co_return fail(ErrorCode::invalid_request,
                   "a text of " + std::to_string(characters) + " characters cannot be spoken at once: 1 to " +
                       std::to_string(config_.max_text_characters) + " can; split it by sentence");
  CO_TRY(resampler, audio::Resampler::create(config_.speech_rate_hz, audio::line_rate_hz));
  auto answer = co_await post_json(config_, clients_, "/audio/speech", speech_request(request, config_),
                                   request.attempt, deadline);
  if (!answer) {
    log_.warn("openai_speech_refused", {{"attempt_id", request.attempt}, {"reason", answer.error().message}});
    co_return std::unexpected(std::move(answer).error());
  }
  co_return std::make_unique<adapters::SpeechBody>("OpenAI", std::move(answer->body), std::move(resampler), characters);
}

Awaitable<void> OpenAiTextToSpeech::get_ready(Instant deadline) {
  net::HttpClient* const client = co_await clients_.here();
  (void)co_await client->warm(config_.base_url, 1, deadline);
}

Awaitable<Status> OpenAiTextToSpeech::probe(Instant deadline) {
  co_return co_await probe_key(config_, clients_, deadline);
}

}  // namespace callramp::openai
