#include "base/time.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace callramp {
namespace {

// 2026-11-24T09:30:00Z, from `date -u -d 2026-11-24T09:30:00Z +%s`.
constexpr std::int64_t half_past_nine = 1'795'512'600'000'000;

TEST_CASE("what ISO-8601 and RFC 3339 write is read") {
  struct Row {
    std::string text;
    std::int64_t micros;
  };
  for (const Row& row : std::vector<Row>{{"1970-01-01T00:00:00Z", 0},
                                         {"2026-11-24T09:30:00Z", half_past_nine},
                                         {"2026-11-24T09:30Z", half_past_nine},
                                         {"2026-11-24t09:30:00z", half_past_nine},
                                         {"2026-11-24 09:30:00Z", half_past_nine},
                                         {"2026-11-24T15:00:00+05:30", half_past_nine},
                                         {"2026-11-24T15:00:00+0530", half_past_nine},
                                         {"2026-11-24T04:30:00-05:00", half_past_nine},
                                         {"2026-11-25T09:15:00+23:45", half_past_nine},
                                         {"2026-11-24T09:30:00.5Z", half_past_nine + 500'000},
                                         {"2026-11-24T09:30:00.000001Z", half_past_nine + 1},
                                         {"2026-11-24T09:30:00.123456789Z", half_past_nine + 123'456},
                                         {"2026-11-24T09:29:60Z", half_past_nine},  // a leap second is the next second
                                         {"2024-02-29T00:00:00Z", 1'709'164'800'000'000},
                                         {"2000-02-29T00:00:00Z", 951'782'400'000'000},
                                         {"1969-12-31T23:59:59.999Z", -1'000},
                                         {"0000-01-01T00:00:00Z", -62'167'219'200'000'000},
                                         {"9999-12-31T23:59:59Z", 253'402'300'799'000'000}}) {
    CAPTURE(row.text);
    const auto at = parse_iso(row.text);
    REQUIRE(at);
    CHECK(to_micros(*at) == row.micros);
  }
}

TEST_CASE("a time that is malformed or has no zone is refused and quoted") {
  for (const std::string text : {"",
                                 "now",
                                 "2026-11-24",
                                 "2026-11-24T09:30:00",
                                 "2026-11-24T09:30",
                                 "2026-11-24T09Z",
                                 "2026-11-24T9:30Z",
                                 "2026-11-24T24:00:00Z",
                                 "2026-11-24T09:60:00Z",
                                 "2026-11-24T09:30:61Z",
                                 "2026-13-01T00:00:00Z",
                                 "2026-00-10T00:00:00Z",
                                 "2026-11-31T00:00:00Z",
                                 "2025-02-29T00:00:00Z",
                                 "1900-02-29T00:00:00Z",
                                 "2026-11-24T09:30:00.Z",
                                 "2026-11-24T09:30:00,5Z",
                                 "2026-11-24T09:30:00+",
                                 "2026-11-24T09:30:00+05",
                                 "2026-11-24T09:30:00+24:00",
                                 "2026-11-24T09:30:00+05:60",
                                 "2026-11-24T09:30:00Z ",
                                 " 2026-11-24T09:30:00Z",
                                 "2026-11-24T09:30:00ZZ",
                                 "2026-11-24_09:30:00Z",
                                 "20261124T093000Z",
                                 "2026-11-24T09:30:00 IST",
                                 "-2026-11-24T09:30:00Z",
                                 "1795512600",
                                 "2026-11-24T-9:30:00Z",
                                 "12026-11-24T09:30:00Z"}) {
    CAPTURE(text);
    const auto at = parse_iso(text);
    REQUIRE_FALSE(at);
    CHECK(at.error().code == ErrorCode::invalid_request);
    CHECK(at.error().message.find("'" + text + "'") != std::string::npos);
  }
  CHECK(parse_iso(std::string(1'000'000, '2')).error().message.size() < 200);
  CHECK_FALSE(parse_iso("2026-11-24T09:30:00." + std::string(1'000'000, '1')));
}

TEST_CASE("an instant is written in UTC to the millisecond below it") {
  struct Row {
    std::int64_t micros;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{0, "1970-01-01T00:00:00.000Z"},
                                         {half_past_nine, "2026-11-24T09:30:00.000Z"},
                                         {half_past_nine + 123'999, "2026-11-24T09:30:00.123Z"},
                                         {-1, "1969-12-31T23:59:59.999Z"},
                                         {1'709'251'199'999'999, "2024-02-29T23:59:59.999Z"}}) {
    CAPTURE(row.micros);
    CHECK(to_iso(from_micros(row.micros)) == row.text);
  }
}

TEST_CASE("what is written reads back to the millisecond") {
  for (std::int64_t micros = -3'000'000'000'000'000; micros < 4'000'000'000'000'000; micros += 7'777'777'777'777) {
    const auto again = parse_iso(to_iso(from_micros(micros)));
    REQUIRE(again);
    REQUIRE(*again == std::chrono::floor<milliseconds>(from_micros(micros)));
  }
}

TEST_CASE("a duration in words has two units at most") {
  struct Row {
    Duration span;
    std::string words;
  };
  for (const Row& row : std::vector<Row>{{Duration{0}, "0 ms"},
                                         {Duration{999}, "0 ms"},
                                         {milliseconds{350}, "350 ms"},
                                         {milliseconds{999}, "999 ms"},
                                         {seconds{1}, "1.0 s"},
                                         {seconds{8}, "8.0 s"},
                                         {milliseconds{8'250}, "8.2 s"},
                                         {milliseconds{59'990}, "59.9 s"},
                                         {minutes{1}, "1 min 0 s"},
                                         {seconds{3'599}, "59 min 59 s"},
                                         {hours{2} + minutes{10} + seconds{59}, "2 h 10 min"},
                                         {hours{47} + minutes{59}, "47 h 59 min"},
                                         {hours{48}, "2 d 0 h"},
                                         {hours{24 * 35 + 7}, "35 d 7 h"},
                                         {-milliseconds{350}, "-350 ms"},
                                         {-minutes{90}, "-1 h 30 min"}}) {
    CAPTURE(row.words);
    CHECK(to_words(row.span) == row.words);
  }
}

}  // namespace
}  // namespace callramp
