// Campaigns and contacts as the tables hold them, read by their store and by the claim alike.
#pragma once

#include <string_view>

#include "adapters/sql/db.hpp"
#include "ports/campaign_store.hpp"

namespace callramp::sql {

inline constexpr std::string_view campaign_columns =
    "id, name, agent_id, status, status_reason, kind, priority, region, settings, max_concurrent, calls_per_minute, "
    "budget_micros, day_budget_micros, currency, start_at, started_at, ended_at, created_at, created_by, updated_at, "
    "version";
inline constexpr std::string_view campaign_kinds =
    "ttttttntt"
    "nnnn"
    "tnnnn"
    "tnn";
Campaign read_campaign(Row& row);

inline constexpr std::string_view contact_columns =
    "seq, campaign_id, batch_id, line, phone, user_id, name, agent_id, timezone, zones, metadata, consent, state, "
    "reason, call_id";
inline constexpr std::string_view contact_kinds =
    "nttntttttttt"
    "ntt";
Contact read_contact(Row& row);

std::optional<Campaign> find_campaign(Db& db, const CampaignId& id);
/// not_found names the campaign and how to list them.
Result<Campaign> required_campaign(Db& db, const CampaignId& id);
CampaignLoad read_load(Db& db, const CampaignId& id, Instant now);

/// Where the campaign stands from now on; counts its version up and sets the dates that follow.
void set_status(Db& db, const CampaignId& id, CampaignStatus status, const std::string& reason, Instant now);
/// The program itself pauses it, if it is active or scheduled: a spent budget, a grave complaint. Audited.
void pause_by_system(Db& db, const CampaignId& id, const std::string& reason, Instant now);
/// Its calls that wait to be dialed are looked at at once, whatever they were told to wait for: what held them may be
/// over. One whose own time is still to come keeps it.
void look_at_calls(Db& db, const CampaignId& id, Instant now);

/// What an attempt of a campaign's call cost more (or less) than before, kept in the transaction that says so: the
/// day's spending, the alerts that it reaches, and the stop at the end of the budget.
void book_spending(Db& db, const Attempt& attempt, const Call& call, std::int64_t change_micros, Instant now);
/// What the attempt's cost lines sum up to in `currency`.
std::int64_t cost_of(Db& db, const AttemptId& attempt);

}  // namespace callramp::sql
