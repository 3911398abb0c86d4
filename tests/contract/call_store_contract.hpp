// What every CallStore does: accepting, reading, cancelling, and the claim.
#pragma once

#include <algorithm>

#include "contract/store_world.hpp"

namespace callramp::contract {

TEST_CASE_TEMPLATE("a call that was accepted is read back whole", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  Call call = db.call("c1", 1);
  call.metadata_json = R"({"name":"रवि","note":"line\nbreak"})";
  call.priority = Priority::high;
  call.kind = CallKind::promotional;
  call.timezone = "Asia/Kolkata";
  call.status = CallStatus::scheduled;
  call.accepted_system = System::new_system;
  call.test = true;
  call.batch = BatchId{"b1"};
  call.due_at = start + hours{1};
  CHECK_FALSE(db.get(db.ports().calls.create(call, std::nullopt)).replayed);

  const CallDetail read = db.get(db.ports().calls.get(call.id));
  CHECK(read.attempts.empty());
  CHECK(read.call.id == call.id);
  CHECK(read.call.phone == call.phone);
  CHECK(read.call.user == call.user);
  CHECK(read.call.agent == call.agent);
  CHECK(read.call.metadata_json == call.metadata_json);
  CHECK(read.call.priority == Priority::high);
  CHECK(read.call.kind == CallKind::promotional);
  CHECK(read.call.timezone == "Asia/Kolkata");
  CHECK(read.call.status == CallStatus::scheduled);
  CHECK(read.call.accepted_system == System::new_system);
  CHECK_FALSE(read.call.system.has_value());
  CHECK_FALSE(read.call.outcome.has_value());
  CHECK(read.call.test);
  CHECK_FALSE(read.call.cancel_requested);
  CHECK(read.call.attempts == 0);
  CHECK(read.call.batch == BatchId{"b1"});
  CHECK(read.call.created_at == start);
  CHECK(read.call.due_at == start + hours{1});
  CHECK_FALSE(read.call.final_at.has_value());
}

TEST_CASE_TEMPLATE("a call without agent or to a do-not-call number is refused", Database, CALLRAMP_STORES) {
  Database db;
  CHECK(db.error(db.ports().calls.create(db.call("c1", 1), std::nullopt)) == ErrorCode::agent_not_found);
  db.with_agent();
  CHECK(db.get(db.ports().do_not_call.add(
            {.phone = db.phone(1), .reason = "asked", .actor = "op", .created_at = start})) == 0);
  CHECK(db.error(db.ports().calls.create(db.call("c1", 1), std::nullopt)) == ErrorCode::do_not_call);
  CHECK(db.error(db.ports().calls.create(db.call("c2", 2), std::nullopt)) == std::nullopt);
  CHECK(db.error(db.ports().calls.get(CallId{"c1"})) == ErrorCode::not_found);
}

TEST_CASE_TEMPLATE("an idempotency key answers once and again but never for another request", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const Idempotency key{.key = "k", .fingerprint = "f"};
  CHECK_FALSE(db.get(db.ports().calls.create(db.call("c1", 1), key)).replayed);
  const CreatedCall again = db.get(db.ports().calls.create(db.call("c2", 1), key));
  CHECK(again.replayed);
  CHECK(again.call.id == CallId{"c1"});
  CHECK(db.error(db.ports().calls.create(db.call("c3", 3), Idempotency{.key = "k", .fingerprint = "other"})) ==
        ErrorCode::conflict);
  CHECK(db.get(db.ports().calls.list({})).total == 1);
  // Another token's key is another key, however the two are cut.
  CHECK_FALSE(db.get(db.ports().calls.create(db.call("c4", 6), Idempotency{TokenId{"t"}, "k", "f"})).replayed);
  CHECK(db.get(db.ports().calls.create(db.call("c5", 6), Idempotency{TokenId{"t"}, "k", "f"})).replayed);
  CHECK_FALSE(db.get(db.ports().calls.create(db.call("c6", 7), Idempotency{TokenId{"tk"}, "", "f"})).replayed);

  const Idempotency bulk{.key = "bulk", .fingerprint = "f"};
  CHECK(db.get(db.ports().calls.create_many({db.call("d1", 4), db.call("d2", 5)}, bulk)).size() == 2);
  const auto repeated = db.get(db.ports().calls.create_many({db.call("e1", 4), db.call("e2", 5)}, bulk));
  REQUIRE(repeated.size() == 2);
  CHECK(repeated[0].id == CallId{"d1"});
  CHECK(repeated[1].id == CallId{"d2"});
}

TEST_CASE_TEMPLATE("an idempotency key is kept for a day at least", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const Idempotency key{.key = "k", .fingerprint = "f"};
  db.get(db.ports().calls.create(db.call("c1", 1), key));
  Call later = db.call("c2", 2);
  later.created_at = start + hours{24};
  db.get(db.ports().calls.create(later, Idempotency{.key = "other", .fingerprint = "f"}));
  CHECK(db.get(db.ports().calls.create(db.call("c3", 1), key)).replayed);
}

TEST_CASE_TEMPLATE("many calls are created all or none and the refusal names the index", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  Call bad = db.call("c2", 2);
  bad.agent = AgentId{"nobody"};
  const auto refused =
      db.run(db.ports().calls.create_many({db.call("c1", 1), bad}, Idempotency{.key = "k", .fingerprint = "f"}));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::agent_not_found);
  CHECK(refused.error().field == "calls[1].agentId");
  CHECK(refused.error().message.find("calls[1]") != std::string::npos);
  CHECK(db.get(db.ports().calls.list({})).total == 0);
  // The key was not used up by a request that was refused.
  CHECK(db.get(db.ports().calls.create_many({db.call("c1", 1)}, Idempotency{.key = "k", .fingerprint = "g"})).size() ==
        1);
}

TEST_CASE_TEMPLATE("calls are listed newest first by page and filter", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  for (int n = 1; n <= 7; ++n) {
    Call call = db.call("c" + std::to_string(n), n % 3);
    call.created_at = start + seconds{n};
    if (n == 2) call.batch = BatchId{"b"};
    db.create(call);
  }
  db.get(db.ports().calls.request_cancel(CallId{"c7"}, "op", start + minutes{1}));

  struct Row {
    CallFilter filter;
    std::int64_t total;
    std::vector<std::string> ids;
  };
  const std::vector<Row> rows{
      {{}, 7, {"c7", "c6", "c5", "c4", "c3", "c2", "c1"}},
      {{.page = 2, .limit = 3}, 7, {"c4", "c3", "c2"}},
      {{.page = 4, .limit = 3}, 7, {}},
      {{.status = CallStatus::queued, .limit = 2}, 6, {"c6", "c5"}},
      {{.outcome = Outcome::cancelled}, 1, {"c7"}},
      {{.outcome = Outcome::busy}, 0, {}},
      {{.system = System::new_system}, 0, {}},
      {{.agent = AgentId{"asha"}, .limit = 1}, 7, {"c7"}},
      {{.agent = AgentId{"nobody"}}, 0, {}},
      {{.batch = BatchId{"b"}}, 1, {"c2"}},
      {{.user = "user-2"}, 2, {"c5", "c2"}},
      {{.phone = StoreWorld::phone(0)}, 2, {"c6", "c3"}},
      {{.from = start + seconds{3}, .to = start + seconds{5}}, 2, {"c4", "c3"}},
      {{.status = CallStatus::queued, .user = "user-1", .from = start + seconds{2}}, 1, {"c4"}},
  };
  for (const Row& row : rows) {
    const CallPage page = db.get(db.ports().calls.list(row.filter));
    std::vector<std::string> ids;
    for (const Call& call : page.calls) ids.push_back(call.id.str());
    CHECK(page.total == row.total);
    CHECK(ids == row.ids);
  }
}

TEST_CASE_TEMPLATE("cancelling ends what was not dialed and asks for the end of what was", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.create(db.call("c1", 1));
  const Call cancelled = db.get(db.ports().calls.request_cancel(CallId{"c1"}, "op", start + seconds{1}));
  CHECK(cancelled.status == CallStatus::final_);
  CHECK(cancelled.outcome == Outcome::cancelled);
  CHECK(cancelled.final_at == start + seconds{1});
  CHECK(db.error(db.ports().calls.request_cancel(CallId{"c1"}, "op", start)) == ErrorCode::call_already_completed);
  CHECK(db.error(db.ports().calls.request_cancel(CallId{"nothing"}, "op", start)) == ErrorCode::not_found);

  const ClaimedDial dial = db.dialed("c2", 2);
  const Call asked = db.get(db.ports().calls.request_cancel(CallId{"c2"}, "op", start + seconds{2}));
  CHECK(asked.status == CallStatus::dialing);
  CHECK(asked.cancel_requested);
  CHECK(db.get(db.ports().calls.request_cancel(CallId{"c2"}, "op", start + seconds{3})).updated_at ==
        start + seconds{2});
  const FinishResult finished = db.end(dial.attempt, Outcome::cancelled, start + seconds{4});
  CHECK(finished.call.outcome == Outcome::cancelled);
  CHECK(finished.call.cancel_requested);

  const auto audit = db.get(db.ports().audit.list(std::nullopt, 10));
  CHECK(std::ranges::count_if(audit, [](const AuditEntry& entry) { return entry.action == "call.cancel"; }) == 2);

  Call handed_back = db.call("c3", 3);
  handed_back.status = CallStatus::handed_back;
  handed_back.system = System::old_system;
  db.create(handed_back);
  CHECK(db.error(db.ports().calls.request_cancel(CallId{"c3"}, "op", start)) == ErrorCode::conflict);
}

TEST_CASE_TEMPLATE("a claim stores the intent of the dial before it answers", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial dial = db.dialed("c1", 1, start + seconds{1});
  CHECK(dial.call.status == CallStatus::dialing);
  CHECK(dial.call.system == System::new_system);
  CHECK(dial.call.attempts == 1);
  CHECK(dial.call.first_attempt_at == start + seconds{1});
  CHECK(dial.agent.greeting == "Namaste {{name}}");
  CHECK(dial.route.reason == RouteReason::below_percentage);

  const auto open = db.get(db.ports().calls.open_attempts());
  REQUIRE(open.size() == 1);
  const Attempt& attempt = open.front();
  CHECK(attempt.id == dial.attempt.id);
  CHECK(attempt.call == CallId{"c1"});
  CHECK(attempt.number == 1);
  CHECK(attempt.system == System::new_system);
  CHECK(attempt.provider == "carrier");
  CHECK(attempt.provider_call_id.empty());
  CHECK(attempt.phone == db.phone(1));
  CHECK(attempt.caller_id == "+918000000000");
  CHECK(attempt.status == CallStatus::dialing);
  CHECK(attempt.stream_token == "token-c1-1");
  CHECK(attempt.node == NodeId{"node-1"});
  CHECK(attempt.lease_until == start + seconds{16});
  CHECK(attempt.started_at == start + seconds{1});
  CHECK_FALSE(attempt.placed_at.has_value());
  CHECK(attempt.permission_json == R"({"kind":"transactional","consent":null})");

  const CallDetail read = db.get(db.ports().calls.get(CallId{"c1"}));
  CHECK(read.call.status == CallStatus::dialing);
  CHECK(read.call.system == System::new_system);
  REQUIRE(read.attempts.size() == 1);
  CHECK(db.claim(db.claim_request(start + seconds{2})).dials.empty());
}

TEST_CASE_TEMPLATE("a claim takes high priority first and then the oldest up to its limits", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const auto add = [&](const char* id, int number, Priority priority, Instant due) {
    Call call = db.call(id, number);
    call.priority = priority;
    call.due_at = due;
    db.create(call);
  };
  add("low", 1, Priority::low, start - minutes{9});
  add("young", 2, Priority::medium, start - minutes{1});
  add("old", 3, Priority::medium, start - minutes{5});
  add("high", 4, Priority::high, start);
  add("later", 5, Priority::high, start + minutes{10});

  const ClaimResult first = db.claim(db.claim_request(start, 2));
  REQUIRE(first.dials.size() == 2);
  CHECK(first.dials[0].call.id == CallId{"high"});
  CHECK(first.dials[1].call.id == CallId{"old"});
  CHECK(first.open_attempts == 2);
  CHECK(first.next_due == start);  // two more are due

  ClaimRequest full = db.claim_request(start);
  full.max_open_attempts = 2;
  CHECK(db.claim(full).dials.empty());
  full.max_open_attempts = 3;
  const ClaimResult third = db.claim(full);
  REQUIRE(third.dials.size() == 1);
  CHECK(third.dials[0].call.id == CallId{"young"});

  ClaimRequest narrow = db.claim_request(start);
  narrow.limit = 1;
  CHECK(db.claim(narrow).dials.size() == 1);
  const ClaimResult nothing = db.claim(db.claim_request(start));
  CHECK(nothing.dials.empty());
  CHECK(nothing.open_attempts == 4);
  CHECK(nothing.next_due == start + minutes{10});
  CHECK(db.claim(db.claim_request(start + minutes{10})).dials.size() == 1);
  CHECK_FALSE(db.claim(db.claim_request(start + minutes{10})).next_due.has_value());
}

TEST_CASE_TEMPLATE("a call that must wait is looked at again at its time and not before", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.create(db.call("c1", 1));
  ClaimRequest request = db.claim_request(start);
  request.judge = [](const ClaimCandidate&, const RoutingState&) -> ClaimVerdict {
    return WaitUntil{.until = start + minutes{30}, .reason = "window opens 09:00"};
  };
  const ClaimResult waiting = db.claim(request);
  CHECK(waiting.dials.empty());
  CHECK(waiting.next_due == start + minutes{30});
  const Call call = db.get(db.ports().calls.get(CallId{"c1"})).call;
  CHECK(call.status == CallStatus::queued);
  CHECK(call.reason == "window opens 09:00");
  CHECK(call.due_at == start);  // it has been due since then: that is what expiry counts from
  CHECK(db.claim(db.claim_request(start + minutes{29})).dials.empty());
  CHECK(db.claim(db.claim_request(start + minutes{30})).dials.size() == 1);
}

TEST_CASE_TEMPLATE("a number that is being dialed is not dialed a second time", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.create(db.call("c1", 1));
  Call second = db.call("c2", 1);
  second.due_at = start + milliseconds{1};
  db.create(second);
  ClaimRequest request = db.claim_request(start + seconds{1});
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    if (candidate.number_has_open_attempt)
      return WaitUntil{.until = start + seconds{20}, .reason = "busy with another call"};
    return dial_new(candidate, routing);
  };
  const ClaimResult result = db.claim(request);
  REQUIRE(result.dials.size() == 1);
  CHECK(result.dials[0].call.id == CallId{"c1"});

  // A judge that overlooks it is stopped by the database, and nothing of its claim is stored.
  const ClaimRequest blind = db.claim_request(start + minutes{1});
  CHECK(db.error(db.ports().calls.claim_due(blind)) == ErrorCode::conflict);
  CHECK(db.get(db.ports().calls.open_attempts()).size() == 1);

  db.end(result.dials[0].attempt, Outcome::busy, start + minutes{2});
  CHECK(db.claim(db.claim_request(start + minutes{3})).dials.size() == 1);
}

TEST_CASE_TEMPLATE("the claim's judge sees flags and pins and do-not-call as the transaction does", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.create(db.call("c1", 1));
  db.create(db.call("c2", 2));
  db.get(db.ports().do_not_call.add({.phone = db.phone(9), .reason = "asked", .actor = "op", .created_at = start}));
  db.get(db.ports().flags.write(
      {.patch = {.outbound_calls_enabled = false}, .actor = "op", .source = "api", .now = start}));
  db.ok(db.ports().flags.put_pin({.user = UserId{"user-2"}, .reason = "vip", .actor = "op", .created_at = start}));
  int seen = 0;
  ClaimRequest request = db.claim_request(start);
  request.judge = [&seen](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    ++seen;
    CHECK_FALSE(routing.flags.flags.outbound_calls_enabled);
    CHECK(routing.flags.version == 2);
    CHECK(routing.pins.contains(candidate.call.user.str()) == (candidate.call.user == UserId{"user-2"}));
    CHECK(candidate.do_not_call_version == 1);
    CHECK(candidate.agent_exists);
    CHECK_FALSE(candidate.on_do_not_call);
    return EndNow{.outcome = Outcome::expired, .reason = "too late"};
  };
  const ClaimResult result = db.claim(request);
  CHECK(seen == 2);
  REQUIRE(result.ended.size() == 2);
  CHECK(result.ended[0].status == CallStatus::final_);
  CHECK(result.ended[0].outcome == Outcome::expired);
  CHECK(result.ended[0].reason == "too late");
  CHECK(db.claim(db.claim_request(start + hours{1})).dials.empty());
  CHECK(db.counted(Outcome::expired) == 0);  // never dialed: of no system
}

TEST_CASE_TEMPLATE("a dial that was not made is taken back and the call is due again", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial dial = db.dialed("c1", 1);
  const Call released =
      db.get(db.ports().calls.release_attempt(dial.attempt.id, "carrier down", start + seconds{5}, start + seconds{1}));
  CHECK(released.status == CallStatus::queued);
  CHECK_FALSE(released.system.has_value());
  CHECK_FALSE(released.first_attempt_at.has_value());
  CHECK(released.attempts == 1);
  CHECK(released.reason == "carrier down");
  CHECK(db.get(db.ports().calls.open_attempts()).empty());
  const auto attempt = db.get(db.ports().calls.find_attempt(dial.attempt.id));
  REQUIRE(attempt.has_value());
  CHECK(attempt->outcome == Outcome::cancelled);
  CHECK(db.error(db.ports().calls.release_attempt(dial.attempt.id, "again", start, start)) == ErrorCode::conflict);
  CHECK(db.error(db.ports().calls.release_attempt(AttemptId{"nothing"}, "", start, start)) == ErrorCode::not_found);

  CHECK(db.claim(db.claim_request(start + seconds{4})).dials.empty());
  const ClaimResult again = db.claim(db.claim_request(start + seconds{5}));
  REQUIRE(again.dials.size() == 1);
  CHECK(again.dials[0].attempt.number == 2);
  CHECK(again.dials[0].call.first_attempt_at == start + seconds{5});

  // Asked to cancel meanwhile: it ends instead.
  db.get(db.ports().calls.request_cancel(CallId{"c1"}, "op", start + seconds{6}));
  const Call ended = db.get(db.ports().calls.release_attempt(again.dials[0].attempt.id, "carrier down",
                                                             start + hours{1}, start + seconds{7}));
  CHECK(ended.status == CallStatus::final_);
  CHECK(ended.outcome == Outcome::cancelled);

  const ClaimedDial placed = db.dialed("c2", 2);
  db.get(db.ports().calls.mark_placed(placed.attempt.id, "p2", start));
  CHECK(db.error(db.ports().calls.release_attempt(placed.attempt.id, "", start, start)) == ErrorCode::conflict);
}

}  // namespace callramp::contract
