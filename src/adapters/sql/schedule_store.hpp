// Schedules over SQL, and what the claim asks of them in its own transaction.
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/schedule_store.hpp"

namespace callramp::sql {

class SqlScheduleStore final : public ScheduleStore {
 public:
  explicit SqlScheduleStore(DbExecutor& executor) : executor_(executor) {}

  Awaitable<Result<Schedule>> create(Schedule schedule, Call first) override;
  Awaitable<Result<Schedule>> get(ScheduleId id) override;
  Awaitable<Result<SchedulePage>> list(ScheduleFilter filter) override;
  Awaitable<Result<Schedule>> change(Schedule schedule, Call first, std::string actor, Instant now) override;
  Awaitable<Result<Schedule>> cancel(ScheduleId id, std::string actor, Instant now) override;
  Awaitable<Result<int>> catch_up(PlanNext plan, Instant now) override;

 private:
  DbExecutor& executor_;
};

/// The schedule's waiting call was dialed or is over: the next one is made, or the schedule is done. Nothing happens if
/// it is not active or has a waiting call all the same.
void make_next_call(Db& db, const ScheduleId& id, const PlanNext& plan, Instant now);

}  // namespace callramp::sql
