// Who decides, what was decided, and the state that it led to. A decision, its flags, its phase and its state are one
// commit: whoever dies when, they agree.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/rollout_spans.hpp"
#include "adapters/sql/rollout_store.hpp"
#include "adapters/sql/rollout_text.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

using rollout::Stage;

DeciderLease read_lease(Row& row) { return {.node = row.id<NodeId>(), .epoch = row.number(), .until = row.instant()}; }

DeciderLease current_lease(Db& db) {
  return db.one("select node_id, epoch, until_at from decider_lease where id = 1", "tnn", {}, read_lease)
      .value_or(DeciderLease{});
}

Result<DeciderLease> take(Db& db, const NodeId& node, Instant now, Instant until) {
  const DeciderLease held = current_lease(db);
  if (held.until > now && held.node != node)
    return fail(ErrorCode::conflict, fmt::format("node '{}' decides until {}", held.node.str(), to_iso(held.until)));
  const DeciderLease taken{.node = node, .epoch = held.epoch + 1, .until = until};
  db.run("update decider_lease set node_id = :node, epoch = :epoch, until_at = :until where id = 1",
         {taken.node, taken.epoch, taken.until});
  return taken;
}

PlanText read_plan(Row& row) {
  return {.rollout = row.text(),
          .hash = row.text(),
          .yaml = row.text(),
          .at = row.instant(),
          .by = row.text(),
          .reason = row.text()};
}

Status required_plan(Db& db, const std::string& hash) {
  if (db.exists("select 1 from plan_texts where hash = :hash", {hash})) return {};
  return fail(ErrorCode::not_found, "there is no plan with hash '" + hash + "'; store its text first");
}

/// A value of ours; what cannot be read was written by somebody else.
template <class T>
T own(Result<T> value) {
  if (!value) throw DbFailure(value.error());
  return *std::move(value);
}

RolloutRecord read_record(Row& row) {
  RolloutRecord record{.name = row.text()};
  record.state = own(read_state(row.text()));
  record.revision = row.number();
  record.last_decision = row.maybe(&Row::number);
  record.created_at = row.instant();
  return record;
}

constexpr std::string_view record_columns = "name, state, revision, last_decision, created_at";
constexpr std::string_view record_kinds = "ttnnn";

std::optional<RolloutRecord> find_record(Db& db, const std::string& name) {
  static const std::string sql = select(record_columns, "rollouts", "where name = :name");
  return db.one(sql, record_kinds, {name}, read_record);
}

Result<RolloutRecord> required_record(Db& db, const std::string& name) {
  auto record = find_record(db, name);
  if (!record) return fail(ErrorCode::not_found, "there is no rollout '" + name + "'");
  return *std::move(record);
}

Result<RolloutRecord> create_rollout(Db& db, const std::string& name, const rollout::RolloutState& state,
                                     const std::string& by, Instant now) {
  TRY_VOID(required_plan(db, state.plan_hash));
  if (find_record(db, name))
    return fail(ErrorCode::conflict, "there is a rollout '" + name + "' already; upload a new version of its plan");
  db.run("insert into rollouts (name, state, plan_hash, revision, created_at) values (:name, :state, :hash, 1, :now)",
         {name, to_text(state), state.plan_hash, now});
  append_audit(db, {.at = now,
                    .actor = by,
                    .action = "rollout.create",
                    .subject = name,
                    .details_json = boost::json::serialize(boost::json::object{{"plan", state.plan_hash}})});
  return RolloutRecord{.name = name, .state = state, .last_decision = std::nullopt, .created_at = now};
}

/// Whether calls count for its phase.
bool counts_calls(Stage stage) {
  switch (stage) {
    case Stage::running:
    case Stage::holding:
    case Stage::frozen:
    case Stage::complete:
    case Stage::watching: return true;
    case Stage::planned:
    case Stage::rolled_back:
    case Stage::succeeded: return false;
  }
  return false;
}

// The phase that calls count for from now on.
Status move_span(Db& db, const DecisionCommit& commit) {
  const rollout::Decision& decision = commit.decision;
  const rollout::RolloutState& after = decision.after;
  const bool wanted = counts_calls(after.stage);
  struct Open {
    std::int64_t id = 0;
    std::string rollout;
    bool same = false;
  };
  std::optional<Open> open;
  db.select("select id, rollout, run, phase from rollout_spans where open_mark = 1", "ntnn", {}, [&](Row& row) {
    open = Open{.id = row.number(), .rollout = row.text()};
    open->same =
        wanted && open->rollout == decision.rollout && row.integer() == after.run && row.integer() == after.phase;
  });
  if (open && open->same) return {};
  if (open && open->rollout != decision.rollout) {
    if (!wanted) return {};
    return fail(ErrorCode::conflict, "rollout '" + open->rollout + "' is under way; one at a time can be measured");
  }
  if (open) db.run("update rollout_spans set ended_at = :at, open_mark = null where id = :id", {decision.at, open->id});
  if (!wanted) return {};
  if (commit.bucket <= Duration{0} || Duration{minutes{5}} % commit.bucket != Duration{0})
    return fail(ErrorCode::invalid_request, "evidence buckets of " + to_words(commit.bucket) +
                                                " do not divide five minutes; choose 5 s, 10 s, 1 m …");
  db.run(
      "insert into rollout_spans (rollout, run, phase, bucket_us, started_at, open_mark) values (:rollout, :run, "
      ":phase, :bucket, :at, 1)",
      {decision.rollout, after.run, after.phase, std::int64_t{commit.bucket.count()}, decision.at});
  return {};
}

Result<FlagState> set_flags(Db& db, const DecisionCommit& commit) {
  if (!commit.flags) return read_flags(db);
  return write_flags(db, {.patch = *commit.flags,
                          .if_version = commit.decision.flag_version,
                          .actor = commit.decision.actor,
                          .source = "rollout",
                          .reason = commit.decision.sentence,
                          .now = commit.decision.at,
                          .allowed = {}});
}

constexpr std::chrono::days inputs_kept{90};
constexpr int dropped_at_once = 50;

// What a look that changed nothing was made from, a day of levels each, is not kept for ever: the decision stands with
// its verdicts and figures, and can no longer be made again. What moved anybody can.
void drop_old_inputs(Db& db, Instant now) {
  db.run(
      "update decisions set inputs = '' where id in (select id from decisions where rule = 'hold' and sets_flags = 0 "
      "and inputs <> '' and at < :before order by at limit :most)",
      {now - inputs_kept, dropped_at_once});
}

// An incident names the decision that opened it, which has its number only now.
bool opens_incident(const rollout::Decision& decision) {
  return decision.after.incident && (decision.before.stage != Stage::rolled_back || !decision.before.incident) &&
         decision.after.stage == Stage::rolled_back;
}

Result<Committed> commit_decision(Db& db, const DecisionCommit& commit) {
  TRY_VOID(required_epoch(db, commit.epoch));
  TRY(record, required_record(db, commit.decision.rollout));
  if (record.revision != commit.expected_revision)
    return fail(ErrorCode::conflict,
                fmt::format("rollout '{}' is at revision {} now, not {}; read it again and decide anew", record.name,
                            record.revision, commit.expected_revision));
  TRY_VOID(required_plan(db, commit.decision.after.plan_hash));
  TRY(flags, set_flags(db, commit));
  TRY_VOID(move_span(db, commit));

  Committed done{.stored = {.decision = commit.decision,
                            .inputs = commit.inputs,
                            .closed_through = commit.closed_through,
                            .epoch = commit.epoch,
                            .sets_flags = commit.flags.has_value(),
                            .flags_after = flags.version,
                            .confirmed_at = std::nullopt},
                 .flags = flags,
                 .revision = record.revision + 1};
  rollout::Decision& decision = done.stored.decision;
  decision.id =
      db.number(
            "insert into decisions (rollout, at, run, phase, action, rule, epoch, body, inputs, closed_through, "
            "sets_flags, flags_after) values (:rollout, :at, :run, :phase, :action, :rule, :epoch, :body, :inputs, "
            ":through, :sets, :flags) returning id",
            {decision.rollout, decision.at, decision.run, decision.phase, word(decision.action), decision.rule,
             commit.epoch, to_text(decision), to_text(commit.inputs), commit.closed_through, done.stored.sets_flags,
             flags.version})
          .value_or(0);
  if (opens_incident(decision)) {
    decision.after.incident->decision = decision.id;
    db.run("update decisions set body = :body where id = :id", {to_text(decision), decision.id});
  }
  db.run(
      "update rollouts set state = :state, plan_hash = :hash, revision = :revision, last_decision = :decision where "
      "name = :name",
      {to_text(decision.after), decision.after.plan_hash, done.revision, decision.id, record.name});
  drop_old_inputs(db, decision.at);
  append_audit(db, {.at = decision.at,
                    .actor = decision.actor,
                    .action = "rollout." + std::string(word(decision.action)),
                    .subject = decision.rollout,
                    .reason = decision.person_reason.empty() ? decision.sentence : decision.person_reason,
                    .details_json = boost::json::serialize(
                        boost::json::object{{"decision", decision.id}, {"rule", decision.rule}})});
  return done;
}

constexpr std::string_view decision_columns =
    "id, body, closed_through, epoch, sets_flags, flags_after, confirmed_at, receipt";
constexpr std::string_view decision_kinds = "ntnnnnnt";

StoredDecision read_stored(Row& row) {
  const std::int64_t id = row.number();
  StoredDecision stored{.decision = own(sql::read_decision(row.text()))};
  stored.decision.id = id;
  stored.closed_through = row.number();
  stored.epoch = row.number();
  stored.sets_flags = row.flag();
  stored.flags_after = row.number();
  stored.confirmed_at = row.maybe(&Row::instant);
  stored.receipt = row.text();
  return stored;
}

std::string read_text(Row& row) { return row.text(); }

Result<StoredDecision> get_decision(Db& db, std::int64_t id) {
  static const std::string sql = select(decision_columns, "decisions", "where id = :id");
  auto stored = db.one(sql, decision_kinds, {id}, read_stored);
  if (!stored) return fail(ErrorCode::not_found, fmt::format("there is no decision {}", id));
  const std::string inputs = db.one("select inputs from decisions where id = :id", "t", {id}, read_text).value_or("");
  if (!inputs.empty()) stored->inputs = own(read_inputs(inputs));
  return *std::move(stored);
}

DialsOnNew dials(Db& db) {
  DialsOnNew found;
  if (const auto at = db.number("select max(started_at) from attempts where system = 'new-system'"))
    found.last_dial = from_micros(*at);
  // A minute of ringing, and as long as its agent may talk.
  db.select(
      "select count(*), max(coalesce(answered_at, started_at + 60000000) + agents.max_duration_s * 1000000) from "
      "attempts join calls on calls.id = call_id join agents on agents.id = agent_id where attempts.outcome is null "
      "and attempts.system = 'new-system'",
      "nn", {}, [&](Row& row) {
        found.open = row.number();
        found.latest_end = row.maybe(&Row::instant);
      });
  return found;
}

}  // namespace

Status required_epoch(Db& db, std::int64_t epoch) {
  const DeciderLease held = current_lease(db);
  if (epoch == held.epoch && epoch != 0) return {};
  return fail(ErrorCode::conflict,
              fmt::format("epoch {} is over: node '{}' decides with epoch {}", epoch, held.node.str(), held.epoch));
}

Awaitable<Result<DeciderLease>> SqlRolloutStore::take_lease(NodeId node, Instant now, Instant until) {
  return executor_.write<DeciderLease>([=](Db& db) { return take(db, node, now, until); });
}

Awaitable<Status> SqlRolloutStore::renew_lease(std::int64_t epoch, Instant, Instant until) {
  return executor_.write<void>([=](Db& db) -> Status {
    TRY_VOID(required_epoch(db, epoch));
    db.run("update decider_lease set until_at = :until where id = 1", {until});
    return {};
  });
}

Awaitable<Result<DeciderLease>> SqlRolloutStore::lease() {
  return executor_.read<DeciderLease>([](Db& db) -> Result<DeciderLease> { return current_lease(db); });
}

Awaitable<Status> SqlRolloutStore::put_plan(PlanText plan) {
  return executor_.write<void>([plan = std::move(plan)](Db& db) -> Status {
    if (db.run("insert into plan_texts (hash, rollout, yaml, at, by_whom, reason) values (:hash, :rollout, :yaml, :at, "
               ":by, :reason) on conflict (hash) do nothing",
               {plan.hash, plan.rollout, plan.yaml, plan.at, plan.by, plan.reason}) == 0)
      return {};
    append_audit(db, {.at = plan.at,
                      .actor = plan.by,
                      .action = "rollout.plan",
                      .subject = plan.rollout,
                      .reason = plan.reason,
                      .details_json = boost::json::serialize(boost::json::object{{"plan", plan.hash}})});
    return {};
  });
}

Awaitable<Result<PlanText>> SqlRolloutStore::plan(std::string hash) {
  return executor_.read<PlanText>([hash = std::move(hash)](Db& db) -> Result<PlanText> {
    auto plan = db.one("select rollout, hash, yaml, at, by_whom, reason from plan_texts where hash = :hash", "tttntt",
                       {hash}, read_plan);
    if (!plan) return fail(ErrorCode::not_found, "there is no plan with hash '" + hash + "'");
    return *std::move(plan);
  });
}

Awaitable<Result<std::vector<PlanText>>> SqlRolloutStore::plans(std::string rollout) {
  using Plans = std::vector<PlanText>;
  return executor_.read<Plans>([rollout = std::move(rollout)](Db& db) -> Result<Plans> {
    return db.all(
        "select rollout, hash, yaml, at, by_whom, reason from plan_texts where rollout = :rollout order by at desc, "
        "hash",
        "tttntt", {rollout}, read_plan);
  });
}

Awaitable<Result<RolloutRecord>> SqlRolloutStore::create(std::string name, rollout::RolloutState state, std::string by,
                                                         Instant now) {
  return executor_.write<RolloutRecord>(
      [=, state = std::move(state)](Db& db) { return create_rollout(db, name, state, by, now); });
}

Awaitable<Result<std::vector<RolloutRecord>>> SqlRolloutStore::rollouts() {
  using Records = std::vector<RolloutRecord>;
  return executor_.read<Records>([](Db& db) -> Result<Records> {
    static const std::string sql = select(record_columns, "rollouts", "order by created_at, name");
    return db.all(sql, record_kinds, {}, read_record);
  });
}

Awaitable<Result<RolloutRecord>> SqlRolloutStore::rollout(std::string name) {
  return executor_.read<RolloutRecord>([name = std::move(name)](Db& db) { return required_record(db, name); });
}

Awaitable<Result<std::vector<PhaseSpan>>> SqlRolloutStore::spans(std::string rollout) {
  using Spans = std::vector<PhaseSpan>;
  return executor_.read<Spans>(
      [rollout = std::move(rollout)](Db& db) -> Result<Spans> { return read_spans(db, rollout); });
}

Awaitable<Result<Committed>> SqlRolloutStore::commit(DecisionCommit commit) {
  return executor_.write<Committed>([commit = std::move(commit)](Db& db) { return commit_decision(db, commit); });
}

Awaitable<Status> SqlRolloutStore::confirm(std::int64_t decision, std::string receipt, Instant now) {
  return executor_.write<void>([=, receipt = std::move(receipt)](Db& db) -> Status {
    if (!db.exists("select 1 from decisions where id = :id", {decision}))
      return fail(ErrorCode::not_found, fmt::format("there is no decision {}", decision));
    db.run("update decisions set confirmed_at = :now, receipt = :receipt where id = :id and confirmed_at is null",
           {now, receipt, decision});
    return {};
  });
}

Awaitable<Result<std::vector<StoredDecision>>> SqlRolloutStore::unconfirmed() {
  using Decisions = std::vector<StoredDecision>;
  return executor_.read<Decisions>([](Db& db) -> Result<Decisions> {
    static const std::string sql =
        select(decision_columns, "decisions", "where sets_flags = 1 and confirmed_at is null order by id");
    return db.all(sql, decision_kinds, {}, read_stored);
  });
}

Awaitable<Result<StoredDecision>> SqlRolloutStore::decision(std::int64_t id) {
  return executor_.read<StoredDecision>([id](Db& db) { return get_decision(db, id); });
}

Awaitable<Result<std::vector<StoredDecision>>> SqlRolloutStore::decisions(std::string rollout,
                                                                          std::optional<std::int64_t> before,
                                                                          int limit) {
  using Decisions = std::vector<StoredDecision>;
  return executor_.read<Decisions>([=](Db& db) -> Result<Decisions> {
    static const std::string sql = select(decision_columns, "decisions",
                                          "where rollout = :rollout and id < :before order by id desc limit :limit");
    return db.all(sql, decision_kinds, {rollout, before.value_or(std::numeric_limits<std::int64_t>::max()), limit},
                  read_stored);
  });
}

Awaitable<Result<DialsOnNew>> SqlRolloutStore::dials_on_new() {
  return executor_.read<DialsOnNew>([](Db& db) -> Result<DialsOnNew> { return dials(db); });
}

}  // namespace callramp::sql
