// HTTP messages: a request or response means the same wherever the stream is cut, and no input makes the parser hang.
#include <algorithm>
#include <cstdint>

#include "base/ensure.hpp"
#include "net/message_parser.hpp"

using namespace callramp;
using net::MessageParser;

namespace {

struct Outcome {
  bool faulty = false;
  bool head_done = false;
  bool done = false;
  std::string method, target, fields, body;
  bool operator==(const Outcome&) const = default;
};

// Feeds the parser as MessageStream does: what was not used comes again with more behind it.
Outcome parse(std::string_view text, MessageParser::Kind kind, std::size_t step) {
  MessageParser parser;
  parser.start(kind, 4096);
  Outcome outcome;
  std::string waiting;
  for (std::size_t at = 0; at < text.size() && !parser.done() && !outcome.faulty; at += step) {
    waiting += text.substr(at, step);
    for (std::size_t used = 1; used > 0 && !waiting.empty() && !parser.done() && !outcome.faulty;) {
      MessageParser::Fault fault = MessageParser::Fault::none;
      used = parser.put(waiting, fault);
      ENSURE(used <= waiting.size(), "a parser uses what it was given");
      waiting.erase(0, used);
      outcome.faulty = fault != MessageParser::Fault::none;
      if (parser.head_done()) outcome.body += parser.take_body();
    }
  }
  outcome.head_done = parser.head_done();
  outcome.done = parser.done();
  if (outcome.head_done && !outcome.faulty) {
    outcome.method = parser.head().method;
    outcome.target = parser.head().target;
    for (const auto& [name, value] : parser.head().headers) outcome.fields += name + ":" + value + "\n";
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 3000) return 0;  // below the header limit, which may be met sooner or later by a cut
  const auto kind = data[0] % 2 == 0 ? MessageParser::Kind::request : MessageParser::Kind::response;
  const std::size_t step = 1 + data[1] % 50;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = parse(text, kind, text.size() + 1);
  const auto cut = parse(text, kind, step);
  // Where the end of a head is still missing, the one that got it in pieces may not have looked at it yet.
  if (whole.faulty || cut.faulty)
    ENSURE(!whole.done && !cut.done, "what one calls malformed the other does not call complete");
  else
    ENSURE(whole == cut, "a cut changes no message");
  return 0;
}
