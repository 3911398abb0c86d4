#include "adapters/common/media_socket.hpp"

#include <bit>

namespace callramp::adapters {

MediaCounters::MediaCounters(Metrics& metrics, const std::string& provider)
    : bad_messages(metrics.counter("callramp_media_bad_messages_total",
                                   "Messages of media streams that could not be understood.",
                                   {{"provider", provider}})),
      sequence_gaps(metrics.counter("callramp_media_sequence_gaps_total",
                                    "Messages of media streams that never arrived.", {{"provider", provider}})) {}

MediaSocket::MediaSocket(std::unique_ptr<net::WebSocket> socket, MediaLimits limits, MediaCounters& counters, Log& log)
    : socket_(std::move(socket)), limits_(limits), counters_(counters), log_(log) {}

Awaitable<Result<std::optional<MediaMessageIn>>> MediaSocket::receive() {
  while (!ended_) {
    CO_TRY(received, co_await socket_->receive());
    if (!received) {
      ended_ = true;
      log_.debug("media_closed", {{"call_sid", call_sid_}, {"close_code", socket_->close_code().value_or(0)}});
      break;
    }
    auto message = parse_media_message(received->data, limits_.sample_bytes);
    if (!message) {
      CO_TRY_VOID(skip(message.error().message));
      continue;
    }
    bad_in_a_row_ = 0;
    if (message->sequence) count_gap(*message->sequence);
    co_return *std::move(message);
  }
  co_return std::nullopt;
}

Status MediaSocket::skip(const std::string& why) {
  counters_.bad_messages.add();
  ++bad_in_a_row_;
  if (bad_in_a_row_ >= limits_.max_bad_messages) {
    ended_ = true;
    return fail(ErrorCode::invalid_request,
                std::to_string(bad_in_a_row_) + " media messages in a row made no sense; the last " + why);
  }
  // 1, 2, 4, 8, …: enough to see, too few to fill a disk.
  if (std::has_single_bit(static_cast<unsigned>(bad_in_a_row_)))
    log_.warn("media_bad_message", {{"call_sid", call_sid_}, {"reason", why}, {"in_a_row", bad_in_a_row_}});
  return {};
}

void MediaSocket::count_gap(std::int64_t sequence) {
  if (last_sequence_ && sequence > *last_sequence_ + 1) {
    const std::int64_t missing = sequence - *last_sequence_ - 1;
    counters_.sequence_gaps.add(static_cast<double>(missing));
    log_.info("media_gap", {{"call_sid", call_sid_}, {"missing", missing}});
  }
  if (!last_sequence_ || sequence > *last_sequence_) last_sequence_ = sequence;
}

Awaitable<Status> MediaSocket::send(std::string message) {
  if (ended_) co_return fail(ErrorCode::unavailable, "the media stream has ended");
  if (socket_->unsent_bytes() > limits_.max_unsent_bytes)
    co_return fail(ErrorCode::unavailable,
                   "the carrier does not take our audio: " + std::to_string(socket_->unsent_bytes()) + " bytes wait");
  co_return co_await socket_->send_text(std::move(message));
}

Awaitable<void> MediaSocket::hang_up() {
  ended_ = true;
  co_await socket_->close(1000);
}

}  // namespace callramp::adapters
