#include "adapters/exotel/exotel_media_stream.hpp"

#include <utility>

namespace callramp::exotel {
namespace {

bool supported_rate(int hz) { return hz == 8000 || hz == 16000 || hz == 24000; }
bool linear(const std::string& encoding) { return encoding.empty() || encoding == "audio/x-raw" || encoding == "raw"; }

using adapters::Overloaded;

}  // namespace

ExotelMediaStream::ExotelMediaStream(std::unique_ptr<net::WebSocket> socket, const ExotelConfig& config,
                                     MediaCounters& counters, Log& log)
    : socket_(std::move(socket),
              {.sample_bytes = audio::bytes_per_sample,
               .max_unsent_bytes = config.max_unsent_bytes,
               .max_bad_messages = config.max_bad_messages},
              counters, log),
      config_(config),
      log_(log) {}

Awaitable<Result<std::optional<MediaEvent>>> ExotelMediaStream::receive() {
  for (;;) {
    CO_TRY(message, co_await socket_.receive());
    if (!message) co_return std::nullopt;
    CO_TRY(event, on_message(*std::move(message)));
    if (event) co_return event;
  }
}

Result<std::optional<MediaEvent>> ExotelMediaStream::on_message(MediaMessageIn message) {
  using Event = Result<std::optional<MediaEvent>>;
  const auto skip = [&](const char* why) -> Event {
    if (auto status = socket_.skip(why); !status) return std::unexpected(status.error());
    return std::nullopt;
  };
  return std::visit(
      Overloaded{
          [](ConnectedMessage) -> Event { return std::nullopt; },
          [&](const StartMessage& start) -> Event {
            if (writer_) return skip("a second start");
            if (auto status = on_start(message, start); !status) return std::unexpected(status.error());
            return MediaEvent{MediaStart{.provider_call_id = start.call_sid, .line_sample_rate = start.sample_rate_hz}};
          },
          [&](const MediaMessage& media) -> Event {
            if (!writer_) return skip("media before start");
            audio::Pcm samples = audio::from_bytes(media.bytes);
            if (down_) samples = down_->feed(samples);
            if (samples.empty()) return std::nullopt;
            return MediaEvent{MediaAudio{std::move(samples)}};
          },
          [](DtmfMessage dtmf) -> Event { return MediaEvent{MediaDtmf{dtmf.digit}}; },
          [](MarkMessage& mark) -> Event { return MediaEvent{MediaMark{std::move(mark.name)}}; },
          [&](const StopMessage& stop) -> Event {
            socket_.end();
            // "stopped" is the carrier's own end of the stream; everything else is the far end of the line.
            return MediaEvent{MediaStop{.callee_hung_up = stop.reason != "stopped"}};
          },
          [&](const UnknownMessage& unknown) -> Event {
            log_.debug("media_unknown_event", {{"call_sid", socket_.call_sid()}, {"event", unknown.event}});
            return std::nullopt;
          },
      },
      message.body);
}

Status ExotelMediaStream::on_start(const MediaMessageIn& message, const StartMessage& start) {
  if (!linear(start.encoding))
    return fail(ErrorCode::unsupported_media_type,
                "the media stream is '" + start.encoding + "', not linear PCM; check the StreamUrl");
  if (!supported_rate(start.sample_rate_hz))
    return fail(ErrorCode::unsupported_media_type, "the media stream has " + std::to_string(start.sample_rate_hz) +
                                                       " Hz; 8000, 16000 and 24000 are known");
  if (start.sample_rate_hz != audio::line_rate_hz) {
    TRY(down, audio::Resampler::create(start.sample_rate_hz, audio::line_rate_hz));
    TRY(up, audio::Resampler::create(audio::line_rate_hz, start.sample_rate_hz));
    down_ = std::move(down);
    up_ = std::move(up);
  }
  socket_.belongs_to(start.call_sid);
  writer_.emplace(message.stream_sid);
  return {};
}

Awaitable<Status> ExotelMediaStream::send_pcm(audio::PcmView samples) {
  co_return co_await socket_.send(writer_->media(audio::to_bytes(samples)));
}

Awaitable<Status> ExotelMediaStream::send_audio(std::span<const std::int16_t> samples) {
  const std::size_t bytes = samples.size() * audio::bytes_per_sample;
  if (!writer_) co_return fail(ErrorCode::conflict, "the media stream has not started");
  if (samples.empty() || bytes % config_.media_multiple_bytes != 0 || bytes > config_.max_media_bytes)
    co_return fail(ErrorCode::invalid_request, std::to_string(bytes) + " bytes are no media message: a multiple of " +
                                                   std::to_string(config_.media_multiple_bytes) + " up to " +
                                                   std::to_string(config_.max_media_bytes) + " is; pad with silence");
  if (!up_) co_return co_await send_pcm(samples);
  const audio::Pcm more = up_->feed(samples);
  held_back_.insert(held_back_.end(), more.begin(), more.end());
  const std::size_t multiple = config_.media_multiple_bytes / audio::bytes_per_sample;
  const std::size_t whole = held_back_.size() / multiple * multiple;
  if (whole == 0) co_return Status{};
  const audio::Pcm ready(held_back_.begin(), held_back_.begin() + static_cast<std::ptrdiff_t>(whole));
  held_back_.erase(held_back_.begin(), held_back_.begin() + static_cast<std::ptrdiff_t>(whole));
  co_return co_await send_pcm(ready);
}

Awaitable<Status> ExotelMediaStream::send_mark(std::string name) {
  if (!writer_) co_return fail(ErrorCode::conflict, "the media stream has not started");
  if (up_) {
    const audio::Pcm rest = up_->flush();
    held_back_.insert(held_back_.end(), rest.begin(), rest.end());
    const std::size_t multiple = config_.media_multiple_bytes / audio::bytes_per_sample;
    held_back_.resize((held_back_.size() + multiple - 1) / multiple * multiple, 0);
    const audio::Pcm last = std::exchange(held_back_, {});
    if (!last.empty()) CO_TRY_VOID(co_await send_pcm(last));
  }
  co_return co_await socket_.send(writer_->mark(name));
}

Awaitable<Status> ExotelMediaStream::clear() {
  if (!writer_) co_return fail(ErrorCode::conflict, "the media stream has not started");
  if (up_) {
    up_->flush();  // what the filter still holds belongs to what is dropped
    held_back_.clear();
  }
  co_return co_await socket_.send(writer_->clear());
}

Awaitable<void> ExotelMediaStream::hang_up() { co_await socket_.hang_up(); }

}  // namespace callramp::exotel
