// What the rollout store promises of evidence: which calls count for which phase, when a bucket is closed, and sums.
#pragma once

#include "contract/rollout_world.hpp"

namespace callramp::contract {

inline std::vector<rollout::Bucket> of_stream(const ClosedBuckets& closed, EvidenceStream stream) {
  std::vector<rollout::Bucket> buckets;
  for (const ClosedBucket& one : closed.buckets)
    if (one.stream == stream) buckets.push_back(one.bucket);
  return buckets;
}

TEST_CASE_TEMPLATE("calls count for the phase of their first dial and close when it is time", Database,
                   CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  Call early = StoreWorld::call("early", 1);
  early.due_at = start - minutes{10};
  world.db.create(early);
  world.db.end(world.db.claim(StoreWorld::claim_request(start - minutes{10})).dials.at(0).attempt, Outcome::completed,
               start - minutes{8});
  world.run_phase(0, start);
  world.call_on_new("c1", 2, Outcome::completed, start + minutes{1});
  world.call_on_new("c2", 3, Outcome::busy, start + minutes{2});
  world.db.end(world.db.dialed("c3", 4, start + minutes{6}).attempt, Outcome::voicemail_left, start + minutes{8});

  CHECK(world.close(start + minutes{5}).buckets.empty());
  // Whole calls of the first bucket: it is over and all of them are final.
  const ClosedBuckets calls = world.close(start + minutes{5} + seconds{10});
  REQUIRE(calls.buckets.size() == 1);
  const rollout::Bucket first = calls.buckets.front().bucket;
  CHECK(calls.buckets.front().stream == EvidenceStream::call);
  CHECK(first.start == start);
  CHECK(first.phase == 0);
  CHECK(first.fresh == rollout::Tally{.total = 2, .completed = 1});
  CHECK(first.old == rollout::Tally{});
  CHECK(calls.first_until == start);
  CHECK(calls.closed_at == start + minutes{5} + seconds{10});
  CHECK(calls.through == calls.buckets.front().seq);

  CHECK(of_stream(world.close(start + minutes{17} - seconds{1}), EvidenceStream::first_attempt).empty());
  const ClosedBuckets firsts = world.close(start + minutes{17});
  REQUIRE(firsts.buckets.size() == 1);
  CHECK(firsts.buckets.front().stream == EvidenceStream::first_attempt);
  CHECK(firsts.buckets.front().bucket == first);
  CHECK(firsts.first_until == start + minutes{5});
  // Quiet buckets close too, and are not listed.
  CHECK(world.close(start + hours{3}).first_until == start + hours{3} - minutes{15});

  const ClosedBuckets all = world.db.get(world.store().closed_buckets("outbound-calls", 1, 0, std::nullopt));
  CHECK(all.buckets.size() == 4);
  CHECK(all.first_until == start + hours{3} - minutes{15});
  const ClosedBuckets some =
      world.db.get(world.store().closed_buckets("outbound-calls", 1, calls.through, firsts.through));
  CHECK(of_stream(some, EvidenceStream::first_attempt).size() == 1);
  CHECK(world.db.get(world.store().closed_buckets("outbound-calls", 2, 0, std::nullopt)).buckets.empty());
  CHECK(world.db.error(world.store().close_buckets(world.close_request(start, 2))) == ErrorCode::not_found);
}

TEST_CASE_TEMPLATE("a bucket waits for its last call and the next ones do not wait for it", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  const ClaimedDial slow = world.db.dialed("slow", 1, start);
  world.call_on_new("c1", 2, Outcome::completed, start + minutes{1});
  world.call_on_new("c2", 3, Outcome::completed, start + minutes{6});
  const ClosedBuckets later = world.close(start + minutes{12});
  REQUIRE(later.buckets.size() == 1);
  CHECK(later.buckets.front().bucket.start == start + minutes{5});

  WaitingCalls waiting = world.db.get(world.store().waiting_calls("outbound-calls", 1, 0, start));
  CHECK(waiting.open == 1);
  CHECK(waiting.pending == 0);
  CHECK(waiting.newest_on_new == start + minutes{6});
  waiting = world.db.get(world.store().waiting_calls("outbound-calls", 1, 0, start + seconds{1}));
  CHECK(waiting.pending == 1);
  REQUIRE(waiting.oldest.size() == 1);
  CHECK(waiting.oldest.front() == CallId{"slow"});
  CHECK(world.db.get(world.store().waiting_calls("outbound-calls", 1, 1, start + seconds{1})).open == 0);

  // Its first attempt was open past every limit of ours: that counts as failed, whatever is said later.
  const auto first = of_stream(world.close(start + minutes{17}), EvidenceStream::first_attempt);
  REQUIRE(first.size() == 1);
  CHECK(first.front().fresh == rollout::Tally{.total = 2, .completed = 1, .failed = 1});
  world.db.end(slow.attempt, Outcome::completed, start + minutes{20});
  const ClosedBuckets closed = world.close(start + minutes{20});
  REQUIRE(of_stream(closed, EvidenceStream::call).size() == 1);
  CHECK(of_stream(closed, EvidenceStream::call).front().fresh == rollout::Tally{.total = 2, .completed = 2});
  CHECK(of_stream(closed, EvidenceStream::first_attempt).empty());
  CHECK(world.close(start + minutes{21}).buckets.empty());
}

TEST_CASE_TEMPLATE("a phase change within a bucket parts its calls", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  world.call_on_new("c1", 1, Outcome::completed, start + minutes{1});
  world.run_phase(1, start + minutes{2});
  world.call_on_new("c2", 2, Outcome::busy, start + minutes{3});
  const auto calls = of_stream(world.close(start + minutes{6}), EvidenceStream::call);
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].phase == 0);
  CHECK(calls[0].fresh == rollout::Tally{.total = 1, .completed = 1});
  CHECK(calls[1].phase == 1);
  CHECK(calls[1].start == start);
  CHECK(calls[1].fresh == rollout::Tally{.total = 1});
}

TEST_CASE_TEMPLATE("buckets are as long as the phase says", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  DecisionCommit commit = world.decision(world.in_phase(0), start);
  commit.bucket = seconds{5};
  world.commit(commit);
  for (int i = 0; i < 3; ++i) world.call_on_new("c" + std::to_string(i), i, Outcome::completed, start + seconds{4 * i});
  CloseRequest request = world.close_request(start + minutes{3});
  request.first_limit = seconds{12};
  request.grace = seconds{1};
  const auto calls = of_stream(world.db.get(world.store().close_buckets(request)), EvidenceStream::call);
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].fresh.total == 2);
  CHECK(calls[1].start == start + seconds{5});
  // Reports see the same calls.
  CHECK(world.db.counted(Outcome::completed) == 3);
}

TEST_CASE_TEMPLATE("tests and users held by name are outside the evidence", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  Call test = StoreWorld::call("test", 1);
  test.test = true;
  world.db.create(test);
  world.db.create(StoreWorld::call("pinned", 2));
  ClaimRequest request = StoreWorld::claim_request(start);
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) {
    ClaimVerdict verdict = dial_new(candidate, routing);
    std::get<DialNow>(verdict).route.reason = RouteReason::pinned;
    return verdict;
  };
  for (const ClaimedDial& dial : world.db.claim(request).dials)
    world.db.end(dial.attempt, Outcome::completed, start + minutes{1});
  CHECK(world.close(start + hours{1}).buckets.empty());
  CHECK(world.db.get(world.store().user_figures("outbound-calls", 1, 0)).sums.clusters == 0);
  CHECK(world.db.counted(Outcome::completed) == 1);  // the pinned user's call is a call all the same
}

TEST_CASE_TEMPLATE("a dial that was taken back counts for the phase in which it is made", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  const ClaimedDial dial = world.db.dialed("c1", 1, start);
  world.db.get(world.db.ports().calls.release_attempt(dial.attempt.id, "no line", start + minutes{2}, start));
  CHECK(world.db.get(world.store().waiting_calls("outbound-calls", 1, 0, start)).open == 0);
  world.run_phase(1, start + minutes{1});
  const ClaimResult again = world.db.claim(StoreWorld::claim_request(start + minutes{2}));
  REQUIRE(again.dials.size() == 1);
  world.db.end(again.dials.front().attempt, Outcome::completed, start + minutes{3});
  const auto calls = of_stream(world.close(start + hours{1}), EvidenceStream::call);
  REQUIRE(calls.size() == 1);
  CHECK(calls.front().phase == 1);
  CHECK(calls.front().fresh == rollout::Tally{.total = 1, .completed = 1});
}

TEST_CASE_TEMPLATE("what others report counts for the phase in which it began", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& outcomes = world.db.ports().outcomes;
  world.run_phase(0, start);
  world.run_phase(1, start + minutes{10});
  const auto report = [&](ReportedOutcome outcome) { world.db.get(outcomes.report(outcome, start + minutes{11})); };
  report(world.reported("r0", Outcome::completed, start - minutes{1}));
  report(world.reported("r1", Outcome::completed, start + minutes{1}, seconds{30}));
  report(world.reported("r2", Outcome::busy, start + minutes{2}, seconds{30}));
  report(world.reported("r3", Outcome::completed, start + minutes{11}, seconds{30}));
  const auto firsts = of_stream(world.close(start + minutes{40}), EvidenceStream::first_attempt);
  REQUIRE(firsts.size() == 2);
  CHECK(firsts[0].old == rollout::Tally{.total = 2, .completed = 1, .connected = 1});
  CHECK(firsts[1].phase == 1);
  // Too late to be read: what was decided on stays what it was.
  report(world.reported("r4", Outcome::completed, start + minutes{1}, seconds{30}));
  CHECK(world.close(start + minutes{50}).buckets.empty());
  CHECK(world.db.counted(Outcome::completed, System::old_system) == 4);
}

TEST_CASE_TEMPLATE("old holds a bucket open for four hours and then is unknown", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  world.db.create(StoreWorld::call("old", 1));
  ClaimRequest request = StoreWorld::claim_request(start);
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) {
    ClaimVerdict verdict = dial_new(candidate, routing);
    std::get<DialNow>(verdict).system = System::old_system;
    return verdict;
  };
  REQUIRE(world.db.claim(request).dials.size() == 1);
  world.call_on_new("c0", 3, Outcome::busy, start + minutes{2});
  world.call_on_new("c1", 2, Outcome::completed, start + minutes{7});
  // New's whole calls do not wait for old's, nor those of another bucket.
  const ClosedBuckets calls = world.close(start + hours{4} - seconds{1});
  CHECK(of_stream(calls, EvidenceStream::first_attempt).empty());
  REQUIRE(of_stream(calls, EvidenceStream::call).size() == 2);
  CHECK(of_stream(calls, EvidenceStream::call).front().fresh.total == 1);
  const auto firsts = of_stream(world.close(start + hours{4}), EvidenceStream::first_attempt);
  REQUIRE(firsts.size() == 2);
  CHECK(firsts[0].old == rollout::Tally{.unknown = 1});
  CHECK(firsts[0].fresh.total == 1);
  CHECK(firsts[1].fresh == rollout::Tally{.total = 1, .completed = 1});
}

TEST_CASE_TEMPLATE("a later duration corrects reports and no closed bucket", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  const ClaimedDial dial = world.db.dialed("c1", 1, start);
  world.db.end(dial.attempt, Outcome::completed, start + minutes{1});
  const auto before = of_stream(world.close(start + minutes{17}), EvidenceStream::first_attempt);
  REQUIRE(before.size() == 1);
  CHECK(before.front().fresh.connected == 0);
  world.db.ok(world.db.ports().calls.record_carrier_facts(dial.attempt.id, seconds{40}, std::nullopt, {}));
  const auto after = world.db.get(world.store().closed_buckets("outbound-calls", 1, 0, std::nullopt));
  CHECK(of_stream(after, EvidenceStream::first_attempt) == before);
}

TEST_CASE_TEMPLATE("users and their calls are summed up by phase", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  world.call_on_new("a1", 1, Outcome::completed, start);
  world.call_on_new("a2", 1, Outcome::busy, start + minutes{3});
  world.call_on_new("a3", 1, Outcome::voicemail_left, start + minutes{6});
  world.call_on_new("b1", 2, Outcome::no_answer, start + minutes{9});
  world.db.dialed("b2", 3, start + minutes{12});
  const UserFigures figures = world.db.get(world.store().user_figures("outbound-calls", 1, 0));
  CHECK(figures.sums == rollout::ClusterSums{.clusters = 2, .n = 4, .s = 2, .nn = 10, .sn = 6, .ss = 4});
  CHECK(figures.largest_calls == 3);
  CHECK(world.db.get(world.store().user_figures("outbound-calls", 1, 1)).sums == rollout::ClusterSums{});

  const auto tallies = world.db.get(world.store().user_tallies(System::new_system, start, start + minutes{6}));
  REQUIRE(tallies.size() == 1);
  CHECK(tallies.front().user == UserId{"user-1"});
  CHECK(tallies.front().calls == 2);
  CHECK(tallies.front().good == 1);
  CHECK(world.db.get(world.store().user_tallies(System::old_system, start, start + hours{1})).empty());

  const Adoption adoption = world.db.get(world.store().adoption(start + hours{1}));
  CHECK(adoption.users_on_new == 3);
  CHECK(adoption.users_routable <= 3);
  CHECK(world.db.get(world.store().adoption(start + hours{24 * 8})).users_on_new == 0);
}

TEST_CASE_TEMPLATE("costs of the phase are summed by the plan's days", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  const auto call = [&](const std::string& id, int user, Instant at, std::int64_t micros, const char* currency) {
    AttemptFinish finish = StoreWorld::finish(world.db.dialed(id, user, at).attempt,
                                              {Outcome::completed, std::nullopt, ""}, at + minutes{1});
    finish.costs = {{.provider = "carrier",
                     .item = "minutes",
                     .quantity = 1,
                     .unit = "min",
                     .cost = {.micros = micros, .currency = *Currency::parse(currency)}}};
    world.db.get(world.db.ports().calls.finish_attempt(finish));
  };
  call("c1", 1, start, 1'000'000, "INR");
  call("c2", 2, start + hours{1}, 500'000, "INR");
  call("c3", 3, start + hours{30}, 250'000, "USD");
  const auto by_day = [&](Duration day, Duration step) {
    return world.db.get(world.store().costs("outbound-calls", 1, 0, *Currency::parse("INR"),
                                            {.step = step, .of = [day](Instant at) { return (at - start) / day; }}));
  };
  const auto days = by_day(hours{24}, minutes{15});
  REQUIRE(days.size() == 2);
  CHECK(days[0] == rollout::DailyCost{.day = 0, .calls = 2, .micros = 1'500'000});
  CHECK(days[1] == rollout::DailyCost{.day = 1, .calls = 1, .micros = 0});
  // Days shorter than the usual step.
  call("c4", 4, start + seconds{10}, 2'000'000, "INR");
  const auto short_days = by_day(seconds{8}, seconds{8});
  REQUIRE(short_days.size() == 4);
  CHECK(short_days[0] == rollout::DailyCost{.day = 0, .calls = 1, .micros = 1'000'000});
  CHECK(short_days[1] == rollout::DailyCost{.day = 1, .calls = 1, .micros = 2'000'000});
}

TEST_CASE_TEMPLATE("times sent again are counted once and belong to one phase", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& store = world.store();
  world.run_phase(0, start);
  const auto send = [&](std::string source, Instant bucket, std::int64_t total, std::vector<std::int64_t> over) {
    world.db.ok(store.add_times({{.metric = "response_time",
                                  .source = std::move(source),
                                  .bucket = bucket,
                                  .total = total,
                                  .over = std::move(over)}},
                                start + minutes{20}));
  };
  send("a", start, 10, {5, 1});
  send("a", start, 10, {5, 1});
  send("a", start, 12, {5, 2});
  send("a", start, 11, {4, 1});  // came late
  send("b", start, 3, {3});
  send("a", start + minutes{5}, 1, {0, 0});
  world.run_phase(1, start + minutes{10});
  send("a", start + minutes{10}, 7, {7, 7});
  send("a", start, 13, {6, 2});  // of the first phase, though the second is in force
  send("a", start - minutes{5}, 50, {50, 50});
  auto times = world.db.get(store.times("outbound-calls", 1, 0));
  CHECK(times["response_time"] == rollout::Exceedances{.total = 17, .over = {9, 2}});
  times = world.db.get(store.times("outbound-calls", 1, 1));
  CHECK(times["response_time"] == rollout::Exceedances{.total = 7, .over = {7, 7}});
  CHECK(world.db.get(store.times("outbound-calls", 2, 0)).empty());
}

TEST_CASE_TEMPLATE("beats make minutes and a clean stop is planned", Database, CALLRAMP_STORES) {
  Database db;
  RolloutStore& store = db.ports().rollouts;
  CHECK(db.get(store.uptime(start, start + hours{1})).minutes == 0);
  const auto beats = [&](const char* node, Instant from, Instant to, BeatKind kind) {
    for (Instant at = from; at <= to; at += seconds{10}) db.ok(store.beat({NodeId{node}, at, kind}));
  };
  beats("a", start, start + minutes{10}, BeatKind::up);
  beats("a", start + minutes{10} + seconds{10}, start + minutes{12}, BeatKind::impaired);
  beats("a", start + minutes{15}, start + minutes{20}, BeatKind::up);  // three minutes of silence before
  db.ok(store.beat({NodeId{"a"}, start + minutes{20}, BeatKind::stopped}));
  db.ok(store.beat({NodeId{"a"}, start + minutes{20} + seconds{1}, BeatKind::stopped}));
  beats("a", start + minutes{25}, start + minutes{30}, BeatKind::up);
  const UptimeMinutes minutes_seen = db.get(store.uptime(start - hours{1}, start + minutes{30}));
  CHECK(minutes_seen.minutes == 30);
  CHECK(minutes_seen.down == 3);
  CHECK(minutes_seen.planned == 5);
  CHECK(minutes_seen.up == 22);
  CHECK(minutes_seen.impaired == 2);
  CHECK(minutes_seen.unknown == 0);
  db.ok(store.mark_unknown(start, start + minutes{2}, "the probe was away"));
  CHECK(db.get(store.uptime(start, start + minutes{30})).unknown == 2);
  CHECK(db.error(store.mark_unknown(start, start, "nothing")) == ErrorCode::invalid_request);
  // A window that begins within a gap knows of it; nobody has come back since.
  CHECK(db.get(store.uptime(start + minutes{13}, start + minutes{15})).down == 2);
  CHECK(db.get(store.uptime(start + minutes{30}, start + minutes{40})).down == 10);
}

TEST_CASE_TEMPLATE("an item is known by kind and id and booked to the phase of its call", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& store = world.store();
  world.run_phase(0, start);
  world.call_on_new("c1", 1, Outcome::completed, start);
  world.run_phase(1, start + hours{1});
  const auto report = [&](std::string kind, std::string id, std::string call, Instant at) {
    return ItemReport{.item = {.kind = std::move(kind),
                               .external_id = std::move(id),
                               .severity = "P1",
                               .call_id = std::move(call),
                               .at = at},
                      .note = "as told",
                      .by = "ravi",
                      .now = start + hours{2}};
  };
  CHECK(world.db.get(store.add_item(report("complaint", "7", "c1", start + hours{2}))));
  CHECK_FALSE(world.db.get(store.add_item(report("complaint", "7", "c1", start + hours{2}))));
  CHECK(world.db.get(store.add_item(report("bug", "7", "", start + hours{2}))));
  CHECK(world.db.get(store.add_item(report("bug", "early", "", start - hours{2}))));
  CHECK(world.db.error(store.add_item(report("bug", "7", "", start + hours{3}))) == ErrorCode::conflict);
  CHECK(world.db.error(store.add_item(report("complaint", "8", "no such", start))) == ErrorCode::not_found);

  auto evidence = world.db.get(store.evidence_items("outbound-calls", 1));
  REQUIRE(evidence.size() == 3);
  CHECK(evidence[0].external_id == "early");
  CHECK(evidence[0].phase == -1);
  CHECK(evidence[1].kind == "bug");
  CHECK(evidence[1].phase == 1);
  CHECK(evidence[2].kind == "complaint");
  CHECK(evidence[2].phase == 0);
  CHECK(evidence[2].system == "new");
  CHECK(evidence[2].status == "open");

  const ItemRecord changed = world.db.get(
      store.change_item("bug", "early", {.at = start + hours{3}, .by = "asha", .status = "rejected", .reason = "old"}));
  CHECK(changed.item.status == "rejected");
  REQUIRE(changed.history.size() == 2);
  CHECK(changed.history.front().status == "open");
  CHECK(changed.history.front().by == "ravi");
  CHECK(changed.history.back().reason == "old");
  CHECK(world.db.error(store.change_item("bug", "none", {})) == ErrorCode::not_found);
  CHECK(world.db.get(store.evidence_items("outbound-calls", 1)).size() == 2);
  // Sent again, it stays what a person made of it.
  CHECK_FALSE(world.db.get(store.add_item(report("bug", "early", "", start - hours{2}))));

  CHECK(world.db.get(store.items({})).size() == 3);
  const auto bugs = world.db.get(store.items({.kind = "bug", .status = std::nullopt, .rollout = std::nullopt}));
  REQUIRE(bugs.size() == 2);
  CHECK(bugs.front().item.external_id == "7");
  CHECK(bugs.front().run == 1);
  CHECK(bugs.front().note == "as told");
  CHECK(world.db.get(store.items({.kind = "bug", .status = "rejected", .rollout = std::nullopt})).size() == 1);
  CHECK(world.db
            .get(store.items(
                {.kind = std::nullopt, .status = std::nullopt, .rollout = "outbound-calls", .page = 2, .limit = 1}))
            .size() == 1);
}

TEST_CASE_TEMPLATE("signatures waivers and proofs are kept with who and why", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& db = world.db;
  auto& store = world.store();
  world.run_phase(0, start);
  const auto sign = [&](const char* subject, const char* by, int phase) {
    return Sign{.rollout = "outbound-calls",
                .run = 1,
                .phase = phase,
                .signature = {.subject = subject,
                              .by = by,
                              .note = "seen",
                              .link = "https://example.org/1",
                              .at = start,
                              .decision = 4,
                              .standing = "abc"}};
  };
  db.ok(store.sign(sign("approved_by(stakeholder)", "asha", 0)));
  db.ok(store.sign(sign("approved_by(stakeholder)", "rahul", 0)));
  db.ok(store.sign(sign("phase-end/monitoring", "asha", 0)));
  Sign lost = sign("x", "asha", 0);
  lost.rollout = "no such";
  CHECK(db.error(store.sign(lost)) == ErrorCode::not_found);
  auto signatures = db.get(store.signatures("outbound-calls", 1));
  REQUIRE(signatures.size() == 3);
  CHECK(signatures.front() == sign("approved_by(stakeholder)", "asha", 0).signature);
  const auto unsign = [&](const char* subject, const char* by, int phase) {
    return store.unsign("outbound-calls", 1, phase, subject, by, "ravi", start + hours{1});
  };
  CHECK(db.error(unsign("approved_by(stakeholder)", "asha", 1)) == ErrorCode::not_found);
  CHECK(db.error(unsign("approved_by(stakeholder)", "ravi", 0)) == ErrorCode::not_found);
  db.ok(unsign("approved_by(stakeholder)", "asha", 0));
  db.ok(unsign("phase-end/monitoring", "", 0));
  signatures = db.get(store.signatures("outbound-calls", 1));
  REQUIRE(signatures.size() == 1);
  CHECK(signatures.front().by == "rahul");
  CHECK(db.get(store.signatures("outbound-calls", 2)).empty());

  const rollout::Waiver waiver{
      .condition = "uptime > 99.5%", .by = "admin", .reason = "moved house", .until = start + hours{48}};
  db.ok(store.waive("outbound-calls", waiver, start));
  CHECK(db.error(store.waive("no such", waiver, start)) == ErrorCode::not_found);
  REQUIRE(db.get(store.waivers("outbound-calls")).size() == 1);
  CHECK(db.get(store.waivers("outbound-calls")).front() == waiver);

  const rollout::Proof proof{
      .name = "load_test", .at = start, .concurrent = 120, .hours = 4.5, .version = "1.2.3", .passed = true};
  db.ok(store.add_proof(proof));
  REQUIRE(db.get(store.proofs()).size() == 1);
  CHECK(db.get(store.proofs()).front() == proof);

  CHECK_FALSE(db.get(store.aa("outbound-calls")).run);
  const rollout::AaResult aa{
      .run = true, .alarm = false, .users = 2100, .calls = 9000, .design_effect = 1.3, .log_e = -0.25};
  db.ok(store.put_aa("outbound-calls", aa, start));
  CHECK(db.get(store.aa("outbound-calls")) == aa);
}

}  // namespace callramp::contract
