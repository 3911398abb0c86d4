#include "adapters/sql/campaign_store.hpp"

#include <fmt/format.h>

#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/rows.hpp"
#include "wire/campaign_json.hpp"

namespace callramp::sql {
namespace {

std::string settings_text(const CampaignSettings& settings) { return boost::json::serialize(wire::to_json(settings)); }

std::optional<std::int64_t> micros(const std::optional<Money>& money) {
  return money ? std::optional(money->micros) : std::nullopt;
}

// Of both budgets, which share it; of none, the one that costs are kept in by default.
Currency currency_of(const CampaignBudget& budget) {
  return budget.total ? budget.total->currency : budget.per_day ? budget.per_day->currency : Currency{};
}

Status needs_agent(Db& db, const AgentId& id) {
  if (db.exists("select 1 from agents where id = :id", {id})) return {};
  return fail(ErrorCode::agent_not_found, "there is no agent '" + id.str() + "'", "agentId");
}

Result<Campaign> insert(Db& db, const Campaign& campaign) {
  TRY_VOID(needs_agent(db, campaign.agent));
  db.run(
      "insert into campaigns (id, name, agent_id, status, kind, priority, region, settings, max_concurrent, "
      "calls_per_minute, budget_micros, day_budget_micros, currency, start_at, started_at, created_at, created_by, "
      "updated_at, version) values (:id, :name, :agent, :status, :kind, :priority, :region, :settings, :concurrent, "
      ":pace, :budget, :day_budget, :currency, :start, :started, :created, :by, :updated, 1)",
      {campaign.id, campaign.name, campaign.agent, to_string(campaign.status), to_string(campaign.kind),
       static_cast<int>(campaign.priority), campaign.region, settings_text(campaign.settings), campaign.max_concurrent,
       campaign.calls_per_minute, micros(campaign.budget.total), micros(campaign.budget.per_day),
       currency_of(campaign.budget).str(), campaign.start_at, campaign.started_at, campaign.created_at,
       campaign.created_by, campaign.created_at});
  append_audit(db, {.at = campaign.created_at,
                    .actor = campaign.created_by,
                    .action = "campaign.create",
                    .subject = campaign.id.str(),
                    .reason = campaign.name});
  return required_campaign(db, campaign.id);
}

Status needs_version(const Campaign& stored, std::int64_t version) {
  if (stored.version == version) return {};
  return fail(ErrorCode::precondition_failed,
              fmt::format("campaign '{}' is at version {}, not {}; read it again and repeat your change",
                          stored.id.str(), stored.version, version));
}

Result<Campaign> replace(Db& db, const Campaign& wanted, const std::string& actor, Instant now) {
  TRY(stored, required_campaign(db, wanted.id));
  TRY_VOID(needs_version(stored, wanted.version));
  if (is_over(stored.status))
    return fail(ErrorCode::conflict, fmt::format("campaign '{}' is {} and cannot be changed; create a new one",
                                                 stored.name, to_string(stored.status)));
  TRY_VOID(needs_agent(db, wanted.agent));
  if (stored.status == CampaignStatus::scheduled && !wanted.start_at)
    return fail(ErrorCode::conflict,
                "campaign '" + stored.name + "' is scheduled and needs its startAt; start it, or pause it first",
                "startAt");
  db.run(
      "update campaigns set name = :name, agent_id = :agent, kind = :kind, priority = :priority, region = :region, "
      "settings = :settings, max_concurrent = :concurrent, calls_per_minute = :pace, budget_micros = :budget, "
      "day_budget_micros = :day_budget, currency = :currency, start_at = :start, updated_at = :now, version = version "
      "+ 1 where id = :id",
      {wanted.name, wanted.agent, to_string(wanted.kind), static_cast<int>(wanted.priority), wanted.region,
       settings_text(wanted.settings), wanted.max_concurrent, wanted.calls_per_minute, micros(wanted.budget.total),
       micros(wanted.budget.per_day), currency_of(wanted.budget).str(), wanted.start_at, now, wanted.id});
  look_at_calls(db, wanted.id, now);
  append_audit(db, {.at = now,
                    .actor = actor,
                    .action = "campaign.change",
                    .subject = wanted.id.str(),
                    .reason = wanted.name,
                    .details_json = fmt::format("{{\"version\":{}}}", stored.version + 1)});
  return required_campaign(db, wanted.id);
}

Status erase(Db& db, const CampaignId& id, const std::string& actor, Instant now) {
  TRY(stored, required_campaign(db, id));
  if (stored.status != CampaignStatus::draft && stored.status != CampaignStatus::cancelled)
    return fail(ErrorCode::conflict,
                fmt::format("campaign '{}' is {}; cancel it first", stored.name, to_string(stored.status)));
  if (db.exists("select 1 from calls where campaign_id = :id limit 1", {id}))
    return fail(ErrorCode::conflict,
                "campaign '" + stored.name + "' has made calls and stays: its results are their record");
  if (db.exists("select 1 from batches where campaign_id = :id and finished_at is null limit 1", {id}))
    return fail(ErrorCode::conflict, "a file is being imported into campaign '" + stored.name + "'; cancel it first");
  db.run("delete from contacts where campaign_id = :id", {id});
  db.run("delete from batch_errors where batch_id in (select id from batches where campaign_id = :id)", {id});
  db.run("delete from batches where campaign_id = :id", {id});
  db.run("delete from campaigns where id = :id", {id});
  append_audit(db,
               {.at = now, .actor = actor, .action = "campaign.remove", .subject = id.str(), .reason = stored.name});
  return {};
}

// Nothing of it is dialed from here on; what is under way is asked to end, which the engine carries out.
void cancel_calls(Db& db, const CampaignId& id, Instant now) {
  db.run(
      "update calls set status = 'final', outcome = 'cancelled', reason = 'its campaign was cancelled', final_at = "
      ":at, updated_at = :updated, retry_at = null, retry_by = null where campaign_id = :id and status in "
      "('scheduled', 'queued')",
      {now, now, id});
  db.run(
      "update calls set cancel_requested = 1, updated_at = :now where campaign_id = :id and status in ('dialing', "
      "'ringing', 'in_progress')",
      {now, id});
}

struct GivenOrder {
  CampaignId id;
  CampaignOrder order = CampaignOrder::start;
  std::string actor;
  std::string reason;
  std::optional<std::int64_t> version;
  Instant now{};
};

Result<Campaign> carry_out(Db& db, const GivenOrder& given) {
  TRY(stored, required_campaign(db, given.id));
  if (given.version) TRY_VOID(needs_version(stored, *given.version));
  TRY(status, status_after(stored, given.order, given.now));
  std::string why;
  if (given.order == CampaignOrder::pause || given.order == CampaignOrder::cancel)
    why = given.reason.empty() ? "by " + given.actor : given.reason + " (" + given.actor + ")";
  set_status(db, given.id, status, why, given.now);
  if (status == CampaignStatus::cancelled) cancel_calls(db, given.id, given.now);
  if (status == CampaignStatus::active) look_at_calls(db, given.id, given.now);
  append_audit(db, {.at = given.now,
                    .actor = given.actor,
                    .action = "campaign." + std::string(to_string(given.order)),
                    .subject = given.id.str(),
                    .reason = given.reason});
  return required_campaign(db, given.id);
}

CampaignPage list_campaigns(Db& db, const CampaignFilter& filter) {
  static const std::string all =
      select(campaign_columns, "campaigns", "order by created_at desc, id desc limit :limit offset :offset");
  static const std::string some =
      select(campaign_columns, "campaigns",
             "where status = :status order by created_at desc, id desc limit :limit offset :offset");
  const std::int64_t offset = std::int64_t{filter.limit} * (filter.page - 1);
  if (!filter.status)
    return {.campaigns = db.all(all, campaign_kinds, {filter.limit, offset}, read_campaign),
            .total = db.number("select count(*) from campaigns").value_or(0)};
  return {
      .campaigns = db.all(some, campaign_kinds, {to_string(*filter.status), filter.limit, offset}, read_campaign),
      .total =
          db.number("select count(*) from campaigns where status = :status", {to_string(*filter.status)}).value_or(0)};
}

}  // namespace

Awaitable<Result<Campaign>> SqlCampaignStore::create(Campaign campaign) {
  return executor_.write<Campaign>([campaign = std::move(campaign)](Db& db) { return insert(db, campaign); });
}

Awaitable<Result<Campaign>> SqlCampaignStore::get(CampaignId id) {
  return executor_.read<Campaign>([id = std::move(id)](Db& db) { return required_campaign(db, id); });
}

Awaitable<Result<CampaignPage>> SqlCampaignStore::list(CampaignFilter filter) {
  return executor_.read<CampaignPage>([=](Db& db) -> Result<CampaignPage> { return list_campaigns(db, filter); });
}

Awaitable<Result<Campaign>> SqlCampaignStore::change(Campaign campaign, std::string actor, Instant now) {
  return executor_.write<Campaign>([campaign = std::move(campaign), actor = std::move(actor), now](Db& db) {
    return replace(db, campaign, actor, now);
  });
}

Awaitable<Status> SqlCampaignStore::remove(CampaignId id, std::string actor, Instant now) {
  return executor_.write<void>([=](Db& db) { return erase(db, id, actor, now); });
}

Awaitable<Result<Campaign>> SqlCampaignStore::order(CampaignId id, CampaignOrder order, std::string actor,
                                                    std::string reason, std::optional<std::int64_t> version,
                                                    Instant now) {
  GivenOrder given{.id = std::move(id),
                   .order = order,
                   .actor = std::move(actor),
                   .reason = std::move(reason),
                   .version = version,
                   .now = now};
  return executor_.write<Campaign>([given = std::move(given)](Db& db) { return carry_out(db, given); });
}

}  // namespace callramp::sql
