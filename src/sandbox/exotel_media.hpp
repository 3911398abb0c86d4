// Exotel's media socket without the socket: what the carrier writes, and how it reads what the agent sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/pcm.hpp"
#include "base/time.hpp"
#include "sandbox/media_protocol.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox::exotel {

struct StreamIdentity {
  std::string stream_sid;
  std::string call_sid;
  std::string account;
  std::string from;  ///< the customer, E.164
  std::string to;    ///< the caller id, E.164
  std::vector<std::pair<std::string, std::string>> custom_parameters;
  int sample_rate_hz = 8000;
};

/// Writes the carrier's messages of one stream and numbers them from 1; in the world's habits of keys and numbers.
class MediaWriter final : public MediaProtocol {
 public:
  MediaWriter(StreamIdentity identity, const ExotelHabits& habits);

  std::string connected() override;
  std::string start() override;
  /// The timestamp is the end of the chunk in milliseconds since the start.
  std::string media_text(std::string_view payload, std::size_t samples) override;
  std::string bytes_of(audio::PcmView chunk) const override { return audio::to_bytes(chunk); }
  std::string dtmf(char digit) override;
  std::string mark(std::string_view name) override;
  std::string stop() override { return stop("callended"); }
  std::string stop(std::string_view reason);
  AgentMessage parse(std::string_view text) const override;
  int sample_rate_hz() const override { return identity_.sample_rate_hz; }

 private:
  std::string number(std::uint64_t value) const;
  std::string head(std::string_view event);
  std::string_view key(std::string_view snake, std::string_view camel) const;

  StreamIdentity identity_;
  bool strings_;
  bool camel_;
  std::string encoding_;
  std::string bit_rate_;
  std::uint64_t sequence_ = 0;
  std::uint64_t chunk_ = 0;
  std::uint64_t samples_ = 0;
};

/// Audio whose length is no multiple of 320 is played all the same.
AgentMessage parse_agent_message(std::string_view text, std::string_view stream_sid);

}  // namespace callramp::sandbox::exotel
