#include "adapters/deepgram/deepgram_text_to_speech.hpp"

#include "adapters/common/speech_body.hpp"
#include "adapters/deepgram/requests.hpp"
#include "adapters/deepgram/wire.hpp"

namespace callramp::deepgram {

namespace json = boost::json;

DeepgramTextToSpeech::DeepgramTextToSpeech(DeepgramConfig config, net::ClientPool& clients, Log& log)
    : config_(std::move(config)), clients_(clients), log_(log) {}

Awaitable<Result<std::unique_ptr<SpeechStream>>> DeepgramTextToSpeech::open(SpeechRequest request, Instant deadline) {
  if (request.text.empty() || request.text.size() > config_.max_text_bytes)
    co_return fail(ErrorCode::invalid_request,
                   "a text of " + std::to_string(request.text.size()) + " bytes cannot be spoken at once: 1 to " +
                       std::to_string(config_.max_text_bytes) + " can; split it by sentence");
  net::HttpClient* const client = co_await clients_.here();
  std::string url = config_.base_url + "/v1/speak?model=" + net::percent_encode(request.voice) +
                    "&encoding=linear16&sample_rate=8000&container=none";
  if (!request.attempt.empty()) url += "&tag=" + net::percent_encode(request.attempt.str());
  net::ClientRequest question{.method = "POST", .url = std::move(url), .headers = authorization(config_)};
  question.headers.set("Content-Type", "application/json");
  question.body = json::serialize(json::object{{"text", request.text}});
  CO_TRY(answer, co_await client->send(std::move(question), deadline));
  if (answer.status / 100 != 2) {
    const auto body = co_await net::read_all(*answer.body, config_.max_error_bytes);
    Error refusal = parse_refusal(answer.status, answer.headers, body.value_or(""));
    log_.warn("deepgram_speak_refused", {{"attempt_id", request.attempt}, {"reason", refusal.message}});
    co_return std::unexpected(std::move(refusal));
  }
  std::int64_t billed = adapters::count_characters(request.text);
  if (const auto header = answer.headers.find("dg-char-count")) {
    const json::value written(*header);
    billed = adapters::integer_of(&written).value_or(billed);
  }
  co_return std::make_unique<adapters::SpeechBody>("Deepgram", std::move(answer.body), std::nullopt, billed);
}

Awaitable<void> DeepgramTextToSpeech::get_ready(Instant deadline) {
  net::HttpClient* const client = co_await clients_.here();
  (void)co_await client->warm(config_.base_url, 1, deadline);
}

Awaitable<Status> DeepgramTextToSpeech::probe(Instant deadline) {
  co_return co_await probe_key(config_, clients_, deadline);
}

}  // namespace callramp::deepgram
