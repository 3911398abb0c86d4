#include "core/calls/schedule.hpp"

#include <array>
#include <cstdio>

namespace callramp {
namespace {

// A recurrence of which this many places in a row have passed is over for all purposes: ten years of days.
constexpr int most_skipped = 3660;

WallTime months_later(WallTime first, int months) {
  const auto day = std::chrono::floor<std::chrono::days>(first);
  const std::chrono::year_month_day date{day};
  const auto month = std::chrono::year_month{date.year(), date.month()} + std::chrono::months{months};
  const std::chrono::year_month_day wanted{month.year(), month.month(), date.day()};
  const std::chrono::local_days moved = wanted.ok() ? std::chrono::local_days{wanted}
                                                    : std::chrono::local_days{std::chrono::year_month_day_last{
                                                          month.year(), std::chrono::month_day_last{month.month()}}};
  return moved + (first - day);
}

template <class Enum, std::size_t N>
Result<Enum> read_word(const std::array<Enum, N>& values, std::string_view text, const char* noun) {
  std::string choices;
  for (const Enum value : values) {
    if (to_string(value) == text) return value;
    choices += " " + std::string(to_string(value));
  }
  return fail(ErrorCode::invalid_request,
              std::string(noun) + " '" + std::string(text.substr(0, 40)) + "' is not one of" + choices);
}

// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, 2)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string_view to_string(Frequency frequency) noexcept {
  switch (frequency) {
    case Frequency::daily: return "daily";
    case Frequency::weekly: return "weekly";
    case Frequency::monthly: return "monthly";
  }
  return "?";
}

Result<Frequency> parse_frequency(std::string_view text) {
  return read_word(std::array{Frequency::daily, Frequency::weekly, Frequency::monthly}, text, "frequency");
}

std::string_view to_string(ScheduleStatus status) noexcept {
  switch (status) {
    case ScheduleStatus::active: return "active";
    case ScheduleStatus::done: return "done";
    case ScheduleStatus::cancelled: return "cancelled";
  }
  return "?";
}

Result<ScheduleStatus> parse_schedule_status(std::string_view text) {
  return read_word(std::array{ScheduleStatus::active, ScheduleStatus::done, ScheduleStatus::cancelled}, text,
                   "schedule status");
}

WallTime wall_time(const Schedule& schedule, int number) {
  if (!schedule.recurring) return schedule.first;
  const int steps = number * schedule.recurring->every;
  switch (schedule.recurring->frequency) {
    case Frequency::daily: return schedule.first + std::chrono::days{steps};
    case Frequency::weekly: return schedule.first + std::chrono::weeks{steps};
    case Frequency::monthly: return months_later(schedule.first, steps);
  }
  return schedule.first;
}

std::optional<Occurrence> next_occurrence(const Schedule& schedule, int number, Instant after,
                                          const InstantOf& instant_of, const HoursFrom& opening) {
  const auto& recurring = schedule.recurring;
  if (!recurring && number > 0) return std::nullopt;
  if (recurring && recurring->max_occurrences && schedule.occurrences >= *recurring->max_occurrences)
    return std::nullopt;
  for (int skipped = 0; skipped < most_skipped; ++skipped, ++number) {
    const Instant stated = instant_of(wall_time(schedule, number));
    if (recurring && recurring->end && stated > *recurring->end) return std::nullopt;
    const Instant at = opening(stated);
    if (at > after) return Occurrence{.number = number, .at = at};
    if (!recurring) return std::nullopt;
  }
  return std::nullopt;
}

Result<WallTime> parse_wall_time(std::string_view text) {
  const auto bad = [text] {
    return fail(ErrorCode::invalid_request,
                "'" + std::string(text.substr(0, 40)) + "' is no local time; write it like 2026-12-01T09:00");
  };
  if ((text.size() != 16 && text.size() != 19) || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || (text.size() == 19 && text[16] != ':'))
    return bad();
  const int century = two_digits(text, 0);
  const int year = two_digits(text, 2);
  const int month = two_digits(text, 5);
  const int day = two_digits(text, 8);
  const int hour = two_digits(text, 11);
  const int minute = two_digits(text, 14);
  const int second = text.size() == 19 ? two_digits(text, 17) : 0;
  if (century < 0 || year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59)
    return bad();
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return bad();
  return WallTime{std::chrono::local_days{date}} + hours{hour} + minutes{minute} + seconds{second};
}

std::string to_string(WallTime wall) {
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{wall - day};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace callramp
