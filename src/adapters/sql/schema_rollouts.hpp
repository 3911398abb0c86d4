// The schema's second step: rollouts and their evidence. Released, so never edited; schema.cpp lists it.
//
// Calls get the span (one phase of one run in force) in which they were first dialed, and the counts of evidence are
// kept by span: 0 stands for none, which is where everything goes that was counted before there were spans.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view rollouts_script = R"(
create table plan_texts (
  hash text not null primary key,
  rollout text not null,
  yaml text not null,
  at bigint not null,
  by_whom text not null,
  reason text not null
);
create index plan_texts_by_rollout on plan_texts (rollout, at);

create table decider_lease (
  id smallint not null primary key check (id = 1),
  node_id text not null,
  epoch bigint not null check (epoch >= 0),
  until_at bigint not null
);
insert into decider_lease (id, node_id, epoch, until_at) values (1, '', 0, 0);

create table rollouts (
  name text not null primary key,
  state text not null,
  plan_hash text not null references plan_texts (hash),
  revision bigint not null check (revision >= 1),
  last_decision bigint,
  created_at bigint not null
);

create table rollout_spans (
  id $KEY,
  rollout text not null references rollouts (name),
  run integer not null check (run >= 1),
  phase integer not null check (phase >= 0),
  bucket_us bigint not null check (bucket_us > 0),
  started_at bigint not null,
  ended_at bigint,
  open_mark smallint unique check (open_mark = 1),
  check ((ended_at is null) = (open_mark is not null))
);
create index rollout_spans_by_rollout on rollout_spans (rollout, run, phase);
create index rollout_spans_by_start on rollout_spans (started_at);

create table decisions (
  id $KEY,
  rollout text not null references rollouts (name),
  at bigint not null,
  run integer not null,
  phase integer not null,
  action text not null,
  rule text not null,
  epoch bigint not null,
  body text not null,
  inputs text not null,
  closed_through bigint not null,
  sets_flags smallint not null check (sets_flags in (0, 1)),
  flags_after bigint not null,
  confirmed_at bigint,
  receipt text not null default ''
);
create index decisions_by_rollout on decisions (rollout, id);
create index decisions_unconfirmed on decisions (id) where sets_flags = 1 and confirmed_at is null;

alter table calls add column span_id bigint references rollout_spans (id);
create index calls_by_span on calls (span_id, first_attempt_at) where span_id is not null;
create index calls_open_by_span on calls (span_id, first_attempt_at) where span_id is not null and final_at is null;
create index calls_by_first_dial on calls (first_attempt_at, user_id) where first_attempt_at is not null;

create index attempts_on_new on attempts (started_at) where system = 'new-system';

alter table reported_outcomes add column span_id bigint references rollout_spans (id);
create index reported_outcomes_by_span on reported_outcomes (span_id) where span_id is not null;
create index reported_outcomes_by_start on reported_outcomes (started_at);

create table counts_by_span (
  stream text not null check (stream in ('first_attempt', 'call')),
  bucket_start bigint not null,
  span_id bigint not null,
  system text not null check (system in ('new-system', 'old-system')),
  outcome text not null,
  connected smallint not null check (connected in (0, 1)),
  retried smallint not null check (retried in (0, 1)),
  calls bigint not null check (calls >= 0),
  primary key (stream, bucket_start, span_id, system, outcome, connected, retried)
);
insert into counts_by_span (stream, bucket_start, span_id, system, outcome, connected, retried, calls)
  select stream, bucket_start, 0, system, outcome, connected, 0, calls from evidence_counts;
drop table evidence_counts;
alter table counts_by_span rename to evidence_counts;

create table closed_buckets (
  seq $KEY,
  span_id bigint not null references rollout_spans (id),
  stream text not null check (stream in ('first_attempt', 'call')),
  bucket_start bigint not null,
  part text not null check (part in ('both', 'new-system', 'old-system')),
  closed_at bigint not null,
  new_total bigint not null,
  new_completed bigint not null,
  new_voicemail_left bigint not null,
  new_failed bigint not null,
  new_connected bigint not null,
  new_unknown bigint not null,
  new_retried bigint not null,
  new_retried_successful bigint not null,
  old_total bigint not null,
  old_completed bigint not null,
  old_voicemail_left bigint not null,
  old_failed bigint not null,
  old_connected bigint not null,
  old_unknown bigint not null,
  old_retried bigint not null,
  old_retried_successful bigint not null,
  unique (span_id, stream, bucket_start, part)
);
create table evidence_pipelines (
  rollout text not null references rollouts (name),
  run integer not null,
  first_until bigint not null,
  calls_from bigint not null,
  closed_at bigint not null,
  primary key (rollout, run)
);

create table time_counts (
  metric text not null,
  source text not null,
  bucket_start bigint not null,
  span_id bigint not null,
  total bigint not null,
  over_bounds text not null,
  primary key (bucket_start, metric, source)
);
create table time_sums (
  span_id bigint not null,
  metric text not null,
  total bigint not null,
  over_bounds text not null,
  primary key (span_id, metric)
);

create table beat_spans (
  id $KEY,
  node_id text not null,
  kind text not null check (kind in ('up', 'impaired', 'failed', 'stopped', 'unknown')),
  from_at bigint not null,
  to_at bigint not null check (to_at >= from_at),
  why text not null default ''
);
create index beat_spans_by_end on beat_spans (to_at);
create index beat_spans_by_node on beat_spans (node_id, id);

create table gauge_names (
  name text not null primary key,
  exists_here smallint not null check (exists_here in (0, 1)),
  missing text not null
);
create table gauge_readings (
  name text not null,
  minute_start bigint not null,
  at bigint not null,
  value double precision not null,
  primary key (name, minute_start)
);
create index gauge_readings_by_age on gauge_readings (minute_start);
create table gauge_days (
  name text not null,
  day bigint not null,
  readings bigint not null,
  low double precision not null,
  high double precision not null,
  total double precision not null,
  primary key (name, day)
);
create table gauge_sums (
  name text not null,
  span_id bigint not null,
  readings bigint not null,
  total double precision not null,
  primary key (span_id, name)
);

create table evidence_items (
  kind text not null,
  external_id text not null,
  severity text not null,
  status text not null,
  value double precision not null,
  critical smallint not null check (critical in (0, 1)),
  call_id text references calls (id),
  at bigint not null,
  system text not null check (system in ('', 'new', 'old')),
  span_id bigint references rollout_spans (id),
  note text not null,
  reported_by text not null,
  reported_at bigint not null,
  primary key (kind, external_id)
);
create index evidence_items_by_time on evidence_items (at);
create index evidence_items_by_span on evidence_items (span_id) where span_id is not null;
create index evidence_items_unsettled on evidence_items (kind, at) where status in ('open', 'confirmed');
create table evidence_item_changes (
  kind text not null,
  external_id text not null,
  position integer not null,
  at bigint not null,
  by_whom text not null,
  status text not null,
  reason text not null,
  primary key (kind, external_id, position),
  foreign key (kind, external_id) references evidence_items (kind, external_id)
);

create table signatures (
  id $KEY,
  rollout text not null references rollouts (name),
  run integer not null,
  phase integer not null,
  subject text not null,
  by_whom text not null,
  note text not null,
  link text not null,
  at bigint not null,
  decision bigint not null,
  standing text not null,
  taken_back_at bigint
);
create index signatures_by_run on signatures (rollout, run, id);

create table waivers (
  id $KEY,
  rollout text not null references rollouts (name),
  condition_text text not null,
  by_whom text not null,
  reason text not null,
  until_at bigint not null,
  at bigint not null
);
create index waivers_by_rollout on waivers (rollout, id);

create table proofs (
  id $KEY,
  name text not null,
  at bigint not null,
  concurrent double precision not null,
  hours double precision not null,
  version text not null,
  passed smallint not null check (passed in (0, 1))
);

create table aa_results (
  rollout text not null primary key references rollouts (name),
  ran smallint not null check (ran in (0, 1)),
  alarm smallint not null check (alarm in (0, 1)),
  users bigint not null,
  calls bigint not null,
  design_effect double precision not null,
  log_e double precision not null,
  at bigint not null
);
)";

}  // namespace callramp::sql
