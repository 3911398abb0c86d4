// DeepgramSpeechToText: streaming recognition over /v1/listen.
#pragma once

#include "adapters/deepgram/config.hpp"
#include "async/clock.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/speech_to_text.hpp"

namespace callramp::deepgram {

/// Thread-safe; each stream belongs to the executor that opened it. A stream keeps itself alive with KeepAlive messages
/// while somebody waits in receive(). finish() sends Finalize and CloseStream; what does not come within finish_timeout
/// is lost.
class DeepgramSpeechToText final : public SpeechToText {
 public:
  DeepgramSpeechToText(DeepgramConfig config, net::ClientPool& clients, async::Clock& clock, Log& log);

  std::string name() const override { return "deepgram"; }
  Awaitable<Result<std::unique_ptr<SttStream>>> open(SttOptions options, Instant deadline) override;
  /// GET /v1/projects: checks the key, costs nothing.
  Awaitable<Status> probe(Instant deadline) override;

 private:
  DeepgramConfig config_;
  net::ClientPool& clients_;
  async::Clock& clock_;
  Log& log_;
};

}  // namespace callramp::deepgram
