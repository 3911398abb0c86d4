#include "core/calls/calling_window.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

using namespace callramp;

namespace {

enum Day { sun, mon, tue, wed, thu, fri, sat };

LocalClock clock_in(const char* zone, Day day, int hour, int minute) {
  return {.zone = zone, .time_of_day = hours{hour} + minutes{minute}, .weekday = day};
}

LocalClock in_india(Day day, int hour, int minute) { return clock_in("Asia/Kolkata", day, hour, minute); }

// The same instant `ahead` minutes later, by the wall clock.
LocalClock later(LocalClock clock, int ahead) {
  const int minute = (clock.weekday * 1440 + static_cast<int>(clock.time_of_day.count()) + ahead) % (7 * 1440);
  clock.weekday = minute / 1440;
  clock.time_of_day = minutes{minute % 1440};
  return clock;
}

constexpr int week = 7 * 24 * 60;

}  // namespace

TEST_CASE("one zone at the borders of hours, midnight and the week") {
  struct Row {
    const char* window;
    LocalClock local;
    int wait;  // 0: open
    const char* reason;
  };
  const std::vector<Row> rows{
      {"09:00-21:00", in_india(mon, 8, 59), 1, "window opens 09:00 in Asia/Kolkata"},
      {"09:00-21:00", in_india(mon, 9, 0), 0, ""},
      {"09:00-21:00", in_india(mon, 20, 59), 0, ""},
      {"09:00-21:00", in_india(mon, 21, 0), 12 * 60, "window opens 09:00 in Asia/Kolkata"},
      {"09:00-21:00", in_india(mon, 23, 59), 9 * 60 + 1, "window opens 09:00 in Asia/Kolkata"},
      {"09:00-21:00", in_india(tue, 0, 0), 9 * 60, "window opens 09:00 in Asia/Kolkata"},
      {"09:00-21:00", in_india(sat, 22, 0), 11 * 60, "window opens 09:00 in Asia/Kolkata"},
      {"09:00-18:00 Mon-Fri", in_india(fri, 17, 59), 0, ""},
      {"09:00-18:00 Mon-Fri", in_india(fri, 18, 0), 63 * 60, "window opens Mon 09:00 in Asia/Kolkata"},
      {"09:00-18:00 Mon-Fri", in_india(sun, 9, 0), 24 * 60, "window opens 09:00 in Asia/Kolkata"},
      {"09:00-18:00 Mon-Fri", in_india(sun, 8, 59), 24 * 60 + 1, "window opens Mon 09:00 in Asia/Kolkata"},
      {"09:00-18:00 Wed", in_india(wed, 18, 0), week - 9 * 60, "window opens Wed 09:00 in Asia/Kolkata"},
      {"09:00-09:01 Wed", in_india(wed, 9, 1), week - 1, "window opens Wed 09:00 in Asia/Kolkata"},
      {"00:00-24:00", in_india(sun, 0, 0), 0, ""},
      {"00:00-24:00", in_india(sat, 23, 59), 0, ""},
      {"00:00-24:00 Sun", in_india(sat, 23, 59), 1, "window opens 00:00 in Asia/Kolkata"},
      {"00:00-24:00 Sat", in_india(sun, 0, 0), week - 1440, "window opens Sat 00:00 in Asia/Kolkata"},
      {"23:00-24:00 Sat", in_india(sat, 23, 59), 0, ""},
      {"23:00-24:00 Sat", in_india(sun, 0, 0), week - 60, "window opens Sat 23:00 in Asia/Kolkata"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.window);
    CAPTURE(row.local.weekday);
    CAPTURE(row.local.time_of_day.count());
    const auto verdict = judge_window(parse_window(row.window).value(), {row.local});
    CHECK_EQ(verdict.open, row.wait == 0);
    CHECK_EQ(verdict.wait.count(), row.wait);
    CHECK_EQ(verdict.reason, row.reason);
  }
}

TEST_CASE("every zone that the number may be in must allow the call") {
  const CallingWindow window = parse_window("09:00-18:00 Mon-Fri").value();
  struct Row {
    std::vector<LocalClock> local;
    int wait;
    const char* reason;
  };
  const std::vector<Row> rows{
      {{clock_in("Europe/Berlin", mon, 9, 0), clock_in("Europe/London", mon, 8, 0)},
       60,
       "window opens 09:00 in Europe/London"},
      {{clock_in("Europe/Berlin", mon, 10, 0), clock_in("Europe/London", mon, 9, 0)}, 0, ""},
      // Berlin closes an hour before London: both open again when London does, on the next day.
      {{clock_in("Europe/Berlin", mon, 18, 0), clock_in("Europe/London", mon, 17, 0)},
       16 * 60,
       "window opens 09:00 in Europe/London"},
      {{clock_in("Europe/Berlin", fri, 18, 0), clock_in("Europe/London", fri, 17, 0)},
       64 * 60,
       "window opens Mon 09:00 in Europe/London"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const auto verdict = judge_window(window, rows[i].local);
    CHECK_EQ(verdict.open, rows[i].wait == 0);
    CHECK_EQ(verdict.wait.count(), rows[i].wait);
    CHECK_EQ(verdict.reason, rows[i].reason);
  }
}

TEST_CASE("with zones that are never open at once it stays closed and says so") {
  const auto verdict = judge_window(parse_window("09:00-12:00").value(),
                                    {in_india(mon, 10, 0), clock_in("America/New_York", mon, 0, 30)});
  CHECK_FALSE(verdict.open);
  CHECK_EQ(verdict.wait.count(), week);
  CHECK_EQ(
      verdict.reason,
      "window 09:00-12:00 is never open in Asia/Kolkata and America/New_York at once; widen it or give the contact a "
      "timezone");
}

TEST_CASE("a window without a weekday is never open") {
  CallingWindow window;
  window.weekdays.fill(false);
  const auto verdict = judge_window(window, {in_india(mon, 10, 0)});
  CHECK_FALSE(verdict.open);
  CHECK_EQ(verdict.reason, "window 09:00-21:00 is never open in Asia/Kolkata; give it a weekday");
}

TEST_CASE("with no zone known the window is closed for an hour") {
  const auto verdict = judge_window({}, {});
  CHECK_FALSE(verdict.open);
  CHECK(verdict.wait == hours{1});
  CHECK_EQ(verdict.reason, "no time zone is known for the number; give the contact a timezone");
}

TEST_CASE("the wait leads to the first open minute from every minute of the week") {
  for (const char* text :
       {"09:00-21:00", "09:00-18:00 Mon-Fri", "00:00-24:00 Sat,Sun", "23:29-24:00 Sat", "00:00-00:31 Sun"}) {
    const CallingWindow window = parse_window(text).value();
    // Backwards from a minute that is open, the wait of a closed minute is one more than that of the minute after it.
    std::optional<int> expected;
    for (int start = 2 * week - 1; start >= 0; --start) {
      const auto verdict =
          judge_window(window, {later(in_india(sun, 0, 0), start), later(clock_in("Asia/Dhaka", sun, 0, 30), start)});
      if (verdict.open)
        expected = 0;
      else if (expected)
        ++*expected;
      if (expected && verdict.wait.count() != *expected)
        FAIL(text << " at minute " << start << ": waits " << verdict.wait.count() << " instead of " << *expected);
    }
    CHECK_MESSAGE(expected, text);
  }
}

TEST_CASE("a window reads times and weekdays") {
  struct Row {
    const char* text;
    int from;
    int to;
    std::array<bool, 7> days;  // Sunday first
  };
  const std::array<bool, 7> every{true, true, true, true, true, true, true};
  const std::vector<Row> rows{
      {"09:00-21:00", 540, 1260, every},
      {"00:00-24:00", 0, 1440, every},
      {"09:30-18:05 Mon-Fri", 570, 1085, {false, true, true, true, true, true, false}},
      {"09:00-10:00 Sat-Mon", 540, 600, {true, true, false, false, false, false, true}},
      {"09:00-10:00 Sun", 540, 600, {true, false, false, false, false, false, false}},
      {"09:00-10:00 Mon,Wed-Thu,Sat", 540, 600, {false, true, false, true, true, false, true}},
      {"09:00-10:00 Sun-Sat", 540, 600, every},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto window = parse_window(row.text);
    REQUIRE(window);
    CHECK_EQ(window->from.count(), row.from);
    CHECK_EQ(window->to.count(), row.to);
    CHECK(window->weekdays == row.days);
  }
}

TEST_CASE("what is no window is refused by its text") {
  for (const char* text : {"",
                           " ",
                           "09:00",
                           "09:00-",
                           "-21:00",
                           "9:00-21:00",
                           "09:00-21:0",
                           "09.00-21.00",
                           "09:60-21:00",
                           "25:00-26:00",
                           "09:00-24:01",
                           "21:00-09:00",
                           "09:00-09:00",
                           "09:00-21:00 ",
                           "09:00-21:00 Mo-Fr",
                           "09:00-21:00 mon",
                           "09:00-21:00 Mon-",
                           "09:00-21:00 Mon,",
                           "09:00-21:00 ,Mon",
                           "09:00-21:00 Mon Tue",
                           "09:00-21:00-22:00",
                           "+9:00-21:00",
                           "09:00-21:00\n"}) {
    CAPTURE(text);
    const auto window = parse_window(text);
    REQUIRE_FALSE(window);
    CHECK(window.error().message.starts_with("calling window '" + std::string(text) + "' "));
  }
}
