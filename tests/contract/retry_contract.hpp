// What every CallStore does with an attempt that is followed by another.
#pragma once

#include "contract/store_world.hpp"

namespace callramp::contract {

/// Ends `attempt`; the call is dialed again at `again`.
inline AttemptFinish finish_for_retry(const Attempt& attempt, Ending ending, Instant now, Instant again) {
  AttemptFinish finish = StoreWorld::finish(attempt, std::move(ending), now);
  finish.judge_retry = [again](const RetryCandidate& candidate) -> RetryVerdict {
    if (!candidate.enabled) return NoRetry{candidate.ending.reason + "; off"};
    return RetryAt{.at = again, .reason = candidate.ending.reason + "; again"};
  };
  return finish;
}

TEST_CASE_TEMPLATE("a call that is retried waits, is due then and keeps its system", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial first = db.dialed("c1", 1);
  const Instant again = start + minutes{5};
  const FinishResult ended = db.get(db.ports().calls.finish_attempt(finish_for_retry(
      first.attempt, {Outcome::no_answer, std::nullopt, "nobody answered"}, start + seconds{45}, again)));
  CHECK(ended.attempt.outcome == Outcome::no_answer);
  CHECK(ended.call.status == CallStatus::scheduled);
  CHECK_FALSE(ended.call.outcome.has_value());
  CHECK(ended.call.system == System::new_system);
  CHECK(ended.call.reason == "nobody answered; again");
  CHECK(ended.call.retry_at == again);
  CHECK(ended.call.due_at == again);
  CHECK(ended.call.retries == 0);
  CHECK(db.counted(Outcome::no_answer) == 0);  // the call is not final
  CHECK(db.get(db.ports().calls.backlog(again - seconds{1})) == 0);
  CHECK(db.get(db.ports().calls.backlog(again)) == 1);

  const ClaimResult early = db.claim(db.claim_request(again - seconds{1}));
  CHECK(early.dials.empty());
  CHECK(early.next_due == again);
  ClaimRequest request = db.claim_request(again + seconds{2});
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    REQUIRE(candidate.last.has_value());
    CHECK(candidate.last->outcome == Outcome::no_answer);
    CHECK(candidate.last->reason == "nobody answered");
    CHECK_FALSE(candidate.manual_retry);
    return dial_new(candidate, routing);
  };
  const ClaimResult second = db.claim(request);
  REQUIRE(second.dials.size() == 1);
  CHECK(second.dials[0].call.retries == 1);
  CHECK_FALSE(second.dials[0].call.retry_at.has_value());
  CHECK(second.dials[0].call.first_attempt_at == start);
  CHECK(second.dials[0].attempt.number == 2);
  CHECK(second.dials[0].admitted_at == again);  // the queue's clock began with the retry's time

  const FinishResult final = db.end(second.dials[0].attempt, Outcome::completed, start + minutes{6});
  CHECK(final.call.outcome == Outcome::completed);
  CHECK(final.call.retries == 1);
  CHECK(db.counted(Outcome::completed) == 1);
  CHECK(db.counted(Outcome::no_answer) == 0);
}

TEST_CASE_TEMPLATE("a finish that comes twice makes one retry", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial first = db.dialed("c1", 1);
  const AttemptFinish finish =
      finish_for_retry(first.attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + minutes{10});
  CHECK_FALSE(db.get(db.ports().calls.finish_attempt(finish)).already_final);
  const FinishResult twice = db.get(db.ports().calls.finish_attempt(
      finish_for_retry(first.attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + hours{9})));
  CHECK(twice.already_final);
  CHECK(twice.call.retry_at == start + minutes{10});
  REQUIRE(db.claim(db.claim_request(start + minutes{10})).dials.size() == 1);
  // Also while the retry is open: the first attempt's late callback is no news.
  CHECK(db.get(db.ports().calls.finish_attempt(finish)).call.status == CallStatus::dialing);
  CHECK(db.claim(db.claim_request(start + hours{10})).dials.empty());
}

TEST_CASE_TEMPLATE("no retry is made from the change of the flag on", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial dial = db.dialed("c1", 1);
  db.get(
      db.ports().flags.write({.patch = {.enable_retry_logic = false}, .actor = "op", .source = "api", .now = start}));
  const FinishResult ended = db.get(db.ports().calls.finish_attempt(
      finish_for_retry(dial.attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + minutes{10})));
  CHECK(ended.call.outcome == Outcome::busy);
  CHECK(ended.call.reason == "busy; off");
  CHECK(db.counted(Outcome::busy) == 1);
}

TEST_CASE_TEMPLATE("a retry that is not dialed ends with what the last attempt said", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  AttemptFinish finish = finish_for_retry(db.dialed("c1", 1).attempt, {Outcome::failed, Fault::llm, "it failed"},
                                          start + minutes{1}, start + minutes{2});
  finish.carrier_duration = seconds{30};
  db.get(db.ports().calls.finish_attempt(finish));
  ClaimRequest request = db.claim_request(start + minutes{2});
  request.judge = [](const ClaimCandidate& candidate, const RoutingState&) -> ClaimVerdict {
    return EndNow{
        .outcome = candidate.last->outcome, .fault = candidate.last->fault, .reason = "off", .by_last_attempt = true};
  };
  const ClaimResult result = db.claim(request);
  REQUIRE(result.ended.size() == 1);
  CHECK(result.ended[0].outcome == Outcome::failed);
  CHECK(result.ended[0].fault == Fault::llm);
  CHECK_FALSE(result.ended[0].retry_at.has_value());
  const auto counts = db.get(db.ports().outcomes.counts(start, start + minutes{5}));
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].outcome == Outcome::failed);
  CHECK(counts[0].calls == 1);
  CHECK(counts[0].connected == 1);
  // The carrier's later word moves it like any other.
  db.ok(db.ports().calls.record_carrier_facts(AttemptId{"c1-1"}, seconds{3}, std::nullopt, {}));
  CHECK(db.get(db.ports().outcomes.counts(start, start + minutes{5})).at(0).connected == 0);
}

TEST_CASE_TEMPLATE("a retry that was not sent is no try and comes again", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const Instant again = start + minutes{5};
  db.get(db.ports().calls.finish_attempt(finish_for_retry(
      db.dialed("c1", 1).attempt, {Outcome::no_answer, std::nullopt, "nobody answered"}, start, again)));
  const ClaimResult second = db.claim(db.claim_request(again));
  REQUIRE(second.dials.size() == 1);
  const Call released = db.get(db.ports().calls.release_attempt(second.dials[0].attempt.id, "carrier down",
                                                                again + minutes{1}, again + seconds{1}));
  CHECK(released.status == CallStatus::queued);
  CHECK(released.retries == 0);
  CHECK(released.retry_at == again + minutes{1});
  CHECK(released.due_at == again);
  CHECK(released.system == System::new_system);
  CHECK(released.first_attempt_at == start);
  ClaimRequest request = db.claim_request(again + minutes{1});
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    REQUIRE(candidate.last.has_value());
    CHECK(candidate.last->outcome == Outcome::no_answer);  // not the `cancelled` of the dial that was taken back
    return dial_new(candidate, routing);
  };
  const ClaimResult third = db.claim(request);
  REQUIRE(third.dials.size() == 1);
  CHECK(third.dials[0].call.retries == 1);
  CHECK(third.dials[0].attempt.number == 3);
}

TEST_CASE_TEMPLATE("a call that changes its system at a retry is crossed and in no rate of calls", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.get(db.ports().calls.finish_attempt(
      finish_for_retry(db.dialed("c1", 1).attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + minutes{10})));
  ClaimRequest request = db.claim_request(start + minutes{10});
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    auto dial = std::get<DialNow>(dial_new(candidate, routing));
    dial.system = System::old_system;
    return dial;
  };
  const ClaimResult crossed = db.claim(request);
  REQUIRE(crossed.dials.size() == 1);
  CHECK(crossed.dials[0].call.system == System::old_system);
  CHECK(db.end(crossed.dials[0].attempt, Outcome::completed, start + minutes{11}).call.outcome == Outcome::completed);
  CHECK(db.counted(Outcome::completed, System::old_system) == 0);
  CHECK(db.counted(Outcome::completed, System::new_system) == 0);
}

TEST_CASE_TEMPLATE("a waiting retry is cancelled like any call that waits", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.get(db.ports().calls.finish_attempt(
      finish_for_retry(db.dialed("c1", 1).attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + minutes{10})));
  const Call cancelled = db.get(db.ports().calls.request_cancel(CallId{"c1"}, "op", start + minutes{1}));
  CHECK(cancelled.outcome == Outcome::cancelled);
  CHECK(cancelled.reason == "cancelled by op before its retry was dialed");
  CHECK_FALSE(cancelled.retry_at.has_value());
  CHECK(db.claim(db.claim_request(start + hours{1})).dials.empty());
}

TEST_CASE_TEMPLATE("a retry by hand is due at once and is no try of the policy", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  CallStore& calls = db.ports().calls;
  CHECK(db.error(calls.retry_now(CallId{"nothing"}, "op", start)) == ErrorCode::not_found);
  db.create(db.call("c1", 1));
  CHECK(db.error(calls.retry_now(CallId{"c1"}, "op", start)) == ErrorCode::conflict);
  const ClaimResult first = db.claim(db.claim_request(start));
  CHECK(db.error(calls.retry_now(CallId{"c1"}, "op", start)) == ErrorCode::conflict);
  db.get(calls.finish_attempt(
      finish_for_retry(first.dials.at(0).attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + minutes{10})));
  const Call asked = db.get(calls.retry_now(CallId{"c1"}, "op", start + minutes{1}));
  CHECK(asked.reason == "retry asked for by op");
  CHECK(asked.due_at == start + minutes{1});
  ClaimRequest request = db.claim_request(start + minutes{1});
  request.judge = [](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    CHECK(candidate.manual_retry);
    return dial_new(candidate, routing);
  };
  const ClaimResult second = db.claim(request);
  REQUIRE(second.dials.size() == 1);
  CHECK(second.dials[0].call.retries == 0);
  CHECK(db.get(calls.get(CallId{"c1"})).attempts.at(1).attempt.manual_retry);
  // Taken back it stays a person's.
  db.get(calls.release_attempt(second.dials[0].attempt.id, "carrier down", start + minutes{2}, start + minutes{1}));
  request.now = start + minutes{2};
  const ClaimResult third = db.claim(request);
  REQUIRE(third.dials.size() == 1);
  CHECK(third.dials[0].call.retries == 0);
  db.end(third.dials[0].attempt, Outcome::completed, start + minutes{3});
  CHECK(db.error(calls.retry_now(CallId{"c1"}, "op", start)) == ErrorCode::call_already_completed);
}

TEST_CASE_TEMPLATE("a retry that a person gives up leaves the last attempt's outcome", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  CallStore& calls = db.ports().calls;
  db.get(calls.finish_attempt(
      finish_for_retry(db.dialed("c1", 1).attempt, {Outcome::busy, std::nullopt, "busy"}, start, start + minutes{10})));
  const Call dropped = db.get(calls.drop_retry(CallId{"c1"}, "op", start + minutes{1}));
  CHECK(dropped.outcome == Outcome::busy);
  CHECK(dropped.reason == "busy; its retry was cancelled by op");
  CHECK(db.counted(Outcome::busy) == 1);
  CHECK(db.error(calls.drop_retry(CallId{"c1"}, "op", start)) == ErrorCode::call_already_completed);
  CHECK(db.claim(db.claim_request(start + hours{1})).dials.empty());
}

TEST_CASE_TEMPLATE("the judge is told how often the number was dialed lately, for whatever call", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.end(db.dialed("c1", 1, start).attempt, Outcome::busy, start + minutes{1});
  db.end(db.dialed("c2", 1, start + hours{2}).attempt, Outcome::busy, start + hours{2});
  const ClaimedDial taken_back = db.dialed("c3", 1, start + hours{3});
  db.get(db.ports().calls.release_attempt(taken_back.attempt.id, "down", start + hours{9}, start + hours{3}));
  db.end(db.dialed("c4", 2, start + hours{3}).attempt, Outcome::busy, start + hours{3});
  db.create(db.call("c5", 1));
  std::vector<Instant> seen;
  ClaimRequest request = db.claim_request(start + hours{4});
  request.judge = [&seen](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
    seen = candidate.recent_dials;
    return dial_new(candidate, routing);
  };
  CHECK(db.claim(request).dials.size() == 1);
  CHECK(seen == std::vector<Instant>{start + hours{2}, start});
}

TEST_CASE_TEMPLATE("no more dials ring at once than allowed, however many may talk", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  for (int n = 1; n <= 4; ++n) db.create(db.call("c" + std::to_string(n), n));
  ClaimRequest request = db.claim_request(start);
  request.max_ringing = 2;
  const ClaimResult first = db.claim(request);
  REQUIRE(first.dials.size() == 2);
  CHECK(db.claim(request).dials.empty());
  db.get(db.ports().calls.mark_progress(first.dials[0].attempt.id, CallStatus::in_progress, "p1", start));
  CHECK(db.claim(request).dials.size() == 1);
}

}  // namespace callramp::contract
