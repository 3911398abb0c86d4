// What campaigns have spent, by day: kept where an attempt's costs are stored, so that no crash can lose or double a
// rupee, and a budget that ends stops its campaign in the same commit.
#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

struct Budgeted {
  std::string_view kind;
  std::int64_t day = 0;
  std::int64_t spent = 0;
  std::int64_t budget = 0;
};

// An alert is written when its share is first reached; a correction that falls back below and rises again finds it.
void write_alerts(Db& db, const CampaignId& id, const Budgeted& of, Instant now) {
  for (const int threshold : thresholds_reached(of.spent, of.budget))
    db.run(
        "insert into campaign_alerts (campaign_id, kind, day, threshold, spent_micros, budget_micros, at) values "
        "(:id, :kind, :day, :threshold, :spent, :budget, :at) on conflict (campaign_id, kind, day, budget_micros, "
        "threshold) do nothing",
        {id, of.kind, of.day, threshold, of.spent, of.budget, now});
}

}  // namespace

std::int64_t cost_of(Db& db, const AttemptId& attempt) {
  return db.number("select sum(micros) from cost_lines where attempt_id = :id", {attempt}).value_or(0);
}

void book_spending(Db& db, const Attempt& attempt, const Call& call, std::int64_t change_micros, Instant now) {
  if (!call.campaign || change_micros == 0) return;
  const CampaignId& id = *call.campaign;
  const std::int64_t day = budget_day(attempt.started_at);
  db.run(
      "insert into campaign_spend (campaign_id, day, micros) values (:id, :day, :micros) on conflict (campaign_id, "
      "day) do update set micros = micros + excluded.micros",
      {id, day, change_micros});
  const auto campaign = find_campaign(db, id);
  if (!campaign) throw DbFailure({ErrorCode::internal, "campaign '" + id.str() + "' is gone from the database"});
  if (const auto& budget = campaign->budget.per_day)
    write_alerts(
        db, id,
        {.kind = "day",
         .day = day,
         .spent = db.number("select micros from campaign_spend where campaign_id = :id and day = :day", {id, day})
                      .value_or(0),
         .budget = budget->micros},
        now);
  const auto& budget = campaign->budget.total;
  if (!budget) return;
  const std::int64_t spent =
      db.number("select sum(micros) from campaign_spend where campaign_id = :id", {id}).value_or(0);
  write_alerts(db, id, {.kind = "total", .spent = spent, .budget = budget->micros}, now);
  if (spent >= budget->micros)
    pause_by_system(db, id, "budget of " + to_string(*budget) + " is spent; raise it and resume", now);
}

}  // namespace callramp::sql
