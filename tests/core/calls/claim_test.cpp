#include "core/calls/claim.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

using namespace callramp;

namespace {

// 10:00:30 on a Monday in Kolkata, 04:30:30 UTC.
const Instant now = parse_iso("2026-11-23T04:30:30Z").value();

// Everything that judge_claim looks at, set so that the call is dialed on new.
struct World {
  ClaimCandidate candidate;
  RoutingState routing;
  CallingWindow window;
  std::vector<LocalClock> local{{.zone = "Asia/Kolkata", .time_of_day = hours{10}, .weekday = 1}};
  ClaimLimits limits{.old_system_available = true};

  World() {
    candidate.call.user = UserId{"user-1"};  // bucket 25
    candidate.call.agent = AgentId{"agent-7"};
    candidate.call.due_at = now - minutes{1};
    routing.flags.flags.outbound_calls_percentage = Percent::parse("50").value();
    routing.flags.version = 3;
  }
  ClaimVerdict judge() const { return judge_claim(candidate, routing, window, local, limits, now); }
};

ClaimVerdict judged(const std::function<void(World&)>& change) {
  World world;
  change(world);
  return world.judge();
}

void set_percentage(World& w, const char* text) {
  w.routing.flags.flags.outbound_calls_percentage = Percent::parse(text).value();
}

}  // namespace

TEST_CASE("a due call with nothing in its way is dialed on the system that the routing says") {
  struct Row {
    const char* name;
    std::function<void(World&)> change;
    System system;
    RouteReason reason;
  };
  const std::vector<Row> rows{
      {"below the percentage", [](World&) {}, System::new_system, RouteReason::below_percentage},
      {"due at this instant", [](World& w) { w.candidate.call.due_at = now; }, System::new_system,
       RouteReason::below_percentage},
      {"above the percentage", [](World& w) { set_percentage(w, "25"); }, System::old_system,
       RouteReason::at_or_above_percentage},
      {"new without an old system", [](World& w) { w.limits.old_system_available = false; }, System::new_system,
       RouteReason::below_percentage},
      {"killed", [](World& w) { w.routing.flags.flags.outbound_calls_enabled = false; }, System::old_system,
       RouteReason::outbound_calls_disabled},
      {"pinned to old",
       [](World& w) { w.routing.pins["user-1"] = {.user = UserId{"user-1"}, .system = System::old_system}; },
       System::old_system, RouteReason::pinned},
      {"whatever it was accepted for", [](World& w) { w.candidate.call.accepted_system = System::old_system; },
       System::new_system, RouteReason::below_percentage},
      {"a retry of a call of new", [](World& w) { w.candidate.call.system = System::new_system; }, System::new_system,
       RouteReason::below_percentage},
      {"a retry of a call of new after a rollback",
       [](World& w) {
         w.candidate.call.system = System::new_system;
         set_percentage(w, "5");
       },
       System::old_system, RouteReason::at_or_above_percentage},
      {"a retry of a call of old after an advance", [](World& w) { w.candidate.call.system = System::old_system; },
       System::old_system, RouteReason::below_percentage},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto verdict = judged(row.change);
    const auto* dial = std::get_if<DialNow>(&verdict);
    REQUIRE(dial);
    CHECK(dial->system == row.system);
    CHECK_EQ(to_string(dial->route.reason), to_string(row.reason));
    CHECK_EQ(dial->route.flag_version, 3);
    CHECK_EQ(dial->route.bucket, 25);
  }
}

TEST_CASE("what it waits for, until when, and why") {
  struct Row {
    const char* name;
    std::function<void(World&)> change;
    Instant until;
    std::string reason;
  };
  const auto at = [](const char* iso) { return parse_iso(iso).value(); };
  const std::vector<Row> rows{
      {"not due", [](World& w) { w.candidate.call.due_at = now + hours{1}; }, now + hours{1},
       "due at 2026-11-23T05:30:30.000Z"},
      // The wall clock is read to the minute: the opening is 09:00:00, not 09:00:30.
      {"too early for the callee", [](World& w) { w.local.front().time_of_day = hours{8} + minutes{50}; },
       at("2026-11-23T04:40:00Z"), "window opens 09:00 in Asia/Kolkata"},
      {"too late for the callee", [](World& w) { w.local.front().time_of_day = hours{21}; }, at("2026-11-23T16:30:00Z"),
       "window opens 09:00 in Asia/Kolkata"},
      {"zone unknown", [](World& w) { w.local.clear(); }, at("2026-11-23T05:30:00Z"),
       "no time zone is known for the number; give the contact a timezone"},
      {"the number is on the line", [](World& w) { w.candidate.number_has_open_attempt = true; }, now + seconds{15},
       "another call to this number is not over"},
      {"old and nothing that dials there",
       [](World& w) {
         w.limits.old_system_available = false;
         set_percentage(w, "5");
       },
       now + minutes{1},
       "routed to old-system (at_or_above_percentage), and no old system is configured; set OLD_SYSTEM_URL"},
      {"killed and nothing that dials on old",
       [](World& w) {
         w.limits.old_system_available = false;
         w.routing.flags.flags.outbound_calls_enabled = false;
       },
       now + minutes{1},
       "routed to old-system (outbound_calls_disabled), and no old system is configured; set OLD_SYSTEM_URL"},
      {"no longer than to its expiry",
       [](World& w) {
         w.local.front().time_of_day = hours{21};
         w.limits.expires_after = hours{2};
       },
       now - minutes{1} + hours{2}, "window opens 09:00 in Asia/Kolkata"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto verdict = judged(row.change);
    const auto* wait = std::get_if<WaitUntil>(&verdict);
    REQUIRE(wait);
    CHECK_EQ(to_iso(wait->until), to_iso(row.until));
    CHECK_EQ(wait->reason, row.reason);
  }
}

TEST_CASE("what ends a call without a dial") {
  struct Row {
    const char* name;
    std::function<void(World&)> change;
    Outcome outcome;
    std::optional<Fault> fault;
    const char* reason;
  };
  const std::vector<Row> rows{
      {"cancelled",
       [](World& w) { w.candidate.call.cancel_requested = true; },
       Outcome::cancelled,
       {},
       "cancelled by an operator before it was dialed"},
      {"on the do-not-call list",
       [](World& w) {
         w.candidate.on_do_not_call = true;
         w.candidate.do_not_call_version = 12;
       },
       Outcome::cancelled,
       {},
       "the number is on the do-not-call list (version 12)"},
      {"its agent deleted", [](World& w) { w.candidate.agent_exists = false; }, Outcome::failed, Fault::ours,
       "agent 'agent-7' does not exist any more; place the call with another"},
      {"too old",
       [](World& w) { w.candidate.call.due_at = now - hours{48}; },
       Outcome::expired,
       {},
       "not dialed within 2 d 0 h of its due time"},
      {"too old, and it had waited",
       [](World& w) {
         w.candidate.call.due_at = now - hours{49};
         w.candidate.call.reason = "window opens 09:00 in Asia/Kolkata";
       },
       Outcome::expired,
       {},
       "not dialed within 2 d 0 h of its due time; it last waited because: window opens 09:00 in Asia/Kolkata"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto verdict = judged(row.change);
    const auto* end = std::get_if<EndNow>(&verdict);
    REQUIRE(end);
    CHECK_EQ(to_string(end->outcome), to_string(row.outcome));
    CHECK(end->fault == row.fault);
    CHECK_EQ(end->reason, row.reason);
  }
}

TEST_CASE("never dialed while anything is in its way, and always looked at again later than now") {
  // Every combination of obstacles; without any it is dialed.
  const std::vector<std::function<void(World&)>> obstacles{
      [](World& w) { w.candidate.call.cancel_requested = true; },
      [](World& w) { w.candidate.on_do_not_call = true; },
      [](World& w) { w.candidate.agent_exists = false; },
      [](World& w) { w.candidate.call.due_at = now - hours{48}; },
      [](World& w) { w.candidate.call.due_at = now + microseconds{1}; },
      [](World& w) { w.local.front().time_of_day = hours{8} + minutes{59}; },
      [](World& w) { w.window.weekdays[1] = false; },
      [](World& w) { w.candidate.number_has_open_attempt = true; },
      [](World& w) {
        w.limits.old_system_available = false;
        w.routing.flags.flags.outbound_calls_enabled = false;
      },
  };
  for (unsigned bits = 0; bits < 1U << obstacles.size(); ++bits) {
    CAPTURE(bits);
    World world;
    for (std::size_t i = 0; i < obstacles.size(); ++i)
      if ((bits >> i & 1) != 0) obstacles[i](world);
    const auto verdict = world.judge();
    CHECK_EQ(std::holds_alternative<DialNow>(verdict), bits == 0);
    if (const auto* wait = std::get_if<WaitUntil>(&verdict)) {
      CHECK(wait->until > now);
      CHECK(wait->until <= world.candidate.call.due_at + world.limits.expires_after);
      CHECK_FALSE(wait->reason.empty());
    }
    if (const auto* end = std::get_if<EndNow>(&verdict)) {
      CHECK_EQ(end->fault.has_value(), end->outcome == Outcome::failed);
      CHECK_FALSE(end->reason.empty());
    }
  }
}

namespace {

CampaignAtClaim at_claim(CampaignStatus status) {
  return {.campaign = {.id = CampaignId{"c1"}, .name = "Offer", .status = status}, .load = {}};
}

}  // namespace

TEST_CASE("a campaign's call is dialed, waits or ends as its campaign says") {
  struct Row {
    const char* name;
    std::function<void(World&)> change;
    std::string waits;  // the reason; empty: it is dialed
    Duration wait{};
  };
  const std::vector<Row> rows{
      {"active", [](World&) {}, "", {}},
      {"completed and retried by hand",
       [](World& w) { w.candidate.campaign->campaign.status = CampaignStatus::completed; },
       "",
       {}},
      {"paused", [](World& w) { w.candidate.campaign->campaign.status = CampaignStatus::paused; }, "campaign is paused",
       hours{1}},
      {"its window instead of its kind's",
       [](World& w) { w.candidate.campaign->campaign.settings.window = CallingWindow{.from = hours{11}}; },
       "window opens 11:00 in Asia/Kolkata", minutes{60} - seconds{30}},
      {"its holidays",
       [](World& w) {
         w.local[0].date = std::chrono::year{2026} / 11 / 23;
         w.candidate.campaign->campaign.settings.holidays = {std::chrono::year{2026} / 11 / 23};
       },
       "holiday, window opens 09:00 in Asia/Kolkata", hours{23} - seconds{30}},
      {"its lines",
       [](World& w) {
         w.candidate.campaign->campaign.max_concurrent = 2;
         w.candidate.campaign->load.calling = 2;
       },
       "2 of at most 2 calls of the campaign are under way", seconds{1}},
      {"a call that stood still over a long weekend",
       [](World& w) { w.candidate.call.due_at = now - hours{100}; },
       "",
       {}}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const ClaimVerdict verdict = judged([&](World& w) {
      w.candidate.campaign = at_claim(CampaignStatus::active);
      row.change(w);
    });
    if (row.waits.empty()) {
      CHECK(std::holds_alternative<DialNow>(verdict));
      continue;
    }
    const auto* wait = std::get_if<WaitUntil>(&verdict);
    REQUIRE(wait);
    CHECK(wait->reason == row.waits);
    CHECK(wait->until == now + row.wait);
  }
  const ClaimVerdict cancelled = judged([](World& w) { w.candidate.campaign = at_claim(CampaignStatus::cancelled); });
  REQUIRE(std::holds_alternative<EndNow>(cancelled));
  CHECK(std::get<EndNow>(cancelled).outcome == Outcome::cancelled);
}

TEST_CASE("a number is not dialed more often in its day than the limit says") {
  // 10:00:30 in Kolkata: its day began at 18:30 UTC of the day before.
  const Instant midnight = parse_iso("2026-11-22T18:30:00Z").value();
  const auto wait = [](World& world) -> std::optional<Instant> {
    const auto verdict = world.judge();
    const auto* waits = std::get_if<WaitUntil>(&verdict);
    return waits ? std::optional(waits->until) : std::nullopt;
  };
  World world;
  world.limits.max_per_number_per_day = 2;
  world.candidate.recent_dials = {now - hours{1}, midnight - seconds{1}, midnight - hours{3}};
  CHECK_FALSE(wait(world).has_value());
  world.candidate.recent_dials = {now - hours{1}, midnight, midnight - hours{3}};
  CHECK(wait(world) == midnight + hours{24});
  const auto verdict = world.judge();
  CHECK(std::get<WaitUntil>(verdict).reason == "the number was dialed 2 times today, which is the limit");

  SUBCASE("a test call goes to its own caller") {
    world.candidate.call.test = true;
    CHECK_FALSE(wait(world).has_value());
  }
  SUBCASE("no limit") {
    world.limits.max_per_number_per_day = 0;
    CHECK_FALSE(wait(world).has_value());
  }
  SUBCASE("of a number that may be in several zones the day must be over in all") {
    world.limits.max_per_number_per_day = 1;
    world.candidate.recent_dials = {now - hours{2}};
    // 06:30 one hour west of UTC: that day began at 01:00 UTC and ends there a good six hours after Kolkata's.
    world.local.push_back({.zone = "Atlantic/Azores", .time_of_day = hours{3} + minutes{30}, .weekday = 1});
    world.window.from = minutes{0};
    CHECK(wait(world) == parse_iso("2026-11-24T01:00:00Z").value());
  }
  SUBCASE("a campaign may be stricter and never laxer") {
    world.candidate.campaign = CampaignAtClaim{};
    world.candidate.campaign->campaign.status = CampaignStatus::active;
    world.candidate.campaign->campaign.settings.max_attempts_per_day = 9;
    CHECK(wait(world) == midnight + hours{24});
    world.limits.max_per_number_per_day = 9;
    CHECK_FALSE(wait(world).has_value());
    world.candidate.campaign->campaign.settings.max_attempts_per_day = 2;
    CHECK(wait(world) == midnight + hours{24});
  }
}

TEST_CASE("a call's own business hours hold it inside the window of its kind") {
  World world;
  world.limits.own_hours = WindowVerdict{.wait = minutes{30}, .reason = "window opens 10:30 in Asia/Kolkata"};
  const auto verdict = world.judge();
  const auto* waits = std::get_if<WaitUntil>(&verdict);
  REQUIRE(waits);
  CHECK(to_iso(waits->until) == "2026-11-23T05:00:00.000Z");
  CHECK(waits->reason == "business hours: window opens 10:30 in Asia/Kolkata");
  world.limits.own_hours->open = true;
  CHECK(std::holds_alternative<DialNow>(world.judge()));
}

TEST_CASE("what stops a retry that waits, and that a person's goes on") {
  World world;
  world.candidate.call.system = System::new_system;
  world.candidate.call.first_attempt_at = now - hours{1};
  world.candidate.last = Ending{.outcome = Outcome::no_answer, .reason = "nobody answered"};
  CHECK(std::holds_alternative<DialNow>(world.judge()));
  world.routing.flags.flags.enable_retry_logic = false;
  const auto verdict = world.judge();
  const auto* end = std::get_if<EndNow>(&verdict);
  REQUIRE(end);
  CHECK(end->outcome == Outcome::no_answer);
  CHECK(end->by_last_attempt);
  world.candidate.manual_retry = true;
  CHECK(std::holds_alternative<DialNow>(world.judge()));
  // A first dial has nothing to do with it.
  world.candidate.manual_retry = false;
  world.candidate.last.reset();
  CHECK(std::holds_alternative<DialNow>(world.judge()));

  world.candidate.last = Ending{.outcome = Outcome::busy, .reason = "the carrier says busy"};
  world.routing.flags.flags.enable_retry_logic = true;
  world.candidate.call.due_at = now - hours{48};
  world.candidate.call.reason = "the carrier says busy; retry 1 of 3 at some time";
  const auto late = world.judge();
  CHECK(std::get<EndNow>(late).outcome == Outcome::expired);
  CHECK(std::get<EndNow>(late).reason ==
        "its retry was not dialed within 2 d 0 h of its due time, after: the carrier says busy");
}
