// Rollouts over SQL. One class, seven files: rollout_log.cpp (lease, plans, state, decisions), rollout_buckets.cpp
// (what is closed and may be read), rollout_figures.cpp (sums by user and day), rollout_times.cpp, rollout_uptime.cpp,
// rollout_gauges.cpp, rollout_items.cpp (bugs, complaints) and rollout_marks.cpp (signatures, waivers, proofs).
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::sql {

class SqlRolloutStore final : public RolloutStore {
 public:
  explicit SqlRolloutStore(DbExecutor& executor) : executor_(executor) {}

  Awaitable<Result<DeciderLease>> take_lease(NodeId node, Instant now, Instant until) override;
  Awaitable<Status> renew_lease(std::int64_t epoch, Instant now, Instant until) override;
  Awaitable<Result<DeciderLease>> lease() override;

  Awaitable<Status> put_plan(PlanText plan) override;
  Awaitable<Result<PlanText>> plan(std::string hash) override;
  Awaitable<Result<std::vector<PlanText>>> plans(std::string rollout) override;

  Awaitable<Result<RolloutRecord>> create(std::string name, rollout::RolloutState state, std::string by,
                                          Instant now) override;
  Awaitable<Result<std::vector<RolloutRecord>>> rollouts() override;
  Awaitable<Result<RolloutRecord>> rollout(std::string name) override;
  Awaitable<Result<std::vector<PhaseSpan>>> spans(std::string rollout) override;

  Awaitable<Result<Committed>> commit(DecisionCommit commit) override;
  Awaitable<Status> confirm(std::int64_t decision, std::string receipt, Instant now) override;
  Awaitable<Result<std::vector<StoredDecision>>> unconfirmed() override;
  Awaitable<Result<StoredDecision>> decision(std::int64_t id) override;
  Awaitable<Result<std::vector<StoredDecision>>> decisions(std::string rollout, std::optional<std::int64_t> before,
                                                           int limit) override;
  Awaitable<Result<DialsOnNew>> dials_on_new() override;

  Awaitable<Result<ClosedBuckets>> close_buckets(CloseRequest request) override;
  Awaitable<Result<ClosedBuckets>> closed_buckets(std::string rollout, int run, std::int64_t after,
                                                  std::optional<std::int64_t> through) override;
  Awaitable<Result<WaitingCalls>> waiting_calls(std::string rollout, int run, int phase,
                                                Instant first_dialed_before) override;

  Awaitable<Result<UserFigures>> user_figures(std::string rollout, int run, int phase) override;
  Awaitable<Result<std::vector<UserTally>>> user_tallies(System system, Instant from, Instant to) override;
  Awaitable<Result<Adoption>> adoption(Instant now) override;
  Awaitable<Result<Switching>> switching(Percent from, Percent to, Instant now) override;
  Awaitable<Result<std::vector<rollout::DailyCost>>> costs(std::string rollout, int run, int phase, Currency currency,
                                                           std::function<std::int64_t(Instant)> day_of) override;

  Awaitable<Status> add_times(std::vector<TimeCounts> counts, Instant now) override;
  Awaitable<Result<std::map<std::string, rollout::Exceedances, std::less<>>>> times(std::string rollout, int run,
                                                                                    int phase) override;

  Awaitable<Status> beat(Beat beat) override;
  Awaitable<Result<UptimeMinutes>> uptime(Instant from, Instant to) override;
  Awaitable<Status> mark_unknown(Instant from, Instant to, std::string why) override;

  Awaitable<Status> add_gauges(std::vector<GaugeReport> readings, Instant now) override;
  Awaitable<Result<std::map<std::string, rollout::Gauge, std::less<>>>> gauges(std::string rollout, int run,
                                                                               Instant from) override;
  Awaitable<Result<std::vector<DailyGauge>>> daily_gauge(std::string name, int days) override;

  Awaitable<Result<bool>> add_item(ItemReport report) override;
  Awaitable<Result<ItemRecord>> change_item(std::string kind, std::string external_id, ItemChange change) override;
  Awaitable<Result<std::vector<ItemRecord>>> items(ItemFilter filter) override;
  Awaitable<Result<std::vector<rollout::EvidenceItem>>> evidence_items(std::string rollout, int run) override;

  Awaitable<Status> sign(Sign sign) override;
  Awaitable<Status> unsign(std::string rollout, int run, int phase, std::string subject, std::string by,
                           std::string actor, Instant now) override;
  Awaitable<Result<std::vector<rollout::Signature>>> signatures(std::string rollout, int run) override;
  Awaitable<Status> waive(std::string rollout, rollout::Waiver waiver, Instant now) override;
  Awaitable<Result<std::vector<rollout::Waiver>>> waivers(std::string rollout) override;
  Awaitable<Status> add_proof(rollout::Proof proof) override;
  Awaitable<Result<std::vector<rollout::Proof>>> proofs() override;
  Awaitable<Status> put_aa(std::string rollout, rollout::AaResult result, Instant now) override;
  Awaitable<Result<rollout::AaResult>> aa(std::string rollout) override;

 private:
  DbExecutor& executor_;
};

/// conflict unless this epoch is in force.
Status required_epoch(Db& db, std::int64_t epoch);

/// "(select id from rollout_spans …)" of a phase or of a whole run, for `span_id in …`; takes :rollout, :run and, of a
/// phase, :phase, in this order.
inline constexpr std::string_view spans_of_phase =
    "(select id from rollout_spans where rollout = :rollout and run = :run and phase = :phase)";
inline constexpr std::string_view spans_of_run =
    "(select id from rollout_spans where rollout = :rollout and run = :run)";

}  // namespace callramp::sql
