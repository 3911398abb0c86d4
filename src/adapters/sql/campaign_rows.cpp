#include "adapters/sql/campaign_rows.hpp"

#include <boost/json.hpp>

#include "adapters/sql/rows.hpp"
#include "wire/campaign_json.hpp"

namespace callramp::sql {
namespace {

CampaignSettings parse_settings(const std::string& text) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object())
    throw DbFailure({ErrorCode::internal, "the database holds campaign settings that are no JSON object"});
  auto settings = wire::read_settings(value.get_object(), {});
  if (!settings)
    throw DbFailure(
        {ErrorCode::internal, "the database holds campaign settings that cannot be: " + settings.error().message});
  return *std::move(settings);
}

std::optional<Money> in_currency(const std::optional<std::int64_t>& micros, const Currency& currency) {
  if (!micros) return std::nullopt;
  return Money{.micros = *micros, .currency = currency};
}

}  // namespace

Campaign read_campaign(Row& row) {
  Campaign campaign{.id = row.id<CampaignId>(),
                    .name = row.text(),
                    .agent = row.id<AgentId>(),
                    .status = row.word(parse_campaign_status),
                    .status_reason = row.text(),
                    .kind = row.word(parse_call_kind),
                    .priority = static_cast<Priority>(row.integer()),
                    .region = row.text(),
                    .settings = parse_settings(row.text()),
                    .max_concurrent = row.integer(),
                    .calls_per_minute = row.integer()};
  const auto total = row.maybe(&Row::number);
  const auto per_day = row.maybe(&Row::number);
  const auto currency = Currency::parse(row.text());
  if (!currency) throw DbFailure(currency.error());
  campaign.budget = {.total = in_currency(total, *currency), .per_day = in_currency(per_day, *currency)};
  campaign.start_at = row.maybe(&Row::instant);
  campaign.started_at = row.maybe(&Row::instant);
  campaign.ended_at = row.maybe(&Row::instant);
  campaign.created_at = row.instant();
  campaign.created_by = row.text();
  campaign.updated_at = row.instant();
  campaign.version = row.number();
  return campaign;
}

Contact read_contact(Row& row) {
  return Contact{.seq = row.number(),
                 .campaign = row.id<CampaignId>(),
                 .batch = row.maybe(&Row::id<BatchId>),
                 .line = row.number(),
                 .phone = row.phone(),
                 .user = row.id<UserId>(),
                 .name = row.text(),
                 .agent = row.maybe(&Row::id<AgentId>),
                 .timezone = row.text(),
                 .zones = row.text(),
                 .metadata_json = row.text(),
                 .consent = row.text(),
                 .state = static_cast<ContactState>(row.integer()),
                 .reason = row.text(),
                 .call = row.maybe(&Row::id<CallId>)};
}

std::optional<Campaign> find_campaign(Db& db, const CampaignId& id) {
  static const std::string sql = select(campaign_columns, "campaigns", "where id = :id");
  return db.one(sql, campaign_kinds, {id}, read_campaign);
}

Result<Campaign> required_campaign(Db& db, const CampaignId& id) {
  auto campaign = find_campaign(db, id);
  if (!campaign)
    return fail(ErrorCode::not_found, "there is no campaign '" + id.str() + "'; list them to find its id",
                "campaignId");
  return *std::move(campaign);
}

CampaignLoad read_load(Db& db, const CampaignId& id, Instant now) {
  CampaignLoad load;
  load.calling = static_cast<int>(
      db.number(
            "select count(*) from calls where campaign_id = :id and status in ('dialing', 'ringing', 'in_progress')",
            {id})
          .value_or(0));
  load.undialed = static_cast<int>(
      db.number("select count(*) from calls where campaign_id = :id and first_attempt_at is null and final_at is null",
                {id})
          .value_or(0));
  load.spent_micros = db.number("select sum(micros) from campaign_spend where campaign_id = :id", {id}).value_or(0);
  load.spent_today_micros =
      db.number("select micros from campaign_spend where campaign_id = :id and day = :day", {id, budget_day(now)})
          .value_or(0);
  return load;
}

void set_status(Db& db, const CampaignId& id, CampaignStatus status, const std::string& reason, Instant now) {
  db.run(
      "update campaigns set status = :status, status_reason = :reason, updated_at = :now, version = version + 1, "
      "started_at = case when started_at is null then :started else started_at end, ended_at = :ended where id = :id",
      {to_string(status), reason, now, status == CampaignStatus::active ? std::optional(now) : std::nullopt,
       is_over(status) ? std::optional(now) : std::nullopt, id});
}

void pause_by_system(Db& db, const CampaignId& id, const std::string& reason, Instant now) {
  if (!db.exists("select 1 from campaigns where id = :id and status in ('active', 'scheduled')", {id})) return;
  set_status(db, id, CampaignStatus::paused, reason, now);
  append_audit(db, {.at = now, .actor = "system", .action = "campaign.pause", .subject = id.str(), .reason = reason});
}

void look_at_calls(Db& db, const CampaignId& id, Instant now) {
  db.run(
      "update calls set look_at = case when due_at > :now then due_at else :at end where campaign_id = :id and status "
      "in ('scheduled', 'queued')",
      {now, now, id});
}

}  // namespace callramp::sql
