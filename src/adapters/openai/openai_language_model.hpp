// OpenAiLanguageModel: streaming chat completions.
#pragma once

#include "adapters/openai/config.hpp"
#include "async/clock.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/language_model.hpp"

namespace callramp::openai {

/// Thread-safe; each stream belongs to the executor that opened it. Destroying a stream closes its connection, which is
/// how OpenAI hears that nobody listens; the usage of such a reply is lost.
class OpenAiLanguageModel final : public LanguageModel {
 public:
  OpenAiLanguageModel(OpenAiConfig config, net::ClientPool& clients, async::Clock& clock, Log& log);

  std::string name() const override { return "openai"; }
  Awaitable<Result<std::unique_ptr<ReplyStream>>> open(ReplyRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override;

 private:
  OpenAiConfig config_;
  net::ClientPool& clients_;
  async::Clock& clock_;
  Log& log_;
};

}  // namespace callramp::openai
