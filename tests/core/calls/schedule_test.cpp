#include "core/calls/schedule.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace callramp;

namespace {

Instant at(const char* iso) { return parse_iso(iso).value(); }

// A zone east of UTC by an hour, two in "summer": from 2026-03-29T01:00Z to 2026-10-25T01:00Z, as Berlin has it.
Instant berlin(WallTime wall) {
  const Instant as_utc{wall.time_since_epoch()};
  const Instant spring = at("2026-03-29T01:00:00Z");
  const Instant autumn = at("2026-10-25T01:00:00Z");
  const Instant summer = as_utc - hours{2};
  const Instant winter = as_utc - hours{1};
  if (summer >= spring && summer < autumn) return summer;  // of a doubled hour the first
  if (winter < spring || winter >= autumn) return winter;
  return spring;  // the hour that is skipped
}

Instant always(Instant from) { return from; }

Schedule schedule(const char* first, std::optional<Recurrence> recurring = std::nullopt) {
  Schedule made;
  made.first = parse_wall_time(first).value();
  made.recurring = std::move(recurring);
  return made;
}

// The first `count` occurrences' instants, as a claim would make them one after another.
std::vector<std::string> occurrences(Schedule made, int count, Instant now, const HoursFrom& opening = always) {
  std::vector<std::string> found;
  for (int number = 0; static_cast<int>(found.size()) < count;) {
    const auto next = next_occurrence(made, number, now, berlin, opening);
    if (!next) break;
    found.push_back(to_iso(next->at));
    ++made.occurrences;
    now = next->at;
    number = next->number + 1;
  }
  return found;
}

}  // namespace

TEST_CASE("a recurrence keeps its time on the wall through summer time") {
  using Strings = std::vector<std::string>;
  CHECK(occurrences(schedule("2026-03-28T09:00", Recurrence{}), 3, at("2026-03-01T00:00:00Z")) ==
        Strings{"2026-03-28T08:00:00.000Z", "2026-03-29T07:00:00.000Z", "2026-03-30T07:00:00.000Z"});
  // 02:30 does not exist on the 29th: the first instant after the gap, 03:00 by the new clock.
  CHECK(occurrences(schedule("2026-03-28T02:30", Recurrence{}), 3, at("2026-03-01T00:00:00Z")) ==
        Strings{"2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"});
  // 02:30 comes twice on 25 October: called once, at the first.
  CHECK(occurrences(schedule("2026-10-24T02:30", Recurrence{}), 3, at("2026-10-01T00:00:00Z")) ==
        Strings{"2026-10-24T00:30:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"});
}

TEST_CASE("months without the day have their last day, and the day comes back") {
  using Strings = std::vector<std::string>;
  CHECK(occurrences(schedule("2027-12-31T09:00", Recurrence{.frequency = Frequency::monthly}), 4,
                    at("2027-12-01T00:00:00Z")) == Strings{"2027-12-31T08:00:00.000Z", "2028-01-31T08:00:00.000Z",
                                                           "2028-02-29T08:00:00.000Z", "2028-03-31T08:00:00.000Z"});
  CHECK(occurrences(schedule("2026-11-30T09:00", Recurrence{.frequency = Frequency::monthly, .every = 3}), 3,
                    at("2026-11-01T00:00:00Z")) ==
        Strings{"2026-11-30T08:00:00.000Z", "2027-02-28T08:00:00.000Z", "2027-05-30T08:00:00.000Z"});
  CHECK(occurrences(schedule("2026-11-02T09:00", Recurrence{.frequency = Frequency::weekly, .every = 2}), 2,
                    at("2026-11-01T00:00:00Z")) == Strings{"2026-11-02T08:00:00.000Z", "2026-11-16T08:00:00.000Z"});
}

TEST_CASE("a recurrence ends by its date or its number of calls, a single call after itself") {
  const Instant before = at("2026-11-01T00:00:00Z");
  CHECK(occurrences(schedule("2026-11-02T09:00"), 9, before).size() == 1);
  CHECK(occurrences(schedule("2026-11-02T09:00", Recurrence{.max_occurrences = 3}), 9, before).size() == 3);
  CHECK(occurrences(schedule("2026-11-02T09:00", Recurrence{.end = at("2026-11-05T08:00:00Z")}), 9, before).size() ==
        4);
  CHECK(occurrences(schedule("2026-11-02T09:00", Recurrence{.end = at("2026-11-05T07:59:59Z")}), 9, before).size() ==
        3);
  CHECK(occurrences(schedule("2026-11-02T09:00", Recurrence{.end = at("2026-11-02T07:59:59Z")}), 9, before).empty());
}

TEST_CASE("what passed while nothing ran is not made up for") {
  const auto next =
      next_occurrence(schedule("2026-11-02T09:00", Recurrence{}), 1, at("2026-11-10T12:00:00Z"), berlin, always);
  REQUIRE(next);
  CHECK(next->number == 9);
  CHECK(to_iso(next->at) == "2026-11-11T08:00:00.000Z");
  CHECK_FALSE(next_occurrence(schedule("2026-11-02T09:00"), 0, at("2026-11-10T12:00:00Z"), berlin, always).has_value());
  // A recurrence of which ten years have passed is over, and found to be so.
  CHECK_FALSE(next_occurrence(schedule("2026-11-02T09:00", Recurrence{}), 0, at("2046-01-01T00:00:00Z"), berlin, always)
                  .has_value());
}

TEST_CASE("business hours move a call to their opening") {
  const auto next = next_occurrence(schedule("2026-11-07T20:00", Recurrence{}), 0, at("2026-11-01T00:00:00Z"), berlin,
                                    [](Instant) { return at("2026-11-09T08:00:00Z"); });
  REQUIRE(next);
  CHECK(next->number == 0);
  CHECK(to_iso(next->at) == "2026-11-09T08:00:00.000Z");
}

TEST_CASE("wall times are read without a zone and written back") {
  CHECK(to_string(parse_wall_time("2026-12-01T09:05").value()) == "2026-12-01T09:05:00");
  CHECK(to_string(parse_wall_time("2028-02-29 23:59:59").value()) == "2028-02-29T23:59:59");
  for (const char* text :
       {"", "2026-12-01", "2026-12-01T09:00Z", "2026-12-01T24:00", "2026-12-01T09:60", "2026-02-29T09:00",
        "2026-13-01T09:00", "2026-00-01T09:00", "2026-12-32T09:00", "2026-12-01T9:00", "20a6-12-01T09:00",
        "2026-12-01T09:00:61", "2026-12-01T09:00:0", "2026/12/01T09:00", "2026-12-01T09:00+01:00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_wall_time(text).has_value());
  }
}
