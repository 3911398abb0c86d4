// Schedules: one call at a stated time, or the same call again and again. Values, and the arithmetic of when.
//
// A recurrence lives on the wall: "every day at 09:00" stays 09:00 across a change to or from summer time. Each
// occurrence is counted from the first, so that nothing drifts: the 31st of a month that has none is its last day, and
// the month after it is the 31st again.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/calls/calling_window.hpp"
#include "core/calls/types.hpp"

namespace callramp {

/// A reading of a wall clock, without its zone.
using WallTime = std::chrono::local_seconds;
/// The instant of a wall time in a schedule's zone. A time that summer time skips is the first instant after the gap;
/// of one that comes twice it is the first.
using InstantOf = std::function<Instant(WallTime)>;
/// The first instant from the given one on at which the schedule's business hours are open.
using HoursFrom = std::function<Instant(Instant)>;

enum class Frequency { daily, weekly, monthly };
std::string_view to_string(Frequency frequency) noexcept;
Result<Frequency> parse_frequency(std::string_view text);

struct Recurrence {
  Frequency frequency = Frequency::daily;
  int every = 1;                       ///< interval: 1 … 366
  std::optional<Instant> end;          ///< no occurrence is due after it
  std::optional<int> max_occurrences;  ///< calls made in all: 1 … 10,000
  bool operator==(const Recurrence&) const = default;
};

enum class ScheduleStatus {
  active,  ///< has a call that is not dialed yet
  done,    ///< its last call was made
  cancelled,
};
std::string_view to_string(ScheduleStatus status) noexcept;
Result<ScheduleStatus> parse_schedule_status(std::string_view text);

struct Schedule {
  ScheduleId id;
  // What each call is made of.
  PhoneNumber phone;
  UserId user;
  AgentId agent;
  std::string metadata_json = "{}";
  Priority priority = Priority::medium;
  CallKind kind = CallKind::transactional;
  // When.
  WallTime first{};
  std::string timezone;                ///< IANA, of `first`
  std::optional<CallingWindow> hours;  ///< business hours that every call keeps to
  std::string hours_zone;
  std::optional<Recurrence> recurring;

  ScheduleStatus status = ScheduleStatus::active;
  int occurrences = 0;  ///< calls made so far, the waiting one included
  int last_number = 0;  ///< the waiting (or last) one's place in the recurrence, from 0
  Instant created_at{};
  std::string created_by;
  Instant updated_at{};
  std::int64_t version = 1;
  std::optional<Instant> next_at = std::nullopt;   ///< of the waiting call
  std::optional<CallId> next_call = std::nullopt;  ///< the waiting call
};

struct Occurrence {
  int number = 0;  ///< place in the recurrence, from 0
  Instant at{};    ///< inside the business hours
};

/// The wall time of the recurrence's place `number`.
WallTime wall_time(const Schedule& schedule, int number);
/// The first occurrence of `number` or later that is due after `after`: what passed unheard, while nothing ran, is not
/// made up for. Nothing once the recurrence is over.
std::optional<Occurrence> next_occurrence(const Schedule& schedule, int number, Instant after,
                                          const InstantOf& instant_of, const HoursFrom& opening);

struct PlannedCall {
  int number = 0;  ///< its place in the recurrence
  Call call;
};
/// The call of the occurrence `number` or a later one, due after `after`; nothing once the schedule is over. A store
/// asks it inside a transaction, on its own thread: pure and fast.
using PlanNext = std::function<std::optional<PlannedCall>(const Schedule& schedule, int number, Instant after)>;

/// "2026-12-01T09:00" or with seconds; no zone, no fraction.
Result<WallTime> parse_wall_time(std::string_view text);
std::string to_string(WallTime wall);  ///< "2026-12-01T09:00:00"

}  // namespace callramp
