#include "adapters/phone/lib_phone_number_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace callramp;
using callramp::phone::LibPhoneNumberDirectory;

namespace {

const LibPhoneNumberDirectory& directory() {
  static const auto made = LibPhoneNumberDirectory::create();
  REQUIRE(made);
  return **made;
}

}  // namespace

TEST_CASE("numbers as people write them become E.164") {
  struct Row {
    const char* written;
    const char* region;
    const char* expected;
  };
  const Row rows[] = {
      {"98765 43210", "IN", "+919876543210"},          {"098765-43210", "IN", "+919876543210"},
      {"+91 (98765) 43210", "US", "+919876543210"},    {"0091 9876543210", "IN", "+919876543210"},
      {"91-9876543210", "IN", "+919876543210"},        {"080 4026 4890", "IN", "+918040264890"},
      {"(415) 555-2671", "US", "+14155552671"},        {"020 7946 0018", "GB", "+442079460018"},
      {" +919876543210 ", "IN", "+919876543210"},      {"tel:+91-98765-43210", "IN", "+919876543210"},
      {"９８７６５４３２１０", "IN", "+919876543210"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.written);
    const auto number = directory().normalise(row.written, row.region);
    REQUIRE_MESSAGE(number.has_value(), (number ? "" : number.error().message));
    CHECK(number->e164() == row.expected);
  }
}

TEST_CASE("what cannot be dialled is refused with the reason and without the number") {
  struct Row {
    std::string written;
    const char* region;
    const char* reason;
  };
  const Row rows[] = {
      {"", "IN", "no number"},
      {"call me", "IN", "no number"},
      {"12345", "IN", ""},
      {"98765432101234567", "IN", "too long"},
      {"+999 12345678", "IN", ""},
      {"9876512345", "", "country code"},
      {"+91 11111 11111", "IN", ""},
      {"9876512345 ext 5", "IN", "extension"},
      {std::string(100, '9'), "IN", "too long"},
      {"=1+1", "IN", ""},
      {"\xff\xfe", "IN", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.written);
    const auto refused = directory().normalise(row.written, row.region);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_phone_number);
    CHECK(refused.error().message.find(row.reason) != std::string::npos);
    if (row.written.size() > 8) CHECK(refused.error().message.find(row.written) == std::string::npos);
  }
}

TEST_CASE("a number may be in every zone of its region") {
  const auto zones_of = [](const char* number) { return directory().zones(*PhoneNumber::parse(number)); };
  CHECK(zones_of("+919876543210") == std::vector<std::string>{"Asia/Kolkata"});
  const auto american = zones_of("+14155552671");
  for (const char* zone : {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"})
    CHECK(std::ranges::find(american, zone) != american.end());
  CHECK(zones_of("+442079460018") == std::vector<std::string>{"Europe/London"});
  // Satellites and freephone belong to no country: both ends of the world.
  CHECK(zones_of("+80012345678") == std::vector<std::string>{"Pacific/Kiritimati", "Pacific/Pago_Pago"});
  CHECK_FALSE(zones_of("+9991234567").empty());
}

TEST_CASE("the wall clock follows the zone and its summer time") {
  struct Row {
    const char* zone;
    const char* at;
    minutes time_of_day;
    int weekday;
  };
  const Row rows[] = {
      {"Asia/Kolkata", "2026-11-24T03:30:00Z", minutes{9 * 60}, 2},
      {"Asia/Kolkata", "2026-11-24T20:00:59Z", minutes{90}, 3},
      {"Europe/London", "2026-07-01T12:00:00Z", minutes{13 * 60}, 3},
      {"Europe/London", "2026-12-01T12:00:00Z", minutes{12 * 60}, 2},
      {"America/New_York", "2026-03-08T06:59:00Z", minutes{119}, 0},
      {"America/New_York", "2026-03-08T07:00:00Z", minutes{180}, 0},
      {"Pacific/Kiritimati", "2026-01-01T10:30:00Z", minutes{30}, 5},
      {"Asia/Kathmandu", "2026-01-01T00:00:00Z", minutes{5 * 60 + 45}, 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.zone);
    const auto clock = directory().local_clock(row.zone, *parse_iso(row.at));
    REQUIRE(clock);
    CHECK(clock->time_of_day == row.time_of_day);
    CHECK(clock->weekday == row.weekday);
    CHECK(clock->zone == row.zone);
  }
  for (const char* unknown : {"", "Mars/Olympus", "IST5", "../etc/passwd"})
    CHECK_FALSE(directory().local_clock(unknown, from_micros(0)));
}

TEST_CASE("every zone that a number may be in has a wall clock") {
  for (const char* number : {"+14155552671", "+5511912345678", "+79161234567", "+61412345678", "+80012345678"})
    for (const std::string& zone : directory().zones(*PhoneNumber::parse(number))) {
      CAPTURE(zone);
      CHECK(directory().local_clock(zone, from_micros(0)));
    }
}

TEST_CASE("a missing zone table is said at the start") {
  const auto missing = LibPhoneNumberDirectory::create("/nowhere/zone1970.tab");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("tzdata") != std::string::npos);
}

TEST_CASE("the wall clock's reading becomes an instant, also where a reading is skipped or comes twice") {
  struct Row {
    const char* zone;
    const char* wall;  // read as if it were UTC
    const char* instant;
    const char* back;  // what the clock shows then
  };
  const Row rows[] = {
      {"Asia/Kolkata", "2026-12-01T09:00:00Z", "2026-12-01T03:30:00Z", "2026-12-01T09:00:00Z"},
      {"Europe/Berlin", "2026-07-01T09:00:00Z", "2026-07-01T07:00:00Z", "2026-07-01T09:00:00Z"},
      {"Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},  // does not exist
      {"Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"},  // the first of two
      {"America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z", "2026-11-01T01:30:00Z"},
      {"Australia/Lord_Howe", "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z", "2026-10-04T02:30:00Z"},  // half an hour
  };
  const auto wall = [](const char* text) {
    return std::chrono::local_seconds{std::chrono::floor<seconds>(parse_iso(text).value()).time_since_epoch()};
  };
  for (const Row& row : rows) {
    CAPTURE(row.zone);
    CAPTURE(row.wall);
    const auto at = directory().instant_of(row.zone, wall(row.wall));
    REQUIRE(at);
    CHECK(to_iso(*at) == to_iso(parse_iso(row.instant).value()));
    CHECK(directory().wall_of(row.zone, *at).value() == wall(row.back));
  }
  CHECK_FALSE(directory().instant_of("Mars/Olympus", wall("2026-12-01T09:00:00Z")));
  CHECK_FALSE(directory().wall_of("", Instant{}));
}
