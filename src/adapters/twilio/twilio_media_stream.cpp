#include "adapters/twilio/twilio_media_stream.hpp"

#include "audio/g711.hpp"

namespace callramp::twilio {
namespace {

constexpr std::string_view stream_key = "streamSid";
constexpr std::string_view mu_law = "audio/x-mulaw";

}  // namespace

TwilioMediaStream::TwilioMediaStream(std::unique_ptr<net::WebSocket> socket, const TwilioConfig& config,
                                     adapters::MediaCounters& counters, Log& log)
    : socket_(
          std::move(socket),
          {.sample_bytes = 1, .max_unsent_bytes = config.max_unsent_bytes, .max_bad_messages = config.max_bad_messages},
          counters, log),
      config_(config),
      log_(log) {}

Awaitable<Result<std::optional<MediaEvent>>> TwilioMediaStream::receive() {
  for (;;) {
    CO_TRY(message, co_await socket_.receive());
    if (!message) co_return std::nullopt;
    CO_TRY(event, on_message(*std::move(message)));
    if (event) co_return event;
  }
}

Result<std::optional<MediaEvent>> TwilioMediaStream::on_message(adapters::MediaMessageIn message) {
  using Event = Result<std::optional<MediaEvent>>;
  const auto skip = [&](const char* why) -> Event {
    if (auto status = socket_.skip(why); !status) return std::unexpected(status.error());
    return std::nullopt;
  };
  return std::visit(
      adapters::Overloaded{
          [](adapters::ConnectedMessage) -> Event { return std::nullopt; },
          [&](const adapters::StartMessage& start) -> Event {
            if (writer_) return skip("a second start");
            if (auto status = on_start(message, start); !status) return std::unexpected(status.error());
            return MediaEvent{MediaStart{.provider_call_id = start.call_sid}};
          },
          [&](const adapters::MediaMessage& media) -> Event {
            if (!writer_) return skip("media before start");
            audio::Pcm samples = audio::decode(audio::Law::mu, media.bytes);
            if (samples.empty()) return std::nullopt;
            return MediaEvent{MediaAudio{std::move(samples)}};
          },
          [](adapters::DtmfMessage dtmf) -> Event { return MediaEvent{MediaDtmf{dtmf.digit}}; },
          [](adapters::MarkMessage& mark) -> Event { return MediaEvent{MediaMark{std::move(mark.name)}}; },
          [&](const adapters::StopMessage&) -> Event {
            socket_.end();
            return MediaEvent{MediaStop{.callee_hung_up = true}};
          },
          [&](const adapters::UnknownMessage& unknown) -> Event {
            log_.debug("media_unknown_event", {{"call_sid", socket_.call_sid()}, {"event", unknown.event}});
            return std::nullopt;
          },
      },
      message.body);
}

Status TwilioMediaStream::on_start(const adapters::MediaMessageIn& message, const adapters::StartMessage& start) {
  if ((!start.encoding.empty() && start.encoding != mu_law) || start.sample_rate_hz != audio::line_rate_hz)
    return fail(ErrorCode::unsupported_media_type, "the media stream is '" + start.encoding + "' at " +
                                                       std::to_string(start.sample_rate_hz) +
                                                       " Hz; Twilio documents audio/x-mulaw at 8000 alone");
  socket_.belongs_to(start.call_sid);
  writer_.emplace(message.stream_sid, stream_key);
  return {};
}

Awaitable<Status> TwilioMediaStream::send_audio(std::span<const std::int16_t> samples) {
  if (!writer_) co_return fail(ErrorCode::conflict, "the media stream has not started");
  if (samples.empty() || samples.size() > config_.max_media_bytes)
    co_return fail(ErrorCode::invalid_request, std::to_string(samples.size()) + " samples are no media message: 1 to " +
                                                   std::to_string(config_.max_media_bytes) + " are");
  co_return co_await socket_.send(writer_->media(audio::encode(audio::Law::mu, samples)));
}

Awaitable<Status> TwilioMediaStream::send_mark(std::string name) {
  if (!writer_) co_return fail(ErrorCode::conflict, "the media stream has not started");
  co_return co_await socket_.send(writer_->mark(name));
}

Awaitable<Status> TwilioMediaStream::clear() {
  if (!writer_) co_return fail(ErrorCode::conflict, "the media stream has not started");
  co_return co_await socket_.send(writer_->clear());
}

}  // namespace callramp::twilio
