// Server-sent events: the same events come out wherever the stream is cut, and what is formatted parses back.
#include <cstdint>

#include "base/ensure.hpp"
#include "net/sse.hpp"

using namespace callramp;

namespace {

bool same(const net::SseEvent& a, const net::SseEvent& b) {
  return a.event == b.event && a.data == b.data && a.id == b.id;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t limit = 1 << 20;
  net::SseParser whole(limit);
  const auto at_once = whole.feed(text);
  ENSURE(at_once.has_value() || size > limit, "short events are accepted");
  if (!at_once) return 0;

  net::SseParser pieces(limit);
  std::vector<net::SseEvent> cut;
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 7;
  for (std::size_t at = 0; at < size; at += step) {
    const auto events = pieces.feed(text.substr(at, step));
    ENSURE(events.has_value(), "a cut changes no verdict");
    cut.insert(cut.end(), events->begin(), events->end());
  }
  ENSURE(cut.size() == at_once->size(), "a cut changes no event");
  for (std::size_t i = 0; i < cut.size(); ++i) {
    ENSURE(same(cut[i], (*at_once)[i]), "a cut changes no event");
    net::SseParser fresh(2 * limit);
    const auto back = fresh.feed(net::format_sse(cut[i]));
    ENSURE(back && back->size() == 1, "one event is formatted as one event");
  }
  return 0;
}
