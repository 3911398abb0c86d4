// DeepgramTextToSpeech: speech over /v1/speak, as 8 kHz PCM without a container, which is the line's own form.
#pragma once

#include "adapters/deepgram/config.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/text_to_speech.hpp"

namespace callramp::deepgram {

/// Thread-safe; each stream belongs to the executor that opened it.
class DeepgramTextToSpeech final : public TextToSpeech {
 public:
  DeepgramTextToSpeech(DeepgramConfig config, net::ClientPool& clients, Log& log);

  std::string name() const override { return "deepgram"; }
  /// The voice is Deepgram's model: "aura-2-thalia-en". Texts above max_text_bytes are refused here: speak by sentence.
  Awaitable<Result<std::unique_ptr<SpeechStream>>> open(SpeechRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override;

 private:
  DeepgramConfig config_;
  net::ClientPool& clients_;
  Log& log_;
};

}  // namespace callramp::deepgram
