// What every CallStore does with a dial under way and at its end.
#pragma once

#include "contract/store_world.hpp"

namespace callramp::contract {

TEST_CASE_TEMPLATE("what the carrier accepted is stored once and found again", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial first = db.dialed("c1", 1);
  const ClaimedDial second = db.dialed("c2", 2);
  CHECK(db.error(db.ports().calls.mark_placed(AttemptId{"nothing"}, "p", start)) == ErrorCode::not_found);

  const Attempt placed = db.get(db.ports().calls.mark_placed(first.attempt.id, "p1", start + seconds{1}));
  CHECK(placed.provider_call_id == "p1");
  CHECK(placed.placed_at == start + seconds{1});
  CHECK(db.get(db.ports().calls.mark_placed(first.attempt.id, "p1", start + seconds{9})).placed_at ==
        start + seconds{1});
  CHECK(db.error(db.ports().calls.mark_placed(first.attempt.id, "p7", start)) == ErrorCode::conflict);
  CHECK(db.error(db.ports().calls.mark_placed(second.attempt.id, "p1", start)) == ErrorCode::conflict);

  const auto found = db.get(db.ports().calls.find_by_provider_id("carrier", "p1"));
  REQUIRE(found.has_value());
  CHECK(found->id == first.attempt.id);
  CHECK_FALSE(db.get(db.ports().calls.find_by_provider_id("other", "p1")).has_value());
  CHECK_FALSE(db.get(db.ports().calls.find_by_provider_id("carrier", "p2")).has_value());
  CHECK_FALSE(db.get(db.ports().calls.find_attempt(AttemptId{"nothing"})).has_value());
}

TEST_CASE_TEMPLATE("progress moves forward only in whatever order the news come", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const AttemptId id = db.dialed("c1", 1).attempt.id;
  CallStore& calls = db.ports().calls;
  CHECK(db.error(calls.mark_progress(AttemptId{"nothing"}, CallStatus::ringing, "", start)) == ErrorCode::not_found);
  CHECK(db.error(calls.mark_progress(id, CallStatus::final_, "", start)) == ErrorCode::invalid_request);

  CHECK(db.get(calls.mark_progress(id, CallStatus::ringing, "p1", start + seconds{1})).status == CallStatus::ringing);
  const Attempt back = db.get(calls.mark_progress(id, CallStatus::dialing, "p9", start + seconds{2}));
  CHECK(back.status == CallStatus::ringing);
  CHECK(back.provider_call_id == "p1");
  const Attempt answered = db.get(calls.mark_progress(id, CallStatus::in_progress, "", start + seconds{3}));
  CHECK(answered.status == CallStatus::in_progress);
  CHECK(answered.answered_at == start + seconds{3});
  CHECK(db.get(calls.get(CallId{"c1"})).call.status == CallStatus::in_progress);
  CHECK(db.get(calls.mark_progress(id, CallStatus::in_progress, "", start + seconds{8})).answered_at ==
        start + seconds{3});

  db.end(answered, Outcome::completed, start + seconds{20});
  CHECK(db.get(calls.mark_progress(id, CallStatus::ringing, "", start + seconds{21})).status == CallStatus::final_);
}

TEST_CASE_TEMPLATE("a stream token opens its attempt once and never after the end", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  db.dialed("c1", 1);
  CallStore& calls = db.ports().calls;
  CHECK_FALSE(db.get(calls.peek_stream_token("token-nobody")).has_value());
  CHECK_FALSE(db.get(calls.peek_stream_token("")).has_value());
  const auto peeked = db.get(calls.peek_stream_token("token-c1-1"));
  REQUIRE(peeked.has_value());
  CHECK(peeked->call.id == CallId{"c1"});
  CHECK(peeked->agent.id == AgentId{"asha"});
  CHECK(peeked->route.bucket == 3);
  CHECK(peeked->route.position_hundredths == 342);
  CHECK(peeked->route.percentage == *Percent::from_basis_points(500));
  CHECK(peeked->route.reason == RouteReason::below_percentage);
  CHECK(peeked->route.flag_version == 1);

  CHECK(db.get(calls.spend_stream_token("token-c1-1", start + seconds{4})));
  CHECK_FALSE(db.get(calls.spend_stream_token("token-c1-1", start + seconds{5})));
  CHECK_FALSE(db.get(calls.spend_stream_token("token-nobody", start)));
  CHECK_FALSE(db.get(calls.peek_stream_token("token-c1-1")).has_value());
  const auto attempt = db.get(calls.find_attempt(AttemptId{"c1-1"}));
  REQUIRE(attempt.has_value());
  CHECK(attempt->media_started_at == start + seconds{4});
  CHECK(attempt->answered_at == start + seconds{4});
  CHECK(attempt->status == CallStatus::in_progress);

  const ClaimedDial ended = db.dialed("c2", 2);
  db.end(ended.attempt, Outcome::no_answer, start + seconds{30});
  CHECK_FALSE(db.get(calls.peek_stream_token("token-c2-1")).has_value());
  CHECK_FALSE(db.get(calls.spend_stream_token("token-c2-1", start)));
}

TEST_CASE_TEMPLATE("a finished attempt is stored whole and once", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial dial = db.dialed("c1", 1);
  AttemptFinish finish =
      db.finish(dial.attempt, {Outcome::completed, std::nullopt, "talked for 42 s"}, start + minutes{1});
  finish.answered_at = start + seconds{10};
  finish.media_started_at = start + seconds{11};
  finish.carrier_duration = seconds{42};
  finish.price_book = "2026-01";
  finish.transcript = {{.speaker = Speaker::agent, .text = "Namaste", .from = milliseconds{0}, .to = milliseconds{800}},
                       {.speaker = Speaker::callee,
                        .text = "कौन?",
                        .from = milliseconds{900},
                        .to = milliseconds{1500},
                        .interrupted = true}};
  finish.turns = {{.turn = 0, .first_played = milliseconds{80}},
                  {.turn = 1,
                   .endpointing = milliseconds{300},
                   .first_token = milliseconds{400},
                   .first_sentence = milliseconds{500},
                   .first_audio = milliseconds{600},
                   .first_played = milliseconds{620}}};
  finish.costs = {
      {.provider = "carrier", .item = "minute", .quantity = 1, .unit = "minute", .cost = {.micros = 600'000}},
      {.provider = "stt", .item = "streaming", .quantity = 0.7, .unit = "minute", .cost = {.micros = 258'000}}};
  const FinishResult first = db.get(db.ports().calls.finish_attempt(finish));
  CHECK_FALSE(first.already_final);
  CHECK(first.call.status == CallStatus::final_);
  CHECK(first.call.outcome == Outcome::completed);
  CHECK(first.call.reason == "talked for 42 s");
  CHECK(first.call.final_at == start + minutes{1});
  CHECK(first.attempt.outcome == Outcome::completed);

  AttemptFinish other = finish;
  other.ending = {Outcome::failed, Fault::ours, "a second opinion"};
  const FinishResult second = db.get(db.ports().calls.finish_attempt(other));
  CHECK(second.already_final);
  CHECK(second.call.outcome == Outcome::completed);
  CHECK(second.attempt.reason == "talked for 42 s");
  CHECK(db.counted(Outcome::completed) == 1);
  CHECK(db.counted(Outcome::failed) == 0);

  const CallDetail read = db.get(db.ports().calls.get(CallId{"c1"}));
  REQUIRE(read.attempts.size() == 1);
  const AttemptDetail& detail = read.attempts.front();
  CHECK(detail.attempt.answered_at == start + seconds{10});
  CHECK(detail.attempt.media_started_at == start + seconds{11});
  CHECK(detail.attempt.ended_at == start + minutes{1});
  CHECK(detail.attempt.carrier_duration == seconds{42});
  CHECK(detail.price_book == "2026-01");
  REQUIRE(detail.transcript.size() == 2);
  CHECK(detail.transcript[1].speaker == Speaker::callee);
  CHECK(detail.transcript[1].text == "कौन?");
  CHECK(detail.transcript[1].to == milliseconds{1500});
  CHECK(detail.transcript[1].interrupted);
  REQUIRE(detail.turns.size() == 2);
  CHECK_FALSE(detail.turns[0].first_token.has_value());
  CHECK(detail.turns[0].first_played == milliseconds{80});
  CHECK(detail.turns[1].first_sentence == milliseconds{500});
  REQUIRE(detail.costs.size() == 2);
  CHECK(detail.costs[1].provider == "stt");
  CHECK(detail.costs[1].quantity == doctest::Approx(0.7));
  CHECK(detail.costs[1].cost == Money{.micros = 258'000});
  CHECK(detail.costs[1].estimated);

  CHECK(db.error(db.ports().calls.finish_attempt(
            {.attempt = AttemptId{"nothing"}, .ending = {Outcome::busy, std::nullopt, ""}, .now = start})) ==
        ErrorCode::not_found);
}

TEST_CASE_TEMPLATE("a transcript keeps every character that a database can hold", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  AttemptFinish finish = db.finish(db.dialed("c1", 1).attempt, {Outcome::busy, std::nullopt, ""}, start + minutes{1});
  const std::string odd = "it's \"odd\"; :name ? % \\ \n\t \x01 \xf0\x9f\x98\x80";
  finish.transcript = {
      {.text = odd}, {.text = std::string("a\0b", 3)}, {.text = ""}, {.text = std::string(100'000, 'x')}};
  db.get(db.ports().calls.finish_attempt(finish));
  const auto lines = db.get(db.ports().calls.get(CallId{"c1"})).attempts.at(0).transcript;
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].text == odd);
  CHECK(lines[1].text ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(lines[2].text.empty());
  CHECK(lines[3].text.size() == 100'000);
}

TEST_CASE_TEMPLATE("an attempt of unknown outcome makes its call failed", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const FinishResult result = db.end(db.dialed("c1", 1).attempt, Outcome::unknown, start + minutes{1});
  CHECK(result.attempt.outcome == Outcome::unknown);
  CHECK_FALSE(result.attempt.fault.has_value());
  CHECK(result.call.outcome == Outcome::failed);
  CHECK(result.call.fault == Fault::telephony);
  CHECK(db.counted(Outcome::failed) == 1);
  CHECK(db.counted(Outcome::unknown) == 0);
}

TEST_CASE_TEMPLATE("a failed write of an ending leaves nothing behind", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial dial = db.dialed("c1", 1);
  // `failed` without a fault is what no table allows.
  CHECK(db.error(db.ports().calls.finish_attempt(
            db.finish(dial.attempt, {Outcome::failed, std::nullopt, ""}, start))) == ErrorCode::conflict);
  CHECK(db.get(db.ports().calls.open_attempts()).size() == 1);
  CHECK(db.counted(Outcome::failed) == 0);
  CHECK(db.end(dial.attempt, Outcome::busy, start + seconds{1}).call.outcome == Outcome::busy);
}

TEST_CASE_TEMPLATE("evidence counts final calls by start and system and leaves out tests and cancels", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  Call test = db.call("t", 1);
  test.test = true;
  db.create(test);
  db.end(db.claim(db.claim_request(start)).dials.at(0).attempt, Outcome::completed, start + seconds{30});
  db.end(db.dialed("c", 2).attempt, Outcome::cancelled, start + seconds{30});
  AttemptFinish talked =
      db.finish(db.dialed("d", 3).attempt, {Outcome::completed, std::nullopt, ""}, start + seconds{50});
  talked.carrier_duration = seconds{10};
  db.get(db.ports().calls.finish_attempt(talked));
  // It started in the next bucket, whenever it ended.
  db.end(db.dialed("e", 4, start + minutes{5}).attempt, Outcome::no_answer, start + minutes{6});

  const auto early = db.get(db.ports().outcomes.counts(start, start + minutes{5}));
  REQUIRE(early.size() == 1);
  CHECK(early[0].system == System::new_system);
  CHECK(early[0].outcome == Outcome::completed);
  CHECK(early[0].calls == 1);
  CHECK(early[0].connected == 1);
  const auto late = db.get(db.ports().outcomes.counts(start + minutes{5}, start + minutes{10}));
  REQUIRE(late.size() == 1);
  CHECK(late[0].outcome == Outcome::no_answer);
  CHECK(late[0].connected == 0);
  CHECK(db.get(db.ports().outcomes.counts(start + minutes{10}, start + hours{1})).empty());
}

TEST_CASE_TEMPLATE("the carrier's later word corrects price and duration and who was connected", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const ClaimedDial dial = db.dialed("c1", 1);
  db.get(db.ports().calls.mark_placed(dial.attempt.id, "p1", start));
  AttemptFinish finish = db.finish(dial.attempt, {Outcome::completed, std::nullopt, ""}, start + seconds{9});
  finish.answered_at = start + seconds{1};
  finish.costs = {{.provider = "carrier", .item = "minute", .unit = "minute", .cost = {.micros = 600'000}},
                  {.provider = "stt", .item = "streaming", .unit = "minute", .cost = {.micros = 258'000}}};
  db.get(db.ports().calls.finish_attempt(finish));
  const auto connected = [&] { return db.get(db.ports().outcomes.counts(start, start + minutes{5})).at(0).connected; };
  CHECK(connected() == 0);
  const auto unpriced = db.get(db.ports().calls.unpriced_attempts("carrier", start, start + minutes{1}, 10));
  REQUIRE(unpriced.size() == 1);
  CHECK(unpriced[0].attempt.id == dial.attempt.id);
  CHECK(unpriced[0].costs.size() == 2);
  CHECK(db.get(db.ports().calls.unpriced_attempts("carrier", start, start + seconds{9}, 10)).empty());
  CHECK(db.get(db.ports().calls.unpriced_attempts("other", start, start + minutes{1}, 10)).empty());

  const Money price{.micros = 550'000};
  for (int twice = 0; twice < 2; ++twice) {
    db.ok(db.ports().calls.record_carrier_facts(
        dial.attempt.id, seconds{11}, price,
        {{.provider = "carrier", .item = "as billed", .unit = "call", .cost = price, .estimated = false}}));
    const AttemptDetail detail = db.get(db.ports().calls.get(CallId{"c1"})).attempts.at(0);
    CHECK(detail.attempt.carrier_duration == seconds{11});
    CHECK(detail.attempt.carrier_price == price);
    REQUIRE(detail.costs.size() == 2);
    CHECK(detail.costs[0].provider == "stt");
    CHECK(detail.costs[1].item == "as billed");
    CHECK_FALSE(detail.costs[1].estimated);
    CHECK(connected() == 1);
    CHECK(db.counted(Outcome::completed) == 1);
  }
  CHECK(db.get(db.ports().calls.unpriced_attempts("carrier", start, start + minutes{1}, 10)).empty());
  CHECK(db.error(db.ports().calls.record_carrier_facts(AttemptId{"nothing"}, seconds{1}, std::nullopt, {})) ==
        ErrorCode::not_found);
}

TEST_CASE_TEMPLATE("a lease is renewed by its holder and taken over only when it has run out", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  const AttemptId id = db.dialed("c1", 1).attempt.id;
  CallStore& calls = db.ports().calls;
  const NodeId other{"node-2"};
  CHECK_FALSE(db.get(calls.take_lease(id, other, start + seconds{14}, start + seconds{30})));
  db.ok(calls.renew_leases(NodeId{"node-1"}, start + seconds{20}));
  db.ok(calls.renew_leases(other, start + hours{9}));  // holds nothing
  CHECK_FALSE(db.get(calls.take_lease(id, other, start + seconds{19}, start + seconds{40})));
  CHECK(db.get(calls.take_lease(id, other, start + seconds{20}, start + seconds{40})));
  CHECK(db.get(calls.find_attempt(id))->node == other);
  CHECK(db.get(calls.find_attempt(id))->lease_until == start + seconds{40});
  CHECK_FALSE(db.get(calls.take_lease(id, NodeId{"node-1"}, start + seconds{30}, start + seconds{50})));
  CHECK_FALSE(db.get(calls.take_lease(AttemptId{"nothing"}, other, start, start)));
}

}  // namespace callramp::contract
