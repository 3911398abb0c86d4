#include "net/sse.hpp"

#include <algorithm>
#include <utility>

namespace callramp::net {
namespace {

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) out.push_back(c == '\r' || c == '\n' ? ' ' : c);
  out.push_back('\n');
}

}  // namespace

std::string format_sse(const SseEvent& event) {
  std::string out;
  if (!event.event.empty()) append_line(out, "event", event.event);
  if (!event.id.empty()) append_line(out, "id", event.id);
  std::string_view rest = event.data;
  for (;;) {
    const auto end = rest.find_first_of("\r\n");
    append_line(out, "data", rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out.push_back('\n');
  return out;
}

Result<std::vector<SseEvent>> SseParser::feed(std::string_view chunk) {
  std::vector<SseEvent> events;
  while (!chunk.empty()) {
    // The second half of a CR LF that ended the line before.
    if (std::exchange(after_cr_, false) && chunk.front() == '\n') {
      chunk.remove_prefix(1);
      continue;
    }
    const auto end = std::min(chunk.find_first_of("\r\n"), chunk.size());
    if (line_.size() + event_.data.size() + end > max_event_bytes_)
      return fail(
          ErrorCode::payload_too_large,
          "a server-sent event is longer than " + std::to_string(max_event_bytes_) + " bytes; the stream is given up");
    line_.append(chunk.substr(0, end));
    if (end == chunk.size()) break;
    after_cr_ = chunk[end] == '\r';
    chunk.remove_prefix(end + 1);
    take_line(events);
  }
  return events;
}

// The rules are those of the HTML standard, "Interpreting an event stream".
void SseParser::take_line(std::vector<SseEvent>& events) {
  std::string_view line = line_;
  if (std::exchange(first_line_, false) && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  if (line.empty()) {
    if (has_data_) events.push_back(std::move(event_));
    event_ = {};
    has_data_ = false;
  } else {
    const auto colon = std::min(line.find(':'), line.size());
    const auto name = line.substr(0, colon);
    auto value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      if (has_data_) event_.data.push_back('\n');
      event_.data.append(value);
      has_data_ = true;
    } else if (name == "event") {
      event_.event = value;
    } else if (name == "id" && value.find('\0') == std::string_view::npos) {
      event_.id = value;
    }
  }
  line_.clear();
}

}  // namespace callramp::net
