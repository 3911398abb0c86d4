#include "adapters/common/json_read.hpp"

#include <doctest/doctest.h>

#include "adapters/common/speech_body.hpp"

using namespace callramp;
using namespace callramp::adapters;

TEST_CASE("a key is found in every case and with or without underscores") {
  for (const char* spelling : {"stream_sid", "streamSid", "StreamSid", "STREAM_SID", "streamsid"}) {
    const json::value object = json::object{{"other", 1}, {spelling, "MZ"}};
    CHECK(text(object, "stream_sid") == "MZ");
    CHECK(text(object, "StreamSid") == "MZ");
  }
  CHECK_FALSE(text(json::object{{"stream_sids", "MZ"}}, "stream_sid"));
  CHECK_FALSE(text(json::object{{"stream_sid", nullptr}}, "stream_sid"));
  CHECK_FALSE(text(json::array{}, "stream_sid"));
  CHECK_FALSE(text(json::value(3), "stream_sid"));
}

TEST_CASE("numbers are read from numbers and from text, and from nothing else") {
  struct Row {
    json::value value;
    std::optional<std::int64_t> expected;
  };
  const Row rows[] = {{8000, 8000},
                      {"8000", 8000},
                      {" 8000 ", 8000},
                      {-1, -1},
                      {"-1", -1},
                      {2.9, 2},
                      {"2.9", 2},
                      {"", {}},
                      {"12a", {}},
                      {"a", {}},
                      {true, {}},
                      {nullptr, {}},
                      {json::array{1}, {}},
                      {1e300, {}},
                      {"1e300", {}},
                      {"nan", {}},
                      {"inf", {}},
                      {9223372036854775807, 9223372036854775807},
                      {18446744073709551615ULL, {}}};
  for (const Row& row : rows) {
    CAPTURE(json::serialize(row.value));
    CHECK(integer(json::object{{"n", row.value}}, "n") == row.expected);
  }
  CHECK(number(json::object{{"n", "0.5"}}, "n") == 0.5);
}

TEST_CASE("true is written in many ways") {
  for (const json::value& yes :
       {json::value(true), json::value("true"), json::value("True"), json::value(1), json::value("1")})
    CHECK(boolean(json::object{{"b", yes}}, "b") == true);
  for (const json::value& no : {json::value(false), json::value("false"), json::value(0)})
    CHECK(boolean(json::object{{"b", no}}, "b") == false);
  for (const json::value& neither :
       {json::value("maybe"), json::value(2), json::value(json::object{}), json::value(nullptr)})
    CHECK_FALSE(boolean(json::object{{"b", neither}}, "b"));
}

TEST_CASE("what is no JSON is refused with its name") {
  const auto refused = parse_json("{\"a\":", "the answer");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.starts_with("the answer is no JSON"));
  CHECK_FALSE(parse_json(std::string(100, '['), "x"));
  CHECK_FALSE(parse_json("", "x"));
}

TEST_CASE("an excerpt is short, printable and cut between characters") {
  CHECK(excerpt("a\nb\x01"
                "c") == "a b c");
  CHECK(excerpt("नमस्ते", 4) == "न");
  CHECK(excerpt("", 10).empty());
}

TEST_CASE("characters are counted as people see code points") {
  CHECK(count_characters("hello") == 5);
  CHECK(count_characters("नमस्ते") == 6);
  CHECK(count_characters("") == 0);
}

TEST_CASE("numbers become text as a price is written") {
  struct Row {
    json::value value;
    std::optional<std::string> expected;
  };
  for (const Row& row : {Row{0.5, "0.5"}, Row{1.5, "1.5"}, Row{0.0, "0"}, Row{0.000001, "0.000001"}, Row{12, "12"},
                         Row{1e300, {}}, Row{5e-320, {}}}) {
    CAPTURE(json::serialize(row.value));
    CHECK(text(json::object{{"n", row.value}}, "n") == row.expected);
  }
}
