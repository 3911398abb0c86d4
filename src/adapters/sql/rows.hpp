// The columns of calls and attempts, and how they become values: every store that reads them reads them the same way.
#pragma once

#include <string>
#include <string_view>

#include "adapters/sql/db.hpp"
#include "core/calls/types.hpp"
#include "core/flags/flags.hpp"

namespace callramp::sql {

inline constexpr std::string_view call_columns =
    "id, phone, user_id, agent_id, metadata, priority, kind, timezone, status, accepted_system, system, outcome, "
    "fault, reason, test, cancel_requested, attempts, retries, batch_id, campaign_id, contact_seq, created_at, due_at, "
    "updated_at, retry_at, first_attempt_at, final_at, retry_of, schedule_id, hours, hours_zone";
inline constexpr std::string_view call_kinds =
    "tttttn"
    "tttttttt"
    "nnnn"
    "ttnnnnnnn"
    "tttt";
Call read_call(Row& row);

inline constexpr std::string_view attempt_columns =
    "id, call_id, number, system, provider, provider_call_id, phone, caller_id, status, outcome, fault, reason, "
    "stream_token, node_id, lease_until, started_at, placed_at, answered_at, media_started_at, ended_at, "
    "carrier_duration_s, carrier_price_micros, carrier_price_currency, permission, manual_retry";
inline constexpr std::string_view attempt_kinds =
    "ttn"
    "ttttttttttt"
    "nnnnnnnn"
    "ttn";
Attempt read_attempt(Row& row);

inline constexpr std::string_view agent_columns =
    "id, name, greeting, disclosure, prompt, goodbye, apology, language, voice, model, stt_model, max_duration_s, "
    "max_turns, created_at, updated_at";
inline constexpr std::string_view agent_kinds = "tttttttttttnnnn";
Agent read_agent(Row& row);

/// "select COLUMNS from TABLE REST", for the constants above.
std::string select(std::string_view columns, std::string_view table, std::string_view rest);

/// Business hours as the tables hold them: what parse_window reads, empty for none.
std::optional<CallingWindow> read_hours(Row& row);
std::string hours_text(const std::optional<CallingWindow>& hours);

std::optional<Call> find_call(Db& db, const CallId& id);
std::optional<Attempt> find_attempt(Db& db, const AttemptId& id);
std::optional<Agent> find_agent(Db& db, const AgentId& id);
/// not_found names the attempt.
Result<Attempt> required_attempt(Db& db, const AttemptId& id);
/// For a row that the transaction has just read or written: its absence is a bug.
Call existing_call(Db& db, const CallId& id);

/// The word, or null.
template <class Enum>
std::optional<std::string_view> word(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return to_string(*value);
}
/// Null for an empty text: an id that the provider has not given yet, a token that nobody needs.
inline std::optional<std::string_view> unless_empty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

/// A user as the audit names it: where it is a phone number (a request without userId), masked like one.
std::string masked_user(const UserId& user);

/// Beside what it records, in the same transaction.
struct AuditLine {
  Instant at{};
  std::string actor;
  std::string action;
  std::string subject;
  std::string reason = {};
  std::string details_json = "{}";
};
void append_audit(Db& db, const AuditLine& line);

}  // namespace callramp::sql
