// OpenAiTextToSpeech: speech over /audio/speech, 24 kHz PCM brought down to the line's 8 kHz while it arrives.
#pragma once

#include "adapters/openai/config.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/text_to_speech.hpp"

namespace callramp::openai {

/// Thread-safe; each stream belongs to the executor that opened it. A voice of another vendor is spoken in
/// default_voice.
class OpenAiTextToSpeech final : public TextToSpeech {
 public:
  OpenAiTextToSpeech(OpenAiConfig config, net::ClientPool& clients, Log& log);

  std::string name() const override { return "openai"; }
  Awaitable<Result<std::unique_ptr<SpeechStream>>> open(SpeechRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override;

 private:
  OpenAiConfig config_;
  net::ClientPool& clients_;
  Log& log_;
};

/// The body of a speech request.
std::string speech_request(const SpeechRequest& request, const OpenAiConfig& config);

}  // namespace callramp::openai
