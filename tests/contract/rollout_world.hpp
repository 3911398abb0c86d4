// What the contracts of the rollout store share: a plan's text, a rollout that runs, decisions to commit.
#pragma once

#include "contract/store_world.hpp"

namespace callramp::contract {

/// Beside a Database: the rollout "outbound-calls", by node-1.
template <class Database>
struct RolloutWorld {
  Database db;
  std::int64_t epoch = 0;
  std::int64_t revision = 1;

  RolloutStore& store() { return db.ports().rollouts; }

  /// With its plan stored and the lease taken; state planned.
  RolloutWorld() {
    db.with_agent();
    db.ok(store().put_plan(plan("hash-1")));
    db.get(store().create("outbound-calls", planned(), "asha", start));
    epoch = db.get(store().take_lease(NodeId{"node-1"}, start, start + seconds{5})).epoch;
  }

  static PlanText plan(std::string hash, std::string rollout = "outbound-calls") {
    return {.rollout = std::move(rollout),
            .hash = std::move(hash),
            .yaml = "rollout: outbound-calls\n",
            .at = start,
            .by = "asha",
            .reason = "first"};
  }
  static rollout::RolloutState planned() {
    rollout::RolloutState state;
    state.plan_hash = "hash-1";
    return state;
  }
  static rollout::RolloutState in_phase(int phase, int run = 1) {
    rollout::RolloutState state = planned();
    state.stage = rollout::Stage::running;
    state.run = run;
    state.phase = phase;
    return state;
  }
  DecisionCommit decision(rollout::RolloutState after, Instant at) {
    DecisionCommit commit{.epoch = epoch, .expected_revision = revision};
    commit.decision.at = at;
    commit.decision.rollout = "outbound-calls";
    commit.decision.run = after.run;
    commit.decision.phase = after.phase;
    commit.decision.action = rollout::Action::advance;
    commit.decision.rule = "gate.open";
    commit.decision.sentence = "All criteria hold.";
    commit.decision.after = std::move(after);
    commit.decision.plan_hash = "hash-1";
    return commit;
  }
  Committed commit(DecisionCommit commit) {
    Committed done = db.get(store().commit(std::move(commit)));
    revision = done.revision;
    return done;
  }
  Committed run_phase(int phase, Instant at, int run = 1) { return commit(decision(in_phase(phase, run), at)); }

  CloseRequest close_request(Instant now, int run = 1) const {
    return {.rollout = "outbound-calls", .run = run, .epoch = epoch, .now = now};
  }
  ClosedBuckets close(Instant now, int run = 1) { return db.get(store().close_buckets(close_request(now, run))); }

  /// A call of `user` on new that is dialed at `at` and ends as told two minutes later.
  void call_on_new(const std::string& id, int user, Outcome outcome, Instant at) {
    db.end(db.dialed(id, user, at).attempt, outcome, at + minutes{2});
  }
  ReportedOutcome reported(std::string id, Outcome outcome, Instant at, std::optional<seconds> duration = {}) const {
    return {.external_id = std::move(id),
            .user = UserId{"reported"},
            .system = System::old_system,
            .phone = std::nullopt,
            .started_at = at,
            .outcome = outcome,
            .duration = duration};
  }
};

}  // namespace callramp::contract
