// Line: one open media socket of the carrier, from "connected" to "stop": the callee's chunks go out on time, the
// agent's audio goes into the playout buffer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "audio/resample.hpp"
#include "net/web_socket.hpp"
#include "sandbox/exotel.hpp"

namespace callramp::sandbox::exotel {

/// Lives inside the coroutine of its call.
class Line {
 public:
  Line(Parts parts, const Call& call, std::unique_ptr<net::WebSocket> socket, std::string stream_sid,
       LineCounts& counts);

  enum class Ended { by_agent, by_callee, by_limit, by_fault };
  /// Returns when the call is over on the wire.
  Awaitable<Ended> run();

 private:
  Awaitable<void> speak();
  Awaitable<void> hear();
  Awaitable<bool> take(net::WebSocket::Message message);
  /// False once the socket is broken.
  Awaitable<bool> send(std::string text);
  Awaitable<bool> send_marks(Instant now);
  Awaitable<bool> tick(Instant due);
  Awaitable<bool> send_chunk(audio::PcmView chunk);
  std::string spoilt_media(audio::PcmView chunk);
  Awaitable<void> hang_up(Ended how);
  void add_counts();

  Parts parts_;
  const Call& call_;
  std::unique_ptr<net::WebSocket> socket_;
  std::string stream_sid_;
  LineCounts& counts_;
  Duration chunk_;
  bool marks_after_clear_;
  SeededRandom random_;
  MediaWriter writer_;
  Playout playout_;
  CalleeActor actor_;
  std::optional<audio::Resampler> resampler_;
  std::optional<Fault> spoils_;  // bad_json, bad_base64 or odd_bytes: every tenth message
  std::uint64_t sent_ = 0;
  bool mute_ = false;
  std::optional<Instant> drops_at_;
  std::optional<Ended> ended_;
};

}  // namespace callramp::sandbox::exotel
