// The schema's step of persons: who may not be called although their number is forgotten, and the tombstones.
// schema.cpp lists it.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view persons_script = R"(
create table do_not_call_hashes (
  hash text not null primary key,
  created_at bigint not null
);
create table tombstones (
  at bigint not null primary key,
  kind text not null check (kind in ('stop', 'allow', 'erase')),
  hash text not null
);
create index reported_outcomes_by_phone on reported_outcomes (phone) where phone is not null;
create index reported_outcomes_by_user on reported_outcomes (user_id);
create index contacts_by_phone on contacts (phone);
create index evidence_items_by_call on evidence_items (call_id) where call_id is not null;
create index outbox_by_subject on outbox (subject);
)";

}  // namespace callramp::sql
