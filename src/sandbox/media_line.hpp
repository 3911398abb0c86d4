// MediaLine: one open media socket of a carrier, from "connected" to "stop": the callee's chunks go out on time, the
// agent's audio goes into the playout buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "audio/resample.hpp"
#include "net/web_socket.hpp"
#include "sandbox/callee.hpp"
#include "sandbox/media_protocol.hpp"
#include "sandbox/parts.hpp"
#include "sandbox/playout.hpp"

namespace callramp::sandbox {

/// Figures of a carrier's media sockets so far.
struct LineCounts {
  std::uint64_t opened = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t dropped_by_fault = 0;
  std::uint64_t messages_received = 0;
  std::map<std::string, std::uint64_t, std::less<>> violations;  ///< by rule
  Playout::Counts playout;
  Duration
      latest_tick{};  ///< how late the stand-in itself was at worst; above 50 ms the machine was too busy to measure
};

/// What the line is told of its call.
struct LineCall {
  std::string door;  ///< of its faults: "exotel.media"
  std::string call_sid;
  std::string attempt;  ///< for the stamps
  Instant answered{};
  Duration time_limit{};
  std::uint64_t seed = 0;
  Duration chunk = milliseconds{100};
  bool marks_after_clear = false;
  Script script;
};

/// Lives inside the coroutine of its call.
class MediaLine {
 public:
  MediaLine(Parts parts, LineCall call, std::unique_ptr<MediaProtocol> protocol, std::unique_ptr<net::WebSocket> socket,
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
  LineCall call_;
  std::unique_ptr<MediaProtocol> protocol_;
  std::unique_ptr<net::WebSocket> socket_;
  LineCounts& counts_;
  SeededRandom random_;
  Playout playout_;
  CalleeActor actor_;
  std::optional<audio::Resampler> resampler_;
  std::optional<Fault> spoils_;  // bad_json, bad_base64 or odd_bytes: every tenth message
  std::uint64_t sent_ = 0;
  bool mute_ = false;
  std::optional<Instant> drops_at_;
  std::optional<Ended> ended_;
};

}  // namespace callramp::sandbox
