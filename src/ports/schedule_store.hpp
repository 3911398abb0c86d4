// Schedules and the calls that they make. Every method is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "core/calls/schedule.hpp"

namespace callramp {

struct ScheduleFilter {
  std::optional<ScheduleStatus> status;
  int page = 1;    ///< from 1
  int limit = 20;  ///< 1 … 100
};
struct SchedulePage {
  std::vector<Schedule> schedules;  ///< newest first
  std::int64_t total = 0;
};

class ScheduleStore {
 public:
  virtual ~ScheduleStore() = default;

  /// With its first call. agent_not_found, do_not_call as for a call. Audited.
  virtual Awaitable<Result<Schedule>> create(Schedule schedule, Call first) = 0;
  virtual Awaitable<Result<Schedule>> get(ScheduleId id) = 0;  ///< not_found
  virtual Awaitable<Result<SchedulePage>> list(ScheduleFilter filter) = 0;
  /// Replaces what it says and when, and its waiting call by `first`, from which the recurrence counts anew.
  /// precondition_failed unless `schedule.version` is the stored one; conflict if it is over. Audited.
  virtual Awaitable<Result<Schedule>> change(Schedule schedule, Call first, std::string actor, Instant now) = 0;
  /// Its waiting call is cancelled; one that is being dialed goes on. Cancelling twice changes nothing. Audited.
  virtual Awaitable<Result<Schedule>> cancel(ScheduleId id, std::string actor, Instant now) = 0;
  /// For active schedules whose waiting call is gone without a claim, because somebody cancelled it: the next call is
  /// made, or the schedule is done. How many.
  virtual Awaitable<Result<int>> catch_up(PlanNext plan, Instant now) = 0;
};

}  // namespace callramp
