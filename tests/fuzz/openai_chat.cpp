// OpenAI's chat stream: the same reply wherever it is cut, within its limit, and with one end at most.
#include <cstdint>

#include "adapters/openai/wire.hpp"
#include "base/ensure.hpp"
#include "net/sse.hpp"

using namespace callramp;

namespace {

struct Reply {
  std::string text;
  int tools = 0;
  int ends = 0;
  bool broken = false;
  bool operator==(const Reply&) const = default;
};

Reply read(std::string_view body, std::size_t step, const openai::OpenAiConfig& config) {
  net::SseParser events(config.max_event_bytes);
  openai::ChatStreamParser parser(config);
  Reply reply;
  const auto take = [&](const Result<std::vector<ReplyEvent>>& parsed) {
    reply.broken = !parsed;
    if (!parsed) return;
    for (const ReplyEvent& event : *parsed) {
      ENSURE(reply.ends == 0, "nothing comes after the end");
      if (const auto* text = std::get_if<ReplyText>(&event)) reply.text += text->delta;
      reply.tools += std::holds_alternative<ReplyToolCall>(event) ? 1 : 0;
      reply.ends += std::holds_alternative<ReplyDone>(event) ? 1 : 0;
    }
  };
  for (std::size_t at = 0; at < body.size(); at += step) {
    const auto fed = events.feed(body.substr(at, step));
    if (!fed) {
      reply.broken = true;
      return reply;
    }
    for (const auto& event : *fed) {
      take(parser.feed(event.data));
      if (reply.broken) return reply;
    }
  }
  take(parser.end());
  return reply;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  openai::OpenAiConfig config;
  config.max_reply_bytes = 2000;
  const Reply whole = read(text, size + 1, config);
  ENSURE(whole.ends == (whole.broken ? 0 : 1), "a reply ends or breaks");
  ENSURE(whole.text.size() <= config.max_reply_bytes, "a reply has a limit");
  ENSURE(whole.tools <= config.max_tool_calls, "tools have a limit");
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 7;
  ENSURE(read(text, step, config) == whole, "a cut changes nothing");
  ENSURE(openai::parse_refusal(429, {}, text).message.size() < 700, "a refusal's words are short");
  return 0;
}
