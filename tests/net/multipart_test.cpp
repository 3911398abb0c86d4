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
