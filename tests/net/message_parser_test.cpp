#include "net/message_parser.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using net::MessageParser;

namespace {

struct Parsed {
  bool done = false;
  bool faulty = false;
  std::string body;
  std::string left;
};

// Feeds `step` bytes at a time; what was not used comes again with more behind it.
Parsed parse(std::string_view text, MessageParser::Kind kind, std::size_t step) {
  MessageParser parser;
  parser.start(kind, 4096);
  Parsed parsed;
  for (std::size_t at = 0; at < text.size(); at += step) {
    parsed.left += text.substr(at, step);
    for (std::size_t used = 1; used > 0 && !parsed.left.empty() && !parser.done() && !parsed.faulty;) {
      MessageParser::Fault fault = MessageParser::Fault::none;
      used = parser.put(parsed.left, fault);
      parsed.left.erase(0, used);
      parsed.faulty = fault != MessageParser::Fault::none;
    }
  }
  parsed.done = parser.done();
  if (parser.head_done()) parsed.body = parser.take_body();
  return parsed;
}

}  // namespace

TEST_CASE("a message is whole however few bytes come at a time") {
  struct Row {
    std::string text;
    std::string body;
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: t\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const Row rows[] = {
      {head + "\r\n", ""},
      {head + "Content-Length: 3\r\n\r\nabc", "abc"},
      {chunked + "0\r\n\r\n", ""},
      {chunked + "0\r\nTrailer: t\r\n\r\n", ""},
      {chunked + "00;x=y\r\n\r\n", ""},
      {chunked + "1\r\na\r\n0\r\n\r\n", "a"},
      {chunked + "3;x=\"y\"\r\n0\r\n\r\n0\r\nTrailer: t\r\n\r\n", "0\r\n"},
  };
  for (const auto& row : rows)
    for (std::size_t step = 1; step <= row.text.size(); ++step) {
      CAPTURE(row.text);
      CAPTURE(step);
      const auto parsed = parse(row.text + "next", MessageParser::Kind::request, step);
      CHECK(parsed.done);
      CHECK_FALSE(parsed.faulty);
      CHECK(parsed.body == row.body);
      CHECK(parsed.left == "next");
    }
}

TEST_CASE("trailers are limited like headers and never become any") {
  MessageParser parser;
  parser.start(MessageParser::Kind::request, 200);
  MessageParser::Fault fault = MessageParser::Fault::none;
  const std::string head = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  parser.put(head + "0\r\nAuthorization: forged\r\n\r\n", fault);
  CHECK(parser.done());
  CHECK_FALSE(parser.head().headers.find("Authorization").has_value());
  parser.start(MessageParser::Kind::request, 200);
  parser.put(head + "0\r\nX: " + std::string(300, 'x') + "\r\n\r\n", fault);
  CHECK(fault == MessageParser::Fault::head_too_large);
}
