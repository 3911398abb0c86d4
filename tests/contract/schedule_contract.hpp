// What every ScheduleStore does, and what the claim does with a schedule's calls.
#pragma once

#include "contract/store_world.hpp"
#include "ports/schedule_store.hpp"

namespace callramp::contract {

inline Schedule hourly(std::string id, int number) {
  const Call call = StoreWorld::call("", number);
  return Schedule{.id = ScheduleId{std::move(id)},
                  .phone = call.phone,
                  .user = call.user,
                  .agent = call.agent,
                  .metadata_json = R"({"name":"Asha"})",
                  .first = parse_wall_time("2026-12-01T09:00").value(),
                  .timezone = "Asia/Kolkata",
                  .hours = CallingWindow{.from = hours{9}, .to = hours{18}},
                  .hours_zone = "Etc/UTC",
                  .recurring = Recurrence{.frequency = Frequency::weekly, .every = 2, .max_occurrences = 3},
                  .created_at = start,
                  .created_by = "op"};
}

/// An occurrence every hour from `start` on, three in all; ids are "SCHEDULE-PLACE".
inline std::optional<PlannedCall> plan_hourly(const Schedule& schedule, int number, Instant after) {
  while (start + hours{number} <= after) ++number;
  if (schedule.occurrences >= schedule.recurring->max_occurrences.value_or(1'000)) return std::nullopt;
  return PlannedCall{.number = number,
                     .call = Call{.id = CallId{schedule.id.str() + "-" + std::to_string(number)},
                                  .phone = schedule.phone,
                                  .user = schedule.user,
                                  .agent = schedule.agent,
                                  .status = CallStatus::scheduled,
                                  .created_at = after,
                                  .due_at = start + hours{number},
                                  .updated_at = after,
                                  .schedule = schedule.id,
                                  .hours = schedule.hours,
                                  .hours_zone = schedule.hours_zone}};
}

inline ClaimRequest scheduled_claim(Instant now) {
  ClaimRequest request = StoreWorld::claim_request(now);
  request.plan_next = plan_hourly;
  return request;
}

TEST_CASE_TEMPLATE("a schedule is stored whole with its first call", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  ScheduleStore& schedules = db.ports().schedules;
  Schedule wanted = hourly("s1", 1);
  const Schedule made = db.get(schedules.create(wanted, plan_hourly(wanted, 1, start)->call));
  CHECK(made.status == ScheduleStatus::active);
  CHECK(made.first == wanted.first);
  CHECK(made.timezone == "Asia/Kolkata");
  CHECK(made.hours == wanted.hours);
  CHECK(made.hours_zone == "Etc/UTC");
  CHECK(made.recurring == wanted.recurring);
  CHECK(made.metadata_json == wanted.metadata_json);
  CHECK(made.occurrences == 1);
  CHECK(made.next_call == CallId{"s1-1"});
  CHECK(made.next_at == start + hours{1});
  CHECK(made.version == 1);
  const Call call = db.get(db.ports().calls.get(CallId{"s1-1"})).call;
  CHECK(call.status == CallStatus::scheduled);
  CHECK(call.schedule == ScheduleId{"s1"});
  CHECK(call.hours == wanted.hours);

  CHECK(db.error(schedules.get(ScheduleId{"nothing"})) == ErrorCode::not_found);
  Schedule stranger = hourly("s2", 2);
  stranger.agent = AgentId{"nobody"};
  Call first = plan_hourly(stranger, 1, start)->call;
  CHECK(db.error(schedules.create(stranger, first)) == ErrorCode::agent_not_found);
  CHECK(db.get(schedules.list({})).total == 1);
  CHECK(db.get(schedules.list({.status = ScheduleStatus::done})).schedules.empty());
}

TEST_CASE_TEMPLATE("the claim that dials a schedule's call makes the next until it is done", Database,
                   CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  ScheduleStore& schedules = db.ports().schedules;
  const Schedule wanted = hourly("s1", 1);
  Schedule first = wanted;
  first.last_number = 1;
  db.get(schedules.create(first, plan_hourly(wanted, 1, start)->call));
  for (int n = 1; n <= 3; ++n) {
    CAPTURE(n);
    const Instant now = start + hours{n} + minutes{1};
    const ClaimResult claim = db.claim(scheduled_claim(now));
    REQUIRE(claim.dials.size() == 1);
    CHECK(claim.dials[0].call.id == CallId{"s1-" + std::to_string(n)});
    const Schedule after = db.get(schedules.get(ScheduleId{"s1"}));
    if (n < 3) {
      CHECK(after.next_call == CallId{"s1-" + std::to_string(n + 1)});
      CHECK(after.occurrences == n + 1);
    } else {
      CHECK(after.status == ScheduleStatus::done);
      CHECK_FALSE(after.next_call.has_value());
    }
    if (n == 1) {
      // A dial that is taken back and made again makes no second next call.
      db.get(db.ports().calls.release_attempt(claim.dials[0].attempt.id, "down", now + minutes{1}, now));
      const ClaimResult again = db.claim(scheduled_claim(now + minutes{1}));
      REQUIRE(again.dials.size() == 1);
      CHECK(db.get(schedules.get(ScheduleId{"s1"})).occurrences == 2);
      db.end(again.dials[0].attempt, Outcome::completed, now + minutes{2});
    } else {
      db.end(claim.dials[0].attempt, Outcome::completed, now + minutes{1});
    }
  }
  CHECK(db.claim(scheduled_claim(start + hours{9})).dials.empty());
}

TEST_CASE_TEMPLATE("a schedule whose call is not dialed goes on all the same", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  ScheduleStore& schedules = db.ports().schedules;
  Schedule wanted = hourly("s1", 1);
  wanted.last_number = 1;
  db.get(schedules.create(wanted, plan_hourly(wanted, 1, start)->call));
  ClaimRequest request = scheduled_claim(start + hours{1});
  request.judge = [](const ClaimCandidate&, const RoutingState&) -> ClaimVerdict {
    return EndNow{.outcome = Outcome::expired, .reason = "too late"};
  };
  CHECK(db.claim(request).ended.size() == 1);
  CHECK(db.get(schedules.get(ScheduleId{"s1"})).next_call == CallId{"s1-2"});

  // Cancelled by hand, outside any claim: catching up makes the next, once.
  db.get(db.ports().calls.request_cancel(CallId{"s1-2"}, "op", start + hours{1}));
  CHECK(db.get(schedules.catch_up(plan_hourly, start + hours{1})) == 1);
  CHECK(db.get(schedules.get(ScheduleId{"s1"})).next_call == CallId{"s1-3"});
  CHECK(db.get(schedules.catch_up(plan_hourly, start + hours{1})) == 0);
}

TEST_CASE_TEMPLATE("rescheduling replaces the waiting call and cancelling ends it", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  ScheduleStore& schedules = db.ports().schedules;
  const Schedule wanted = hourly("s1", 1);
  db.get(schedules.create(wanted, plan_hourly(wanted, 1, start)->call));
  Schedule other = wanted;
  other.recurring.reset();
  other.hours.reset();
  other.last_number = 0;
  Call at_five = plan_hourly(wanted, 5, start)->call;
  other.version = 7;
  CHECK(db.error(schedules.change(other, at_five, "op", start)) == ErrorCode::precondition_failed);
  other.version = 1;
  const Schedule changed = db.get(schedules.change(other, at_five, "op", start + minutes{1}));
  CHECK(changed.version == 2);
  CHECK_FALSE(changed.recurring.has_value());
  CHECK_FALSE(changed.hours.has_value());
  CHECK(changed.next_call == CallId{"s1-5"});
  CHECK(changed.occurrences == 1);
  CHECK(db.get(db.ports().calls.get(CallId{"s1-1"})).call.outcome == Outcome::cancelled);

  const Schedule cancelled = db.get(schedules.cancel(ScheduleId{"s1"}, "op", start + minutes{2}));
  CHECK(cancelled.status == ScheduleStatus::cancelled);
  CHECK_FALSE(cancelled.next_call.has_value());
  CHECK(db.get(db.ports().calls.get(CallId{"s1-5"})).call.outcome == Outcome::cancelled);
  CHECK(db.get(schedules.cancel(ScheduleId{"s1"}, "op", start + minutes{3})).version == cancelled.version);
  CHECK(db.error(schedules.change(cancelled, at_five, "op", start)) == ErrorCode::conflict);
  CHECK(db.claim(scheduled_claim(start + hours{9})).dials.empty());
}

}  // namespace callramp::contract
