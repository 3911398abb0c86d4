// ScheduleService: calls at a stated time and again and again; the engine's side of the schedules API, and the plan by
// which the claim makes the next call of one.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "engine/calling_hours.hpp"
#include "engine/flag_service.hpp"
#include "ports/schedule_store.hpp"

namespace callramp::engine {

/// What somebody asks for. Exactly one of `at` and `wall` is set.
struct ScheduleRequest {
  std::string phone;  ///< in any usual spelling
  AgentId agent;
  std::optional<std::string> user;
  std::string metadata_json = "{}";
  Priority priority = Priority::medium;
  CallKind kind = CallKind::transactional;
  std::optional<Instant> at;
  std::optional<WallTime> wall;  ///< in `timezone`
  std::string timezone;          ///< IANA; empty: the first zone of the number
  std::optional<CallingWindow> hours;
  std::string hours_zone;  ///< empty: `timezone`
  std::optional<Recurrence> recurring;
};

class ScheduleService {
 public:
  ScheduleService(std::string default_region, ScheduleStore& store, FlagService& flags, const PhoneDirectory& phones,
                  const CallingHours& hours, async::Clock& clock, Random& random, Log& log);
  /// Called after every change, so that the dialer looks at once.
  void set_waker(std::function<void()> wake) { wake_ = std::move(wake); }

  /// The next call of a schedule, for the claim's transaction. Any thread.
  PlanNext plan() const;
  /// Makes the calls that cancelling left out. At the start, and after a cancelled call.
  Awaitable<void> catch_up();

  /// Errors: invalid_phone_number, invalid_request, schedule_in_past, agent_not_found, do_not_call.
  Awaitable<Result<Schedule>> create(ScheduleRequest request, Actor actor);
  Awaitable<Result<Schedule>> get(ScheduleId id) { return store_.get(std::move(id)); }
  Awaitable<Result<SchedulePage>> list(ScheduleFilter filter) { return store_.list(std::move(filter)); }
  /// Everything anew; `version`, if given, must be the stored one.
  Awaitable<Result<Schedule>> change(ScheduleId id, ScheduleRequest request, std::optional<std::int64_t> version,
                                     Actor actor);
  Awaitable<Result<Schedule>> cancel(ScheduleId id, Actor actor);

 private:
  struct Checked {
    Schedule schedule;
    Call first;
  };
  Result<Checked> check(ScheduleRequest request, ScheduleId id, Instant now) const;
  std::optional<PlannedCall> plan_call(const Schedule& schedule, int number, Instant after) const;

  std::string default_region_;
  ScheduleStore& store_;
  FlagService& flags_;
  const PhoneDirectory& phones_;
  const CallingHours& hours_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
  std::function<void()> wake_;
};

}  // namespace callramp::engine
