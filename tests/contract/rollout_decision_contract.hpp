// What the rollout store promises of deciding: one decider, one transaction, and calls stamped with the phase in force.
#pragma once

#include "contract/rollout_world.hpp"

namespace callramp::contract {

TEST_CASE_TEMPLATE("one node decides until its lease is over or it starts again", Database, CALLRAMP_STORES) {
  Database db;
  RolloutStore& store = db.ports().rollouts;
  CHECK(db.get(store.lease()).epoch == 0);
  CHECK(db.error(store.renew_lease(0, start, start + seconds{5})) == ErrorCode::conflict);
  const DeciderLease first = db.get(store.take_lease(NodeId{"a"}, start, start + seconds{5}));
  CHECK(first.epoch == 1);
  const auto other = db.run(store.take_lease(NodeId{"b"}, start + seconds{4}, start + seconds{9}));
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == ErrorCode::conflict);
  CHECK(other.error().message.find("node 'a'") != std::string::npos);
  db.ok(store.renew_lease(1, start + seconds{4}, start + seconds{8}));
  CHECK(db.error(store.take_lease(NodeId{"b"}, start + seconds{6}, start + seconds{11})) == ErrorCode::conflict);

  const DeciderLease restarted = db.get(store.take_lease(NodeId{"a"}, start + seconds{6}, start + seconds{11}));
  CHECK(restarted.epoch == 2);
  CHECK(db.error(store.renew_lease(1, start + seconds{7}, start + seconds{12})) == ErrorCode::conflict);
  const DeciderLease next = db.get(store.take_lease(NodeId{"b"}, start + seconds{11}, start + seconds{16}));
  CHECK(next.epoch == 3);
  const DeciderLease now = db.get(store.lease());
  CHECK(now.node == NodeId{"b"});
  CHECK(now.epoch == 3);
  CHECK(now.until == start + seconds{16});
}

TEST_CASE_TEMPLATE("a plan is known by its hash and a rollout needs one", Database, CALLRAMP_STORES) {
  Database db;
  RolloutStore& store = db.ports().rollouts;
  using World = RolloutWorld<Database>;
  CHECK(db.error(store.create("outbound-calls", World::planned(), "asha", start)) == ErrorCode::not_found);
  db.ok(store.put_plan(World::plan("hash-1")));
  PlanText again = World::plan("hash-1");
  again.by = "somebody else";
  db.ok(store.put_plan(again));
  PlanText second = World::plan("hash-2");
  second.at = start + seconds{1};
  db.ok(store.put_plan(second));
  CHECK(db.get(store.plan("hash-1")).by == "asha");
  CHECK(db.get(store.plan("hash-1")).yaml == "rollout: outbound-calls\n");
  CHECK(db.error(store.plan("hash-3")) == ErrorCode::not_found);
  const auto plans = db.get(store.plans("outbound-calls"));
  REQUIRE(plans.size() == 2);
  CHECK(plans.front().hash == "hash-2");
  CHECK(db.get(store.plans("another")).empty());

  db.get(store.create("outbound-calls", World::planned(), "asha", start));
  CHECK(db.error(store.create("outbound-calls", World::planned(), "asha", start)) == ErrorCode::conflict);
  const RolloutRecord record = db.get(store.rollout("outbound-calls"));
  CHECK(record.state == World::planned());
  CHECK(record.revision == 1);
  CHECK_FALSE(record.last_decision.has_value());
  CHECK(db.get(store.rollouts()).size() == 1);
  CHECK(db.error(store.rollout("another")) == ErrorCode::not_found);
}

TEST_CASE_TEMPLATE("a decision with its flags, its phase and its state is one commit", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  DecisionCommit commit = world.decision(world.in_phase(0), start);
  commit.decision.criteria.push_back({.reason = "152 of 214", .log_e_pass = 1.0 / 3});
  commit.decision.flag_version = 1;
  commit.inputs.facts.binary = "1.2.3";
  commit.inputs.sums.drift = 0.1;
  commit.closed_through = 7;
  commit.flags = FlagPatch{.outbound_calls_percentage = *Percent::parse("10")};
  const Committed done = world.commit(commit);
  CHECK(done.flags.version == 2);
  CHECK(done.revision == 2);
  CHECK(done.stored.sets_flags);
  CHECK(done.stored.flags_after == 2);

  const auto flags = db.get(db.ports().flags.history(1));
  REQUIRE(flags.size() == 1);
  CHECK(flags.front().source == "rollout");
  CHECK(flags.front().reason == "All criteria hold.");
  CHECK(flags.front().to.outbound_calls_percentage == *Percent::parse("10"));
  const RolloutRecord record = db.get(world.store().rollout("outbound-calls"));
  CHECK(record.state == world.in_phase(0));
  CHECK(record.revision == 2);
  CHECK(record.last_decision == done.stored.decision.id);
  const StoredDecision stored = db.get(world.store().decision(done.stored.decision.id));
  CHECK(stored.decision == done.stored.decision);
  CHECK(stored.decision.criteria.front().log_e_pass == 1.0 / 3);
  CHECK(stored.inputs == commit.inputs);
  CHECK(stored.closed_through == 7);
  const auto spans = db.get(world.store().spans("outbound-calls"));
  REQUIRE(spans.size() == 1);
  CHECK(spans.front().phase == 0);
  CHECK(spans.front().started_at == start);
  CHECK_FALSE(spans.front().ended_at.has_value());
  const auto audit = db.get(db.ports().audit.list(std::nullopt, 1));
  CHECK(audit.front().action == "rollout.advance");
}

TEST_CASE_TEMPLATE("what was decided on something older is refused whole", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  world.run_phase(0, start);
  const auto refused = [&](void (*spoil)(DecisionCommit&), ErrorCode code) {
    DecisionCommit commit = world.decision(world.in_phase(1), start + hours{1});
    commit.decision.flag_version = 1;
    commit.flags = FlagPatch{.outbound_calls_percentage = *Percent::parse("10")};
    spoil(commit);
    CHECK(db.error(world.store().commit(commit)) == code);
    CHECK(db.get(db.ports().flags.current()).version == 1);
    CHECK(db.get(world.store().rollout("outbound-calls")).revision == 2);
    CHECK(db.get(world.store().decisions("outbound-calls", std::nullopt, 10)).size() == 1);
    CHECK(db.get(world.store().spans("outbound-calls")).size() == 1);
  };
  refused([](DecisionCommit& commit) { --commit.epoch; }, ErrorCode::conflict);
  refused([](DecisionCommit& commit) { --commit.expected_revision; }, ErrorCode::conflict);
  refused([](DecisionCommit& commit) { commit.decision.flag_version = 2; }, ErrorCode::precondition_failed);
  refused([](DecisionCommit& commit) { commit.decision.after.plan_hash = "no such"; }, ErrorCode::not_found);
  refused([](DecisionCommit& commit) { commit.decision.rollout = "no such"; }, ErrorCode::not_found);
  refused([](DecisionCommit& commit) { commit.bucket = seconds{7}; }, ErrorCode::invalid_request);
  refused([](DecisionCommit& commit) { commit.bucket = Duration{0}; }, ErrorCode::invalid_request);

  // A decider that was cut off: its successor has another epoch.
  const DecisionCommit late = world.decision(world.in_phase(1), start + hours{1});
  db.get(world.store().take_lease(NodeId{"node-2"}, start + seconds{6}, start + seconds{11}));
  CHECK(db.error(world.store().commit(late)) == ErrorCode::conflict);
  CHECK(db.error(world.store().close_buckets(world.close_request(start + hours{1}))) == ErrorCode::conflict);
}

TEST_CASE_TEMPLATE("the same decision committed again changes nothing", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  const DecisionCommit commit = world.decision(world.in_phase(0), start);
  world.commit(commit);
  CHECK(world.db.error(world.store().commit(commit)) == ErrorCode::conflict);
  CHECK(world.db.get(world.store().decisions("outbound-calls", std::nullopt, 10)).size() == 1);
}

TEST_CASE_TEMPLATE("decisions are read newest first and confirmed once", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  std::vector<std::int64_t> ids;
  for (int phase = 0; phase < 3; ++phase) {
    DecisionCommit commit = world.decision(world.in_phase(phase), start + hours{phase});
    commit.decision.flag_version = phase + 1;
    if (phase > 0) commit.flags = FlagPatch{.outbound_calls_percentage = *Percent::from_basis_points(1000 * phase)};
    if (phase > 0) commit.decision.flag_version = phase;
    ids.push_back(world.commit(commit).stored.decision.id);
  }
  CHECK(ids[0] < ids[1]);
  const auto page = db.get(world.store().decisions("outbound-calls", ids[2], 1));
  REQUIRE(page.size() == 1);
  CHECK(page.front().decision.id == ids[1]);
  CHECK_FALSE(page.front().inputs.has_value());
  CHECK(db.get(world.store().decisions("outbound-calls", std::nullopt, 10)).size() == 3);
  CHECK(db.get(world.store().decisions("another", std::nullopt, 10)).empty());
  CHECK(db.error(world.store().decision(ids[2] + 1)) == ErrorCode::not_found);

  const auto open = db.get(world.store().unconfirmed());
  REQUIRE(open.size() == 2);
  CHECK(open.front().decision.id == ids[1]);
  db.ok(world.store().confirm(ids[1], "10 % on 1/1 nodes", start + hours{1}));
  db.ok(world.store().confirm(ids[1], "another", start + hours{2}));
  CHECK(db.error(world.store().confirm(ids[2] + 1, "", start)) == ErrorCode::not_found);
  const StoredDecision confirmed = db.get(world.store().decision(ids[1]));
  CHECK(confirmed.receipt == "10 % on 1/1 nodes");
  CHECK(confirmed.confirmed_at == start + hours{1});
  CHECK(db.get(world.store().unconfirmed()).size() == 1);
}

TEST_CASE_TEMPLATE("an incident names the decision that opened it and keeps it", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  world.run_phase(0, start);
  rollout::RolloutState fallen = world.in_phase(0);
  fallen.stage = rollout::Stage::rolled_back;
  fallen.incident = rollout::Incident{.id = "outbound-calls-1", .opened_at = start + hours{1}};
  DecisionCommit fall = world.decision(fallen, start + hours{1});
  fall.decision.before = world.in_phase(0);
  const rollout::Decision opened = world.commit(fall).stored.decision;
  CHECK(opened.after.incident->decision == opened.id);
  CHECK(db.get(world.store().decision(opened.id)).decision == opened);
  CHECK(db.get(world.store().rollout("outbound-calls")).state == opened.after);

  DecisionCommit again = world.decision(opened.after, start + hours{2});
  again.decision.before = opened.after;
  const rollout::Decision second = world.commit(again).stored.decision;
  CHECK(second.after.incident->decision == opened.id);
}

TEST_CASE_TEMPLATE("the stage says whether and for which phase calls count", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  const auto commit = [&](rollout::Stage stage, int run, int phase, Instant at) {
    rollout::RolloutState state = world.in_phase(phase, run);
    state.stage = stage;
    world.commit(world.decision(state, at));
  };
  using rollout::Stage;
  commit(Stage::planned, 0, 0, start);
  CHECK(db.get(world.store().spans("outbound-calls")).empty());
  commit(Stage::running, 1, 0, start + hours{1});
  commit(Stage::frozen, 1, 0, start + hours{2});
  commit(Stage::running, 1, 1, start + hours{3});
  commit(Stage::rolled_back, 1, 1, start + hours{4});
  commit(Stage::rolled_back, 1, 1, start + hours{5});
  commit(Stage::running, 2, 0, start + hours{6});
  commit(Stage::watching, 2, 0, start + hours{7});
  commit(Stage::succeeded, 2, 0, start + hours{8});
  const auto spans = db.get(world.store().spans("outbound-calls"));
  REQUIRE(spans.size() == 3);
  const auto is = [](const PhaseSpan& span, int run, int phase, int from, int to) {
    return span.run == run && span.phase == phase && span.started_at == start + hours{from} &&
           span.ended_at == start + hours{to};
  };
  CHECK(is(spans[0], 1, 0, 1, 3));
  CHECK(is(spans[1], 1, 1, 3, 4));
  CHECK(is(spans[2], 2, 0, 6, 8));
}

TEST_CASE_TEMPLATE("one rollout at a time counts calls", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  world.run_phase(0, start);
  db.ok(world.store().put_plan(world.plan("hash-9", "second")));
  rollout::RolloutState state = world.planned();
  state.plan_hash = "hash-9";
  db.get(world.store().create("second", state, "asha", start));
  DecisionCommit commit = world.decision(world.in_phase(0), start + hours{1});
  commit.decision.rollout = "second";
  commit.decision.after.plan_hash = "hash-9";
  commit.expected_revision = 1;
  CHECK(db.error(world.store().commit(commit)) == ErrorCode::conflict);
  commit.decision.after.stage = rollout::Stage::planned;
  db.get(world.store().commit(commit));
  CHECK_FALSE(db.get(world.store().spans("outbound-calls")).front().ended_at.has_value());
}

TEST_CASE_TEMPLATE("after a rollback it is known who still talks on new", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  CHECK_FALSE(db.get(world.store().dials_on_new()).last_dial.has_value());
  db.dialed("c1", 1, start);
  const ClaimedDial second = db.dialed("c2", 2, start + seconds{5});
  DialsOnNew dials = db.get(world.store().dials_on_new());
  CHECK(dials.last_dial == start + seconds{5});
  CHECK(dials.open == 2);
  CHECK(dials.latest_end == start + seconds{65} + StoreWorld::agent().max_duration);
  db.end(second.attempt, Outcome::completed, start + minutes{1});
  dials = db.get(world.store().dials_on_new());
  CHECK(dials.open == 1);
  CHECK(dials.latest_end == start + seconds{60} + StoreWorld::agent().max_duration);
}

}  // namespace callramp::contract
