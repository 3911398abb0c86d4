// Server-sent events, both ends: writing them into a streamed response, and reading them from chunks of any
// size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace callramp::net {

struct SseEvent {
  std::string event;  ///< empty means "message"
  std::string data;   ///< lines joined by '\n'
  std::string id;     ///< of this event alone: it is not carried over from an earlier one
};

/// The event's bytes, blank line included; data may contain newlines, in the other two a newline becomes a
/// space.
std::string format_sse(const SseEvent& event);

/// Fed with chunks as they arrive, cut anywhere (also inside a UTF-8 character or between CR and LF). After
/// an error the stream cannot be read on.
class SseParser {
 public:
  /// `max_event_bytes`: a longer event is an error, so that a peer cannot fill memory.
  explicit SseParser(std::size_t max_event_bytes = 1024 * 1024) : max_event_bytes_(max_event_bytes) {}
  Result<std::vector<SseEvent>> feed(std::string_view chunk);

 private:
  void take_line(std::vector<SseEvent>& events);

  std::size_t max_event_bytes_;
  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool first_line_ = true;
};

}  // namespace callramp::net
