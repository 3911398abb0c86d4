// Sums over a rollout's phase and over the users of the flag: what every RolloutStore adds up.
#pragma once

#include "contract/rollout_world.hpp"

namespace callramp::contract {

TEST_CASE_TEMPLATE("users and their calls are summed up by phase", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  world.call_on_new("a1", 1, Outcome::completed, start);
  world.call_on_new("a2", 1, Outcome::busy, start + minutes{3});
  world.call_on_new("a3", 1, Outcome::voicemail_left, start + minutes{6});
  world.call_on_new("b1", 2, Outcome::no_answer, start + minutes{9});
  world.db.dialed("b2", 3, start + minutes{12});
  CHECK(world.db.get(world.store().user_figures("outbound-calls", 1, 0)).sums == rollout::ClusterSums{});
  world.close(start + minutes{8});
  CHECK(world.db.get(world.store().user_figures("outbound-calls", 1, 0)).sums.n == 2);
  world.close(start + minutes{17});
  world.close(start + minutes{18});
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

TEST_CASE_TEMPLATE("a change of the percentage moves those between with open callbacks and no pinned one", Database,
                   CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  std::int64_t below = 0;
  const Percent half = *Percent::parse("22");
  for (int user = 1; user <= 6; ++user) {
    world.call_on_new("c" + std::to_string(user), user, Outcome::completed, start + minutes{user});
    if (position_hundredths("user-" + std::to_string(user)) < half.basis_points()) ++below;
  }
  REQUIRE(below > 0);
  REQUIRE(below < 6);
  const auto switching = [&](const char* from, const char* to, Instant now) {
    return world.db.get(world.store().switching(*Percent::parse(from), *Percent::parse(to), now));
  };
  CHECK(switching("0", "100", start + hours{1}) == Switching{.users = 6, .open = 0});
  CHECK(switching("0", "22", start + hours{1}) == Switching{.users = below, .open = 0});
  CHECK(switching("22", "0", start + hours{1}) == Switching{.users = below, .open = 0});
  CHECK(switching("100", "22", start + hours{1}) == Switching{.users = 6 - below, .open = 0});
  CHECK(switching("22", "22", start + hours{1}) == Switching{});
  CHECK(switching("0", "100", start + hours{24 * 29}) == Switching{});
  // A call that waits makes somebody known, and is an open callback; a pin holds its user where he is.
  world.db.create(StoreWorld::call("later", 7));
  CHECK(switching("0", "100", start + hours{2}) == Switching{.users = 7, .open = 1});
  world.db.ok(world.db.ports().flags.put_pin({.user = UserId{"user-2"},
                                              .system = System::old_system,
                                              .reason = "asked for it",
                                              .actor = "asha",
                                              .created_at = start,
                                              .until = start + hours{3}}));
  CHECK(switching("0", "100", start + hours{2}) == Switching{.users = 6, .open = 1});
  CHECK(switching("0", "100", start + hours{4}) == Switching{.users = 7, .open = 1});
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
  const auto days = world.db.get(world.store().costs("outbound-calls", 1, 0, *Currency::parse("INR"), [](Instant at) {
    return std::chrono::floor<std::chrono::days>(at - start).count();
  }));
  REQUIRE(days.size() == 2);
  CHECK(days[0] == rollout::DailyCost{.day = 0, .calls = 2, .micros = 1'500'000});
  CHECK(days[1] == rollout::DailyCost{.day = 1, .calls = 1, .micros = 0});
}

}  // namespace callramp::contract
