// MediaSocket: a carrier's media WebSocket as messages. It counts what is missing, forgives what cannot be understood
// as long as something can, and refuses to pile up audio for a peer that does not read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "adapters/common/media_messages.hpp"
#include "base/log.hpp"
#include "net/web_socket.hpp"
#include "ports/metrics.hpp"

namespace callramp::adapters {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

/// Counted over all streams of one carrier.
struct MediaCounters {
  MediaCounters(Metrics& metrics, const std::string& provider);
  Counter& bad_messages;
  Counter& sequence_gaps;
};

struct MediaLimits {
  std::size_t sample_bytes = 2;
  std::size_t max_unsent_bytes = 1024 * 1024;  ///< a peer that has not read this much is dead
  int max_bad_messages = 50;  ///< in a row; then the stream ends, because nobody sane is at the other end
};

class MediaSocket {
 public:
  MediaSocket(std::unique_ptr<net::WebSocket> socket, MediaLimits limits, MediaCounters& counters, Log& log);

  /// The next message that makes sense; nothing at the end.
  Awaitable<Result<std::optional<MediaMessageIn>>> receive();
  /// What could be read and means nothing here; an error ends the stream.
  Status skip(const std::string& why);
  Awaitable<Status> send(std::string message);
  Awaitable<void> hang_up();
  std::size_t unsent_bytes() const { return socket_->unsent_bytes(); }

  /// For the log.
  void belongs_to(std::string call_sid) { call_sid_ = std::move(call_sid); }
  const std::string& call_sid() const noexcept { return call_sid_; }
  void end() noexcept { ended_ = true; }

 private:
  void count_gap(std::int64_t sequence);

  std::unique_ptr<net::WebSocket> socket_;
  MediaLimits limits_;
  MediaCounters& counters_;
  Log& log_;
  std::string call_sid_;
  std::optional<std::int64_t> last_sequence_;
  int bad_in_a_row_ = 0;
  bool ended_ = false;
};

}  // namespace callramp::adapters
