#include "adapters/deepgram/deepgram_speech_to_text.hpp"

#include "adapters/deepgram/requests.hpp"
#include "adapters/deepgram/wire.hpp"
#include "async/task_scope.hpp"
#include "audio/pcm.hpp"

namespace callramp::deepgram {
namespace {

class Stream final : public SttStream {
 public:
  Stream(std::unique_ptr<net::WebSocket> socket, AttemptId attempt, const DeepgramConfig& config, async::Clock& clock,
         Log& log)
      : socket_(std::move(socket)),
        attempt_(std::move(attempt)),
        config_(config),
        clock_(clock),
        log_(log),
        last_sent_(clock.now()) {}

  Awaitable<Status> send(std::span<const std::int16_t> samples) override {
    if (finish_by_) co_return fail(ErrorCode::conflict, "the Deepgram stream is finished");
    if (samples.empty()) co_return Status{};  // an empty frame would close the stream
    last_sent_ = clock_.now();
    co_return co_await socket_->send_binary(audio::to_bytes(samples));
  }

  Awaitable<Result<std::optional<SttEvent>>> receive() override {
    while (true) {
      // The companion lives exactly as long as somebody waits, so nothing has to be joined when the stream is dropped.
      Result<std::optional<net::WebSocket::Message>> received;
      co_await async::with_scope([this, &received](async::TaskScope& companion) -> Awaitable<void> {
        companion.spawn(stay_alive());
        received = co_await socket_->receive();
      });
      if (!received) co_return fail(received.error().code, "Deepgram's connection broke: " + received.error().message);
      if (!*received) co_return ended();
      auto event = parse_listen_message((*received)->data);
      if (!event) {
        if (event.error().code == ErrorCode::unavailable) co_return std::unexpected(std::move(event).error());
        log_.warn("deepgram_bad_message", {{"attempt_id", attempt_}, {"reason", event.error().message}});
        if (++bad_in_a_row_ >= config_.max_bad_messages)
          co_return fail(ErrorCode::unavailable,
                         "Deepgram sent " + std::to_string(bad_in_a_row_) +
                             " messages in a row that make no sense; the last: " + event.error().message);
        continue;
      }
      bad_in_a_row_ = 0;
      if (*event) co_return *std::move(event);
    }
  }

  Awaitable<Status> finish() override {
    if (finish_by_) co_return Status{};
    finish_by_ = clock_.now() + config_.finish_timeout;
    last_sent_ = clock_.now();
    CO_TRY_VOID(co_await socket_->send_text(R"({"type":"Finalize"})"));
    co_return co_await socket_->send_text(R"({"type":"CloseStream"})");
  }

 private:
  Awaitable<void> stay_alive() {
    while (true) {
      // Looks again at least every second, because finish() may come while it sleeps.
      const Instant due = std::min(finish_by_.value_or(last_sent_ + config_.keep_alive), clock_.now() + seconds{1});
      co_await clock_.sleep_until(due);
      if (finish_by_ && clock_.now() >= *finish_by_) {
        co_await socket_->close();
        co_return;
      }
      if (finish_by_ || clock_.now() < last_sent_ + config_.keep_alive) continue;
      last_sent_ = clock_.now();
      if (!co_await socket_->send_text(R"({"type":"KeepAlive"})")) co_return;  // receive() tells why
    }
  }

  Result<std::optional<SttEvent>> ended() const {
    const auto code = socket_->close_code();
    if (regular_close(code) || (finish_by_ && code == 1006 && clock_.now() >= *finish_by_)) return std::nullopt;
    const std::string reason = socket_->close_reason();
    return fail(ErrorCode::unavailable, "Deepgram closed the stream with " + std::to_string(code.value_or(0)) +
                                            (reason.empty() ? "" : " (" + adapters::excerpt(reason) + ")"));
  }

  std::unique_ptr<net::WebSocket> socket_;
  AttemptId attempt_;
  const DeepgramConfig& config_;
  async::Clock& clock_;
  Log& log_;
  Instant last_sent_;
  std::optional<Instant> finish_by_;
  int bad_in_a_row_ = 0;
};

}  // namespace

DeepgramSpeechToText::DeepgramSpeechToText(DeepgramConfig config, net::ClientPool& clients, async::Clock& clock,
                                           Log& log)
    : config_(std::move(config)), clients_(clients), clock_(clock), log_(log) {}

Awaitable<Result<std::unique_ptr<SttStream>>> DeepgramSpeechToText::open(SttOptions options, Instant deadline) {
  net::HttpClient* const client = co_await clients_.here();
  std::string url = "ws" + config_.base_url.substr(std::min<std::size_t>(4, config_.base_url.size())) + "/v1/listen?" +
                    listen_query(options, config_);
  CO_TRY(socket, co_await client->websocket(std::move(url), authorization(config_), deadline));
  co_return std::make_unique<Stream>(std::move(socket), std::move(options.attempt), config_, clock_, log_);
}

Awaitable<Status> DeepgramSpeechToText::probe(Instant deadline) {
  co_return co_await probe_key(config_, clients_, deadline);
}

}  // namespace callramp::deepgram
