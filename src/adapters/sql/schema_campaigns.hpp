// The schema's third step: campaigns, their contacts, and the batches that bring them. schema.cpp lists it.
//
// A contact is a cheap row; a call is made of it when it is about to be dialed, so that the queue stays as short as
// what can be dialed, however long the list is. What became of a contact that was called is its call's to say.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view campaigns_script = R"(
create table campaigns (
  id text not null primary key,
  name text not null,
  agent_id text not null,
  status text not null check (status in ('draft', 'scheduled', 'active', 'paused', 'completed', 'cancelled')),
  status_reason text not null default '',
  kind text not null check (kind in ('transactional', 'promotional', 'service')),
  priority smallint not null check (priority between 0 and 2),
  region text not null,
  settings text not null,
  max_concurrent integer not null check (max_concurrent >= 0),
  calls_per_minute integer not null check (calls_per_minute >= 0),
  budget_micros bigint check (budget_micros > 0),
  day_budget_micros bigint check (day_budget_micros > 0),
  currency text not null,
  start_at bigint,
  started_at bigint,
  ended_at bigint,
  created_at bigint not null,
  created_by text not null,
  updated_at bigint not null,
  version bigint not null check (version >= 1),
  check ((status in ('completed', 'cancelled')) = (ended_at is not null)),
  check (status <> 'scheduled' or start_at is not null)
);
create index campaigns_by_status on campaigns (status, created_at);
create index campaigns_by_agent on campaigns (agent_id);

create table batches (
  id text not null primary key,
  campaign_id text references campaigns (id),
  agent_id text,
  region text not null,
  file_name text not null,
  spool_file text not null,
  state text not null check (state in ('importing', 'done', 'cancelled', 'failed')),
  dry_run smallint not null check (dry_run in (0, 1)),
  bytes_total bigint not null default 0,
  bytes_done bigint not null default 0,
  good bigint not null default 0,
  rejected bigint not null default 0,
  duplicates bigint not null default 0,
  do_not_call bigint not null default 0,
  checkpoint text not null default '',
  error text not null default '',
  created_at bigint not null,
  created_by text not null,
  finished_at bigint,
  check ((state = 'importing') = (finished_at is null))
);
create index batches_by_creation on batches (created_at);
create index batches_open on batches (created_at) where finished_at is null;
create index batches_by_campaign on batches (campaign_id) where campaign_id is not null;

create table batch_errors (
  batch_id text not null references batches (id),
  line bigint not null,
  field text not null,
  value text not null,
  reason text not null,
  primary key (batch_id, line)
);

create table contacts (
  seq $KEY,
  campaign_id text not null references campaigns (id),
  batch_id text references batches (id),
  line bigint not null default 0,
  phone text not null,
  user_id text not null,
  name text not null default '',
  agent_id text,
  timezone text not null default '',
  zones text not null,
  metadata text not null default '{}',
  consent text not null default '',
  state smallint not null default 0 check (state between 0 and 3),
  reason text not null default '',
  call_id text,
  unique (campaign_id, phone),
  check ((state = 1) = (call_id is not null))
);
create index contacts_waiting on contacts (campaign_id, state, zones, seq) where state = 0;
create index contacts_in_order on contacts (campaign_id, seq, state);

create table campaign_spend (
  campaign_id text not null references campaigns (id),
  day bigint not null,
  micros bigint not null,
  primary key (campaign_id, day)
);
create table campaign_alerts (
  campaign_id text not null references campaigns (id),
  kind text not null check (kind in ('total', 'day')),
  day bigint not null,
  threshold integer not null,
  spent_micros bigint not null,
  budget_micros bigint not null,
  at bigint not null,
  told_at bigint,
  primary key (campaign_id, kind, day, budget_micros, threshold)
);
create index campaign_alerts_untold on campaign_alerts (at) where told_at is null;

alter table calls add column campaign_id text references campaigns (id);
alter table calls add column contact_seq bigint references contacts (seq);
alter table calls add column retries integer not null default 0;
alter table calls add column retry_at bigint;
create index calls_by_campaign on calls (campaign_id, status, outcome) where campaign_id is not null;
create index calls_of_campaign on calls (campaign_id, created_at, id) where campaign_id is not null;
create index calls_undialed_by_campaign on calls (campaign_id)
  where campaign_id is not null and first_attempt_at is null and final_at is null;
create unique index calls_by_contact on calls (contact_seq) where contact_seq is not null;

alter table attempts add column manual_retry smallint not null default 0;
)";

}  // namespace callramp::sql
