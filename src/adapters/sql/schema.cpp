// The schema's steps. A released step is never edited: a change is a new step at the end.
//
// Types that SQLite and PostgreSQL share: times are bigint microseconds UTC, booleans smallint 0 or 1, JSON and ids
// text. The constraints are not decoration: a bug that would dial a number twice, spend a token of another attempt or
// give a call two outcomes is refused here.
#include "adapters/sql/migrations.hpp"

#include <array>

#include "adapters/sql/schema_campaigns.hpp"
#include "adapters/sql/schema_retries.hpp"
#include "adapters/sql/schema_rollouts.hpp"

namespace callramp::sql {
namespace {

constexpr std::string_view calls_and_flags = R"(
create table settings (name text not null primary key, value text not null);

create table flags (
  id smallint not null primary key check (id = 1),
  version bigint not null check (version >= 1),
  outbound_calls_enabled smallint not null check (outbound_calls_enabled in (0, 1)),
  percentage_basis_points integer not null check (percentage_basis_points between 0 and 10000),
  enable_retry_logic smallint not null check (enable_retry_logic in (0, 1)),
  enable_voicemail_detection smallint not null check (enable_voicemail_detection in (0, 1)),
  enable_bulk_import smallint not null check (enable_bulk_import in (0, 1)),
  changed_at bigint not null,
  changed_by text not null
);

create table flag_changes (
  version bigint not null primary key,
  at bigint not null,
  actor text not null,
  source text not null,
  reason text not null,
  from_enabled smallint not null,
  from_percentage integer not null,
  from_retry smallint not null,
  from_voicemail smallint not null,
  from_bulk smallint not null,
  to_enabled smallint not null,
  to_percentage integer not null,
  to_retry smallint not null,
  to_voicemail smallint not null,
  to_bulk smallint not null
);

create table pins (
  user_id text not null primary key,
  system text not null check (system in ('new-system', 'old-system')),
  reason text not null,
  actor text not null,
  created_at bigint not null,
  until_at bigint
);

create table seen_environment (name text not null primary key, value text not null);

create table audit (
  seq $KEY,
  at bigint not null,
  actor text not null,
  action text not null,
  subject text not null,
  reason text not null,
  details text not null
);

create table tokens (
  id text not null primary key,
  name text not null,
  role text not null check (role in ('viewer', 'operator', 'approver', 'admin')),
  hash text not null unique,
  created_at bigint not null,
  revoked_at bigint
);
create unique index tokens_live_name on tokens (name) where revoked_at is null;

create table agents (
  id text not null primary key,
  name text not null,
  greeting text not null,
  disclosure text not null,
  prompt text not null,
  goodbye text not null,
  apology text not null,
  language text not null,
  voice text not null,
  model text not null,
  stt_model text not null,
  max_duration_s bigint not null check (max_duration_s > 0),
  max_turns integer not null check (max_turns > 0),
  created_at bigint not null,
  updated_at bigint not null
);

create table do_not_call (
  phone text not null primary key,
  reason text not null,
  actor text not null,
  created_at bigint not null
);
create table do_not_call_version (
  id smallint not null primary key check (id = 1),
  version bigint not null
);
insert into do_not_call_version (id, version) values (1, 0);

create table calls (
  id text not null primary key,
  phone text not null,
  user_id text not null,
  agent_id text not null,
  metadata text not null,
  priority smallint not null check (priority between 0 and 2),
  kind text not null check (kind in ('transactional', 'promotional', 'service')),
  timezone text not null,
  status text not null check (status in ('scheduled', 'queued', 'dialing', 'ringing', 'in_progress', 'final',
    'handed_back')),
  accepted_system text not null check (accepted_system in ('new-system', 'old-system')),
  system text check (system in ('new-system', 'old-system')),
  crossed smallint not null default 0 check (crossed in (0, 1)),
  outcome text check (outcome in ('completed', 'voicemail_left', 'voicemail', 'no_answer', 'busy', 'rejected',
    'invalid_number', 'unreachable', 'early_hangup', 'failed', 'cancelled', 'expired')),
  fault text check (fault in ('ours', 'telephony', 'stt', 'llm', 'tts', 'old')),
  reason text not null,
  test smallint not null check (test in (0, 1)),
  cancel_requested smallint not null check (cancel_requested in (0, 1)),
  attempts integer not null check (attempts >= 0),
  batch_id text,
  created_at bigint not null,
  due_at bigint not null,
  look_at bigint not null,
  updated_at bigint not null,
  first_attempt_at bigint,
  final_at bigint,
  ended_by text,
  check ((status = 'final') = (outcome is not null)),
  check ((status = 'final') = (final_at is not null)),
  check ((outcome is not null and outcome = 'failed') = (fault is not null)),
  check (status not in ('dialing', 'ringing', 'in_progress') or system is not null),
  check (first_attempt_at is null or attempts > 0)
);
create index calls_due on calls (priority, look_at, due_at, id) where status in ('scheduled', 'queued');
create index calls_live_by_agent on calls (agent_id)
  where status in ('scheduled', 'queued', 'dialing', 'ringing', 'in_progress');
create index calls_by_creation on calls (created_at, id);
create index calls_by_status on calls (status, created_at, id);
create index calls_by_outcome on calls (outcome, created_at, id) where outcome is not null;
create index calls_by_agent on calls (agent_id, created_at, id);
create index calls_by_user on calls (user_id, created_at, id);
create index calls_by_phone on calls (phone, created_at, id);
create index calls_by_batch on calls (batch_id, created_at, id) where batch_id is not null;

create table attempts (
  id text not null primary key,
  call_id text not null references calls (id),
  number integer not null check (number >= 1),
  first_dial smallint not null check (first_dial in (0, 1)),
  system text not null check (system in ('new-system', 'old-system')),
  provider text not null,
  provider_call_id text check (provider_call_id <> ''),
  phone text not null,
  caller_id text not null,
  status text not null check (status in ('dialing', 'ringing', 'in_progress', 'final')),
  outcome text check (outcome in ('completed', 'voicemail_left', 'voicemail', 'no_answer', 'busy', 'rejected',
    'invalid_number', 'unreachable', 'early_hangup', 'failed', 'cancelled', 'expired', 'unknown')),
  fault text check (fault in ('ours', 'telephony', 'stt', 'llm', 'tts', 'old')),
  reason text not null,
  stream_token text unique check (stream_token <> ''),
  token_spent_at bigint,
  node_id text not null,
  lease_until bigint not null,
  started_at bigint not null,
  placed_at bigint,
  answered_at bigint,
  media_started_at bigint,
  ended_at bigint,
  carrier_duration_s bigint,
  carrier_price_micros bigint,
  carrier_price_currency text,
  permission text not null,
  price_book text not null default '',
  connected smallint not null default 0 check (connected in (0, 1)),
  route_bucket smallint not null,
  route_position smallint not null,
  route_percentage integer not null,
  route_reason text not null,
  route_flag_version bigint not null,
  unique (call_id, number),
  unique (provider, provider_call_id),
  check ((status = 'final') = (outcome is not null)),
  check ((status = 'final') = (ended_at is not null)),
  check ((outcome is not null and outcome = 'failed') = (fault is not null)),
  check ((carrier_price_micros is null) = (carrier_price_currency is null))
);
create unique index attempts_one_open_per_phone on attempts (phone) where outcome is null;
create unique index attempts_one_open_per_call on attempts (call_id) where outcome is null;
create index attempts_unpriced on attempts (provider, ended_at)
  where carrier_price_micros is null and provider_call_id is not null;

create table transcript_lines (
  attempt_id text not null references attempts (id),
  position integer not null,
  speaker text not null check (speaker in ('agent', 'callee')),
  text text not null,
  from_ms bigint not null,
  to_ms bigint not null,
  interrupted smallint not null check (interrupted in (0, 1)),
  primary key (attempt_id, position)
);

create table turns (
  attempt_id text not null references attempts (id),
  position integer not null,
  turn integer not null,
  endpointing_ms bigint,
  first_token_ms bigint,
  first_sentence_ms bigint,
  first_audio_ms bigint,
  first_played_ms bigint,
  primary key (attempt_id, position)
);

create table cost_lines (
  attempt_id text not null references attempts (id),
  position integer not null,
  provider text not null,
  item text not null,
  quantity double precision not null,
  unit text not null,
  micros bigint not null,
  currency text not null,
  estimated smallint not null check (estimated in (0, 1)),
  primary key (attempt_id, position)
);

create table idempotency (
  key text not null primary key,
  fingerprint text not null,
  created_at bigint not null
);
create index idempotency_by_age on idempotency (created_at);
create table idempotency_calls (
  key text not null references idempotency (key) on delete cascade,
  position integer not null,
  call_id text not null references calls (id),
  primary key (key, position)
);

create table reported_outcomes (
  external_id text not null primary key,
  user_id text not null,
  system text not null check (system in ('new-system', 'old-system')),
  phone text,
  started_at bigint not null,
  outcome text not null,
  duration_s bigint,
  reported_at bigint not null
);

create table evidence_counts (
  bucket_start bigint not null,
  stream text not null check (stream in ('first_attempt', 'call')),
  system text not null check (system in ('new-system', 'old-system')),
  outcome text not null,
  connected smallint not null check (connected in (0, 1)),
  calls bigint not null check (calls >= 0),
  primary key (stream, bucket_start, system, outcome, connected)
);
)";

constexpr std::array steps{Migration{.name = "calls and flags", .script = calls_and_flags},
                           Migration{.name = "rollouts and their evidence", .script = rollouts_script},
                           Migration{.name = "campaigns, contacts and batches", .script = campaigns_script},
                           Migration{.name = "retries that people ask for", .script = retries_script},
                           Migration{.name = "schedules", .script = schedules_script}};

}  // namespace

std::span<const Migration> migrations() { return steps; }

}  // namespace callramp::sql
