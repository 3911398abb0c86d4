// TwilioMediaStream: the audio of one call over Twilio's Media Streams: µ-law at 8 kHz both ways.
#pragma once

#include <memory>
#include <optional>

#include "adapters/common/media_socket.hpp"
#include "adapters/twilio/config.hpp"
#include "ports/telephony.hpp"

namespace callramp::twilio {

class TwilioMediaStream final : public MediaStream {
 public:
  TwilioMediaStream(std::unique_ptr<net::WebSocket> socket, const TwilioConfig& config,
                    adapters::MediaCounters& counters, Log& log);

  Awaitable<Result<std::optional<MediaEvent>>> receive() override;
  /// One media message with exactly these samples (invalid_request for none or too many).
  Awaitable<Status> send_audio(std::span<const std::int16_t> samples) override;
  Awaitable<Status> send_mark(std::string name) override;
  /// Marks that it overtakes come back at once.
  Awaitable<Status> clear() override;
  Awaitable<void> hang_up() override { return socket_.hang_up(); }
  std::size_t unsent_bytes() const override { return socket_.unsent_bytes(); }

 private:
  Result<std::optional<MediaEvent>> on_message(adapters::MediaMessageIn message);
  Status on_start(const adapters::MediaMessageIn& message, const adapters::StartMessage& start);

  adapters::MediaSocket socket_;
  const TwilioConfig& config_;
  Log& log_;
  std::optional<adapters::MediaMessageWriter> writer_;  // once started
};

}  // namespace callramp::twilio
