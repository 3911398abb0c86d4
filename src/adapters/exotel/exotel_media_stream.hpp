// ExotelMediaStream: the audio of one call over Exotel's WebSocket.
#pragma once

#include <memory>
#include <optional>

#include "adapters/common/media_socket.hpp"
#include "adapters/exotel/config.hpp"
#include "audio/resample.hpp"
#include "base/log.hpp"
#include "ports/telephony.hpp"

namespace callramp::exotel {

// The protocol's messages, which another carrier speaks too.
using adapters::ConnectedMessage;
using adapters::DtmfMessage;
using adapters::MarkMessage;
using adapters::MediaCounters;
using adapters::MediaMessage;
using adapters::MediaMessageIn;
using adapters::MediaMessageWriter;
using adapters::MediaSocket;
using adapters::parse_media_message;
using adapters::StartMessage;
using adapters::StopMessage;
using adapters::UnknownMessage;

class ExotelMediaStream final : public MediaStream {
 public:
  ExotelMediaStream(std::unique_ptr<net::WebSocket> socket, const ExotelConfig& config, MediaCounters& counters,
                    Log& log);

  Awaitable<Result<std::optional<MediaEvent>>> receive() override;
  /// One media message with exactly these samples, which must be whole 20 ms frames (invalid_request otherwise). On a
  /// line of another rate the resampler's look-ahead holds back up to one frame until the next mark.
  Awaitable<Status> send_audio(std::span<const std::int16_t> samples) override;
  Awaitable<Status> send_mark(std::string name) override;
  Awaitable<Status> clear() override;
  Awaitable<void> hang_up() override;
  std::size_t unsent_bytes() const override { return socket_.unsent_bytes(); }

 private:
  /// What the caller gets to hear of a message, if anything; an error ends the stream.
  Result<std::optional<MediaEvent>> on_message(MediaMessageIn message);
  Status on_start(const MediaMessageIn& message, const StartMessage& start);
  Awaitable<Status> send_pcm(audio::PcmView samples);

  MediaSocket socket_;
  const ExotelConfig& config_;
  Log& log_;
  std::optional<MediaMessageWriter> writer_;  // once started
  std::optional<audio::Resampler> down_;      // only for lines that are not 8 kHz
  std::optional<audio::Resampler> up_;
  audio::Pcm held_back_;  // upsampled, not yet a whole frame
};

}  // namespace callramp::exotel
