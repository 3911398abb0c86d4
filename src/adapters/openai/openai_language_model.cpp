#include "adapters/openai/openai_language_model.hpp"

#include <deque>

#include "adapters/openai/requests.hpp"
#include "adapters/openai/wire.hpp"
#include "async/deadline.hpp"
#include "net/sse.hpp"

namespace callramp::openai {
namespace {

/// How long the last word may be kept back for it.
constexpr Duration drain_limit = milliseconds{20};

class Stream final : public ReplyStream {
 public:
  Stream(std::unique_ptr<net::BodyReader> body, const OpenAiConfig& config, async::Clock& clock)
      : body_(std::move(body)), events_in_(config.max_event_bytes), parser_(config), clock_(clock) {}

  Awaitable<Result<std::optional<ReplyEvent>>> receive() override {
    while (waiting_.empty() && !parser_.done()) {
      auto bytes = co_await body_->read_some();
      if (!bytes) co_return fail(bytes.error().code, "the model's reply broke off: " + bytes.error().message);
      if (bytes->empty()) {
        CO_TRY(last, parser_.end());
        take(std::move(last));
        break;
      }
      CO_TRY(events, events_in_.feed(*bytes));
      for (const net::SseEvent& event : events) {
        CO_TRY(parsed, parser_.feed(event.data));
        take(std::move(parsed));
      }
    }
    if (waiting_.empty()) co_return std::nullopt;
    ReplyEvent event = std::move(waiting_.front());
    waiting_.pop_front();
    // The body's end mostly has arrived already, and reading it gives the connection back to the pool.
    if (waiting_.empty() && parser_.done() && !std::exchange(drained_, true))
      co_await async::by_deadline(clock_, clock_.now() + drain_limit, "the end of a reply", drain());
    co_return event;
  }

 private:
  void take(std::vector<ReplyEvent> events) {
    for (ReplyEvent& event : events) waiting_.push_back(std::move(event));
  }
  Awaitable<Status> drain() {
    while (true) {
      CO_TRY(rest, co_await body_->read_some());
      if (rest.empty()) co_return Status{};
    }
  }

  std::unique_ptr<net::BodyReader> body_;
  net::SseParser events_in_;
  ChatStreamParser parser_;
  async::Clock& clock_;
  std::deque<ReplyEvent> waiting_;
  bool drained_ = false;
};

}  // namespace

OpenAiLanguageModel::OpenAiLanguageModel(OpenAiConfig config, net::ClientPool& clients, async::Clock& clock, Log& log)
    : config_(std::move(config)), clients_(clients), clock_(clock), log_(log) {}

Awaitable<Result<std::unique_ptr<ReplyStream>>> OpenAiLanguageModel::open(ReplyRequest request, Instant deadline) {
  CO_TRY(body, chat_request(request, config_));
  auto answer = co_await post_json(config_, clients_, "/chat/completions", std::move(body), request.attempt, deadline);
  if (!answer) {
    log_.warn("openai_refused", {{"attempt_id", request.attempt}, {"reason", answer.error().message}});
    co_return std::unexpected(std::move(answer).error());
  }
  co_return std::make_unique<Stream>(std::move(answer->body), config_, clock_);
}

Awaitable<void> OpenAiLanguageModel::get_ready(Instant deadline) {
  net::HttpClient* const client = co_await clients_.here();
  (void)co_await client->warm(config_.base_url, 1, deadline);
}

Awaitable<Status> OpenAiLanguageModel::probe(Instant deadline) {
  co_return co_await probe_key(config_, clients_, deadline);
}

}  // namespace callramp::openai
