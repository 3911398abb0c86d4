// A step of the schema: what is summed over a rollout's phase is kept as sums, so that a look costs the same in a
// phase of a million calls. Released, so never edited; schema.cpp lists it.
//
// Users: what each has called in a span, as far as their buckets are closed, and the sums over all of them from which
// the design effect follows. Costs: by the bucket of a call's first dial.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view rollout_figures_script = R"(
create table user_calls (
  span_id bigint not null references rollout_spans (id),
  user_id text not null,
  calls bigint not null check (calls > 0),
  good bigint not null check (good between 0 and calls),
  primary key (span_id, user_id)
);
insert into user_calls (span_id, user_id, calls, good)
  select one.span_id, user_id, count(*), sum(good) from (
    select span_id, user_id, first_attempt_at as at, case when outcome in ('completed', 'voicemail_left') then 1 else 0
      end as good from calls where span_id is not null and system = 'new-system' and final_at is not null and
      outcome <> 'cancelled' and crossed = 0
    union all
    select span_id, user_id, started_at, case when outcome in ('completed', 'voicemail_left') then 1 else 0 end from
      reported_outcomes where span_id is not null and system = 'new-system' and outcome <> 'cancelled') as one
  join rollout_spans on rollout_spans.id = one.span_id
  join closed_buckets on closed_buckets.span_id = one.span_id and stream = 'call' and part = 'new-system' and
    at >= bucket_start and at < bucket_start + bucket_us
  group by one.span_id, user_id;

create table user_sums (
  span_id bigint not null primary key references rollout_spans (id),
  clusters bigint not null,
  n bigint not null,
  s bigint not null,
  nn bigint not null,
  sn bigint not null,
  ss bigint not null,
  largest bigint not null
);
insert into user_sums (span_id, clusters, n, s, nn, sn, ss, largest)
  select span_id, count(*), sum(calls), sum(good), sum(calls * calls), sum(good * calls), sum(good * good), max(calls)
  from user_calls group by span_id;

create table cost_sums (
  span_id bigint not null references rollout_spans (id),
  bucket_start bigint not null,
  currency text not null,
  micros bigint not null,
  primary key (span_id, bucket_start, currency)
);
insert into cost_sums (span_id, bucket_start, currency, micros)
  select span_id, first_attempt_at - first_attempt_at % bucket_us, currency, sum(micros) from cost_lines
  join attempts on attempts.id = attempt_id join calls on calls.id = call_id
  join rollout_spans on rollout_spans.id = span_id
  where span_id is not null and first_attempt_at is not null and calls.system = 'new-system' group by 1, 2, 3;

create index decisions_that_changed_nothing on decisions (at)
  where rule = 'hold' and sets_flags = 0 and inputs <> '';
)";

}  // namespace callramp::sql
