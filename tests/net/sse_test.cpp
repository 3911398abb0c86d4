#include "net/sse.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using net::SseEvent;
using net::SseParser;

namespace {

std::vector<SseEvent> parse(std::string_view text, std::size_t step) {
  SseParser parser;
  std::vector<SseEvent> all;
  for (std::size_t at = 0; at < text.size(); at += step) {
    auto events = parser.feed(text.substr(at, step));
    REQUIRE(events.has_value());
    for (auto& event : *events) all.push_back(std::move(event));
  }
  return all;
}

}  // namespace

TEST_CASE("events come out the same wherever the stream is cut") {
  const std::string_view stream =
      "\xef\xbb\xbf"
      "data: one\r\n\r\n: a comment\r\nevent: done\nid: 7\ndata: \xe0\xa4\xa8\rdata:two\r\r\n"
      "data\n\nretry: 10\nunknown: x\n\ndata:  space\n\ndata: unfinished";
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    CAPTURE(step);
    const auto events = parse(stream, step);
    REQUIRE(events.size() == 4);
    CHECK(events[0].data == "one");
    CHECK(events[0].event.empty());
    CHECK(events[1].data == "\xe0\xa4\xa8\ntwo");
    CHECK(events[1].event == "done");
    CHECK(events[1].id == "7");
    CHECK(events[2].data.empty());
    CHECK(events[2].id.empty());
    CHECK(events[3].data == " space");
  }
}

TEST_CASE("what is formatted parses back") {
  const SseEvent rows[] = {{.event = "call", .data = "{\"a\":1}", .id = "12"},
                           {.event = "", .data = "two\nlines\n", .id = ""},
                           {.event = "empty", .data = "", .id = ""}};
  for (const auto& row : rows) {
    const auto events = parse(net::format_sse(row), 3);
    REQUIRE(events.size() == 1);
    CHECK(events[0].event == row.event);
    CHECK(events[0].data == row.data);
    CHECK(events[0].id == row.id);
  }
}

TEST_CASE("a newline in an event name cannot forge a field") {
  const auto events =
      parse(net::format_sse({.event = "a\ndata: forged\n\n", .data = "real\rline", .id = "1\r\nid: 2"}), 100);
  REQUIRE(events.size() == 1);
  CHECK(events[0].data == "real\nline");
  CHECK(events[0].id == "1  id: 2");
}

TEST_CASE("an event without end is given up at the limit") {
  SseParser one_line(100);
  CHECK(one_line.feed("data: " + std::string(90, 'x')).has_value());
  const auto refused = one_line.feed(std::string(10, 'x'));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::payload_too_large);

  SseParser many_lines(100);
  bool failed = false;
  for (int i = 0; i < 50 && !failed; ++i) failed = !many_lines.feed("data: 123456\n").has_value();
  CHECK(failed);
}
