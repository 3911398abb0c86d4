#include "net/multipart.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using namespace callramp::net;

TEST_CASE("a multipart form survives writing and reading") {
  const FormFields fields = {{"Status", "completed"}, {"Legs[0][Status]", ""}, {"a\"b", "line\r\n--x\r\nline"}};
  const std::string body = format_multipart(fields, "xyz");
  const auto read = parse_multipart("Multipart/Form-Data; charset=utf-8; boundary=\"xyz\"", body);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 3);
  CHECK((*read)[0] == fields[0]);
  CHECK((*read)[1] == fields[1]);
  CHECK((*read)[2].second == fields[2].second);
}

TEST_CASE("other writers of multipart forms are understood") {
  const auto read = parse_multipart("multipart/form-data;boundary=b",
                                    "preamble\r\n--b\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; "
                                    "filename=\"f.txt\"; name=file\r\n\r\ndata\r\n--b--\r\nepilogue");
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 1);
  CHECK((*read)[0] == std::pair<std::string, std::string>{"file", "data"});
  const auto empty = parse_multipart("multipart/form-data; boundary=b", "--b--\r\n");
  REQUIRE(empty.has_value());
  CHECK(empty->empty());
}

TEST_CASE("a broken multipart form is refused") {
  const char* whole = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--";
  REQUIRE(parse_multipart("multipart/form-data; boundary=b", whole).has_value());
  const std::string text(whole);
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(parse_multipart("multipart/form-data; boundary=b", text.substr(0, length)).has_value());
  }
  CHECK_FALSE(parse_multipart("multipart/form-data; boundary=b", "--b\r\nX: y\r\n\r\n1\r\n--b--").has_value());
  CHECK_FALSE(parse_multipart("multipart/form-data; boundary=b", "--b\r\n\r\n1\r\n--b--").has_value());
  CHECK_FALSE(parse_multipart("multipart/form-data", whole).has_value());
  CHECK_FALSE(parse_multipart("multipart/form-data; boundary=" + std::string(71, 'b'), whole).has_value());
  CHECK(parse_multipart("text/plain; boundary=b", whole).error().code == ErrorCode::unsupported_media_type);
}

TEST_CASE("a form is read by its content type") {
  const auto read = parse_form("application/x-www-form-urlencoded; charset=UTF-8", "a=1&b%5B%5D=x+y");
  REQUIRE(read.has_value());
  CHECK((*read)[1] == std::pair<std::string, std::string>{"b[]", "x y"});
  CHECK(parse_form("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--")
            .has_value());
  CHECK(parse_form("application/json", "{}").error().code == ErrorCode::unsupported_media_type);
}

TEST_CASE("a multipart body says the same wherever it is cut") {
  const std::string body =
      "preamble\r\n--b \r\nContent-Disposition: form-data; name=\"file\"; filename=\"a "
      "b.csv\"\r\n\r\nphone\r\n--\r\n--x"
      "\r\n--b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b\r\nContent-Disposition: form-data; "
      "name=region\r\n\r\nIN\r\n--b--\r\nepilogue --b";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    MultipartParser parser("b");
    std::string told;
    for (std::size_t at = 0; at < body.size(); at += step) {
      const auto events = parser.feed(std::string_view(body).substr(at, step));
      REQUIRE(events.has_value());
      for (const MultipartEvent& event : *events) {
        if (event.kind == MultipartEvent::Kind::part) told += "[" + event.name + "|" + event.file_name + "]";
        if (event.kind == MultipartEvent::Kind::data) CHECK_FALSE(event.data.empty());
        told += event.data;
        if (event.kind == MultipartEvent::Kind::end) told += "$";
      }
    }
    CAPTURE(step);
    CHECK(told == "[file|a b.csv]phone\r\n--\r\n--x$[empty|]$[region|]IN$");
    CHECK(parser.finish().has_value());
  }
}

TEST_CASE("a multipart body keeps nothing of a file in memory and has no endless head") {
  MultipartParser parser("b");
  REQUIRE(parser.feed("--b\r\nContent-Disposition: form-data; name=f\r\n\r\n").has_value());
  std::size_t told = 0;
  for (int i = 0; i < 100; ++i) {
    const auto events = parser.feed(std::string(1000, 'x'));
    REQUIRE(events.has_value());
    for (const MultipartEvent& event : *events) told += event.data.size();
    CHECK(told + 10 > static_cast<std::size_t>(i + 1) * 1000);
  }
  MultipartParser endless("b");
  REQUIRE(endless.feed("--b\r\nX: ").has_value());
  bool refused = false;
  for (int i = 0; i < 100 && !refused; ++i) refused = !endless.feed(std::string(1000, 'x')).has_value();
  CHECK(refused);
}
