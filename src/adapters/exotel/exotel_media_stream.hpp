// ExotelMediaStream: the audio of one call over Exotel's WebSocket.
#pragma once

#include <memory>
#include <optional>

#include "adapters/exotel/config.hpp"
#include "adapters/exotel/media_messages.hpp"
#include "audio/resample.hpp"
#include "base/log.hpp"
#include "net/web_socket.hpp"
#include "ports/metrics.hpp"
#include "ports/telephony.hpp"

namespace callramp::exotel {

/// Counted over all streams.
struct MediaCounters {
  explicit MediaCounters(Metrics& metrics);
  Counter& bad_messages;
  Counter& sequence_gaps;
};

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
  std::size_t unsent_bytes() const override { return socket_->unsent_bytes(); }

 private:
  /// What the caller gets to hear of a message, if anything; an error ends the stream.
  Result<std::optional<MediaEvent>> on_message(MediaMessageIn message);
  Status on_start(const MediaMessageIn& message, const StartMessage& start);
  Status on_bad(const std::string& why);
  void count_gap(std::int64_t sequence);
  Awaitable<Status> send(std::string message);
  Awaitable<Status> send_pcm(audio::PcmView samples);

  std::unique_ptr<net::WebSocket> socket_;
  const ExotelConfig& config_;
  MediaCounters& counters_;
  Log& log_;
  std::optional<MediaMessageWriter> writer_;  // once started
  std::string call_sid_;
  std::optional<audio::Resampler> down_;  // only for lines that are not 8 kHz
  std::optional<audio::Resampler> up_;
  audio::Pcm held_back_;  // upsampled, not yet a whole frame
  std::optional<std::int64_t> last_sequence_;
  int bad_in_a_row_ = 0;
  bool ended_ = false;
};

}  // namespace callramp::exotel
