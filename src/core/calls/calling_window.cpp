#include "core/calls/calling_window.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/ensure.hpp"

namespace callramp {
namespace {

constexpr int minutes_per_day = 24 * 60;
constexpr int days_per_week = 7;
constexpr int minutes_per_week = days_per_week * minutes_per_day;
constexpr std::array<std::string_view, days_per_week> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::string clock_text(minutes of_day) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(of_day.count() / 60),
                static_cast<int>(of_day.count() % 60));
  return text;
}

int minute_of_week(const LocalClock& clock) {
  ENSURE(clock.weekday >= 0 && clock.weekday < days_per_week, "weekday of a local clock");
  ENSURE(clock.time_of_day >= minutes{0} && clock.time_of_day < minutes{minutes_per_day}, "time of a local clock");
  return clock.weekday * minutes_per_day + static_cast<int>(clock.time_of_day.count());
}

using Holidays = std::span<const std::chrono::year_month_day>;

// `wait` minutes from now, in the clock's zone.
bool on_holiday(Holidays holidays, const LocalClock& clock, int wait) {
  if (!clock.date || holidays.empty()) return false;
  const int days = (static_cast<int>(clock.time_of_day.count()) + wait) / minutes_per_day;
  const std::chrono::year_month_day date = std::chrono::sys_days{*clock.date} + std::chrono::days{days};
  return std::ranges::find(holidays, date) != holidays.end();
}

bool open_at(const CallingWindow& window, int minute) {
  minute %= minutes_per_week;
  const minutes of_day{minute % minutes_per_day};
  return window.weekdays[static_cast<std::size_t>(minute / minutes_per_day)] && window.from <= of_day &&
         of_day < window.to;
}

bool open_everywhere_in(const CallingWindow& window, const std::vector<LocalClock>& local, Holidays holidays,
                        int wait) {
  return std::ranges::all_of(local, [&](const auto& clock) {
    return open_at(window, minute_of_week(clock) + wait) && !on_holiday(holidays, clock, wait);
  });
}

struct Opening {
  int wait = 0;  // minutes
  const LocalClock* clock = nullptr;
};

// The window can only become open where some zone's own opening is, so only those minutes are tried.
std::optional<Opening> next_opening(const CallingWindow& window, const std::vector<LocalClock>& local,
                                    Holidays holidays) {
  std::optional<Opening> next;
  for (const auto& clock : local)
    for (int day = 0; day < days_per_week; ++day) {
      const int opens = day * minutes_per_day + static_cast<int>(window.from.count());
      int wait = (opens - minute_of_week(clock)) % minutes_per_week;
      if (wait <= 0) wait += minutes_per_week;
      if ((!next || wait < next->wait) && open_everywhere_in(window, local, holidays, wait)) next = {wait, &clock};
    }
  return next;
}

std::string opening_text(const CallingWindow& window, const Opening& opening) {
  std::string text = "window opens ";
  if (opening.wait > minutes_per_day) {  // less than a day away, the time alone is plain
    const int minute = (minute_of_week(*opening.clock) + opening.wait) % minutes_per_week;
    text += std::string(day_names[static_cast<std::size_t>(minute / minutes_per_day)]) + " ";
  }
  return text + clock_text(window.from) + " in " + opening.clock->zone;
}

std::optional<minutes> read_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U})
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > minutes_per_day) return std::nullopt;
  return minutes{hour * 60 + minute};
}

std::optional<std::size_t> read_day(std::string_view name) {
  const auto found = std::ranges::find(day_names, name);
  if (found == day_names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - day_names.begin());
}

// "Mon", "Mon-Fri", "Sat-Mon", and several of them with commas.
std::optional<std::array<bool, 7>> read_days(std::string_view text) {
  std::array<bool, 7> days{};
  while (true) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    const auto dash = part.find('-');
    const auto first = read_day(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : read_day(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (std::size_t day = *first; days[day] = true, day != *last;) day = (day + 1) % days_per_week;
    if (comma == std::string_view::npos) return days;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

WindowVerdict judge_window(const CallingWindow& window, const std::vector<LocalClock>& local, Holidays holidays) {
  if (local.empty())
    return {.wait = hours{1}, .reason = "no time zone is known for the number; give the contact a timezone"};
  if (open_everywhere_in(window, local, holidays, 0)) return {.open = true};
  // Why the window itself would not say: it is a holiday.
  const std::string holiday = open_everywhere_in(window, local, {}, 0) ? "holiday, " : "";
  if (const auto opening = next_opening(window, local, holidays))
    return {.wait = minutes{opening->wait}, .reason = holiday + opening_text(window, *opening)};
  if (next_opening(window, local, {}))
    return {.wait = minutes{minutes_per_week}, .reason = "holidays close the window for the whole week to come"};
  std::string zones;
  for (const auto& clock : local) zones += (zones.empty() ? "" : " and ") + clock.zone;
  return {.wait = minutes{minutes_per_week},
          .reason = "window " + clock_text(window.from) + "-" + clock_text(window.to) + " is never open in " + zones +
                    (local.size() > 1 ? " at once; widen it or give the contact a timezone" : "; give it a weekday")};
}

std::string to_string(const CallingWindow& window) {
  std::string text = clock_text(window.from) + "-" + clock_text(window.to);
  if (std::ranges::all_of(window.weekdays, [](bool day) { return day; })) return text;
  std::string days;
  for (std::size_t day = 0; day < days_per_week; ++day)
    if (window.weekdays[day]) days += (days.empty() ? "" : ",") + std::string(day_names[day]);
  return text + " " +
         (days == "Mon,Tue,Wed,Thu,Fri"       ? "Mon-Fri"
          : days == "Mon,Tue,Wed,Thu,Fri,Sat" ? "Mon-Sat"
                                              : days);
}

Result<CallingWindow> parse_window(std::string_view text) {
  const auto bad = [text](const std::string& why) {
    return fail(ErrorCode::invalid_request, "calling window '" + std::string(text.substr(0, 64)) + "' " + why);
  };
  const auto space = text.find(' ');
  const auto times = text.substr(0, space);
  const auto dash = times.find('-');
  const auto from = read_clock(times.substr(0, dash));
  const auto to = dash == std::string_view::npos ? std::nullopt : read_clock(times.substr(dash + 1));
  if (!from || !to) return bad("has no times; write it like 09:00-21:00 or 09:00-18:00 Mon-Fri");
  if (*from >= *to) return bad("ends before it starts; a window lies within one day, at most 00:00-24:00");
  CallingWindow window{.from = *from, .to = *to};
  if (space != std::string_view::npos) {
    const auto days = read_days(text.substr(space + 1));
    if (!days) return bad("has unknown days; write them like Mon-Fri or Mon,Wed,Sat");
    window.weekdays = *days;
  }
  return window;
}

}  // namespace callramp
