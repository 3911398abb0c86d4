#include "voice/text.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace callramp::voice;

TEST_CASE("what can be spoken has a letter or a digit of some script") {
  for (const char* text : {"a", " 7 ", "नमस्ते", "…é", "(ok)", "你"}) {
    CAPTURE(std::string(text));
    CHECK(is_speakable(text));
  }
  for (const char* text : {"", "  \n", "...", "—", "।", "“”", "?!", "…", "***"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(is_speakable(text));
  }
}

TEST_CASE("words and letters are counted in any script and in broken UTF-8") {
  CHECK(code_points("haan") == 4);
  CHECK(code_points("हाँ") == 3);
  CHECK(code_points("\x80\x80") == 0);
  CHECK(words_of("  Hello,\n how   are you? ") == std::vector<std::string_view>{"Hello,", "how", "are", "you?"});
  CHECK(words_of(" \t ").empty());
  CHECK(trimmed(" a b ") == "a b");
  CHECK(trimmed("  ").empty());
}

TEST_CASE("a prefix never ends inside a letter") {
  CHECK(prefix("abc", 10) == "abc");
  CHECK(prefix("abc", 2) == "ab");
  CHECK(prefix("aहb", 2) == "a");
  CHECK(prefix("aहb", 4) == "aह");
  CHECK(prefix("ह", 0).empty());
}
