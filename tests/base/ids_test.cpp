#include "base/ids.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <unordered_set>

namespace callramp {
namespace {

TEST_CASE("a new id is 26 characters of Crockford's base 32") {
  SeededRandom random(1);
  const auto text = make_ulid(from_micros(1'795'512'600'000'000), random);
  CHECK(text.size() == 26);
  CHECK(text.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz") == std::string::npos);
}

TEST_CASE("the time of an id is its first ten characters") {
  SeededRandom random(1);
  // 1469918176385 ms and its encoding: the example of the ULID specification.
  CHECK(make_ulid(from_micros(1'469'918'176'385'000), random).substr(0, 10) == "01aryz6s41");
  CHECK(make_ulid(from_micros(0), random).substr(0, 10) == "0000000000");
  CHECK(make_ulid(from_micros(999), random).substr(0, 10) == "0000000000");
  CHECK(make_ulid(from_micros(31'000), random).substr(0, 10) == "000000000z");
  CHECK(make_ulid(from_micros(32'000), random).substr(0, 10) == "0000000010");
}

TEST_CASE("ids of a later millisecond sort later") {
  SeededRandom random(7);
  std::string before;
  for (std::int64_t at = 0; at < 4'000'000'000'000'000; at += 3'999'999'999'983) {
    const auto id = make_ulid(from_micros(at), random);
    REQUIRE(before < id);
    before = id;
  }
}

TEST_CASE("ids of one instant differ") {
  SystemRandom random;
  std::unordered_set<CallId> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(make_id<CallId>(from_micros(0), random));
  CHECK(seen.size() == 10'000);
}

TEST_CASE("one seed gives the same ids again") {
  SeededRandom one(42);
  SeededRandom other(42);
  CHECK(make_ulid(from_micros(5'000), one) == make_ulid(from_micros(5'000), other));
}

TEST_CASE("an id of one kind is none of another") {
  CHECK_FALSE(std::is_convertible_v<CallId, AttemptId>);
  CHECK_FALSE(std::is_constructible_v<AttemptId, CallId>);
  CHECK_FALSE(std::is_convertible_v<std::string, CallId>);
  CHECK(CallId{}.empty());
  CHECK(CallId{"a"} < CallId{"b"});
  CHECK(CallId{"a"} == CallId{std::string("a")});
}

}  // namespace
}  // namespace callramp
