#include "base/base64.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace callramp;

TEST_CASE("base 64 matches the vectors of RFC 4648 both ways") {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    CHECK(base64_encode(bytes) == text);
    const auto decoded = base64_decode(text);
    REQUIRE(decoded.has_value());
    CHECK(*decoded == bytes);
  }
}

TEST_CASE("base 64 without padding decodes") {
  CHECK(base64_decode("Zg").value() == "f");
  CHECK(base64_decode("Zm8").value() == "fo");
}

TEST_CASE("base 64 keeps every byte value and every length") {
  SeededRandom random(7);
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(random.next()));
    const auto decoded = base64_decode(base64_encode(bytes));
    REQUIRE(decoded.has_value());
    CHECK(*decoded == bytes);
  }
}

TEST_CASE("base 64 that cannot be is refused") {
  for (std::string_view text :
       {"Z", "Zm9vY", "Zg=", "Z===", "====", "Zm9=v", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "\xff\xff\xff\xff"}) {
    CAPTURE(text);
    const auto decoded = base64_decode(text);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().code == ErrorCode::invalid_request);
  }
}
