// The schema's fourth step: retries that people ask for, and the counting of dials by number. schema.cpp lists it.
#pragma once

#include <string_view>

namespace callramp::sql {

inline constexpr std::string_view retries_script = R"(
alter table calls add column retry_by text;
alter table calls add column retry_of text references calls (id);
create index calls_by_retry_of on calls (retry_of) where retry_of is not null;
create index attempts_by_phone on attempts (phone, started_at);
)";

}  // namespace callramp::sql
