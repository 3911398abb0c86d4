// What the rollout store promises of gauges: a reading a minute, and means by day and by phase.
#pragma once

#include "contract/rollout_world.hpp"

namespace callramp::contract {

TEST_CASE_TEMPLATE("gauges keep a reading a minute and means by day and phase", Database, CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  auto& store = world.store();
  world.run_phase(0, start);
  const auto report = [&](std::string name, Instant at, std::optional<double> value, std::string missing = "",
                          bool exists = true) {
    world.db.ok(store.add_gauges(
        {{.name = std::move(name), .at = at, .value = value, .missing = std::move(missing), .exists = exists}}, at));
  };
  report("cpu", start, 0.5);
  report("cpu", start + seconds{20}, 0.7);  // the same minute
  report("cpu", start + minutes{1}, 0.1);
  report("queue", start, std::nullopt, "Prometheus does not answer");
  report("pool", start, std::nullopt, "SQLite has none", false);
  auto gauges = world.db.get(store.gauges("outbound-calls", 1, start));
  REQUIRE(gauges.size() == 3);
  REQUIRE(gauges["cpu"].readings.size() == 2);
  CHECK(gauges["cpu"].readings.front() == rollout::LevelReading{.at = start + seconds{20}, .value = 0.7});
  REQUIRE(gauges["cpu"].phases.size() == 1);
  CHECK(gauges["cpu"].phases.front().mean == doctest::Approx(0.4));
  CHECK(gauges["queue"].missing == "Prometheus does not answer");
  CHECK(gauges["queue"].exists);
  CHECK_FALSE(gauges["pool"].exists);
  report("queue", start + minutes{2}, 3.0);
  CHECK(world.db.get(store.gauges("outbound-calls", 1, start))["queue"].missing.empty());

  report("cpu", start + hours{49}, 0.9);
  gauges = world.db.get(store.gauges("outbound-calls", 1, start));
  CHECK(gauges["cpu"].readings.size() == 1);
  const auto days = world.db.get(store.daily_gauge("cpu", 10));
  REQUIRE(days.size() == 2);
  CHECK(days.back().readings == 2);
  CHECK(days.back().low == 0.1);
  CHECK(days.back().high == 0.7);
  CHECK(days.back().mean == doctest::Approx(0.4));
}

TEST_CASE_TEMPLATE("a minute of a gauge in which the phase changes is the new phase's alone", Database,
                   CALLRAMP_STORES) {
  RolloutWorld<Database> world;
  world.run_phase(0, start);
  const auto report = [&](Instant at, double value) {
    world.db.ok(
        world.store().add_gauges({{.name = "db", .at = at, .value = value, .missing = "", .exists = true}}, at));
  };
  report(start + seconds{10}, 0.5);
  report(start + seconds{70}, 0.7);
  world.run_phase(1, start + seconds{80});
  report(start + seconds{90}, 0.2);
  report(start + seconds{100}, 0.3);
  const auto gauges = world.db.get(world.store().gauges("outbound-calls", 1, start));
  const auto& phases = gauges.at("db").phases;
  REQUIRE(phases.size() == 2);
  CHECK(phases[0].mean == doctest::Approx(0.5));
  CHECK(phases[1].mean == doctest::Approx(0.3));
}

}  // namespace callramp::contract
