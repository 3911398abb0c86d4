// The schema's step of the outbox: who is told of what, what happened that they want to hear of, and what became of
// telling them. schema.cpp lists it.
//
// The events are written by triggers: whichever statement makes a call final, now or in a year, its event is in the
// same transaction. An event is a few bytes; it becomes a message when the courier writes it out, because that has the
// time to read what the message says. Nobody subscribed: nothing is written.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view outbox_script = R"(
create table webhooks (
  id text not null primary key,
  url text not null,
  events text not null,
  secret text not null,
  created_at bigint not null,
  created_by text not null
);

create table events (
  seq $KEY,
  kind text not null,
  subject text not null,
  at bigint not null
);

create table outbox (
  seq $KEY,
  kind text not null,
  target text not null,
  subject text not null,
  event_id text not null,
  event text not null,
  body text not null,
  created_at bigint not null,
  due_at bigint not null,
  give_up_at bigint not null,
  tries integer not null default 0,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  last_error text not null default '',
  settled_at bigint,
  check ((state = 'pending') = (settled_at is null)),
  unique (event_id, kind, target)
);
create index outbox_due on outbox (kind, target, due_at, seq) where state = 'pending';
create index outbox_next on outbox (due_at) where state = 'pending';
create index outbox_order on outbox (kind, target, subject, seq) where state = 'pending';
create index outbox_by_target on outbox (kind, target, seq);
create index outbox_dead on outbox (kind, target) where state = 'dead';
create index outbox_settled on outbox (settled_at) where settled_at is not null;

create trigger tell_call_final after update of outcome on calls
when old.outcome is null and new.outcome is not null and exists (select 1 from webhooks)
begin insert into events (kind, subject, at) values ('call.final', new.id, new.final_at); end;

create trigger tell_batch_done after update of finished_at on batches
when old.finished_at is null and new.finished_at is not null and exists (select 1 from webhooks)
begin insert into events (kind, subject, at) values ('batch.done', new.id, new.finished_at); end;

create trigger tell_campaign_completed after update of status on campaigns
when old.status <> 'completed' and new.status = 'completed' and exists (select 1 from webhooks)
begin insert into events (kind, subject, at) values ('campaign.completed', new.id, new.ended_at); end;

create trigger tell_decision_taken after insert on decisions
when exists (select 1 from webhooks)
begin insert into events (kind, subject, at) values ('decision.taken', new.id, new.at); end;
)";

}  // namespace callramp::sql
