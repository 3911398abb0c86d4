// The schema's fourth step: retries that people ask for, the counting of dials by number, and schedules. schema.cpp
// lists it.
//
// A schedule is a recipe for calls: an active one has a call that is not dialed yet, and the transaction that dials or
// ends it makes the next.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view retries_script = R"(
alter table calls add column retry_by text;
alter table calls add column retry_of text references calls (id);
create index calls_by_retry_of on calls (retry_of) where retry_of is not null;
create index attempts_by_phone on attempts (phone, started_at);
)";

inline constexpr std::string_view schedules_script = R"(
create table schedules (
  id text not null primary key,
  phone text not null,
  user_id text not null,
  agent_id text not null,
  metadata text not null,
  priority smallint not null check (priority between 0 and 2),
  kind text not null check (kind in ('transactional', 'promotional', 'service')),
  status text not null check (status in ('active', 'done', 'cancelled')),
  first_at text not null,
  timezone text not null,
  hours text not null,
  hours_zone text not null,
  frequency text check (frequency in ('daily', 'weekly', 'monthly')),
  every integer not null check (every >= 1),
  end_at bigint,
  max_occurrences integer check (max_occurrences >= 1),
  occurrences integer not null check (occurrences >= 0),
  last_number integer not null check (last_number >= 0),
  created_at bigint not null,
  created_by text not null,
  updated_at bigint not null,
  version bigint not null check (version >= 1)
);
create index schedules_by_status on schedules (status, created_at, id);
alter table calls add column schedule_id text references schedules (id);
alter table calls add column hours text not null default '';
alter table calls add column hours_zone text not null default '';
create index calls_next_of_schedule on calls (schedule_id)
  where schedule_id is not null and first_attempt_at is null and final_at is null and status <> 'handed_back';
create index calls_by_schedule on calls (schedule_id, created_at) where schedule_id is not null;
)";

}  // namespace callramp::sql
