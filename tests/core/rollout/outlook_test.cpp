// When a phase may be over: the slowest criterion, its rate, and the clocks that nothing may run ahead of.
#include "core/rollout/outlook.hpp"

#include <doctest/doctest.h>

namespace callramp::rollout {
namespace {

constexpr std::chrono::days day{1};
constexpr Instant now = from_micros(1'764'000'000'000'000);

struct Scene {
  Plan plan;
  RolloutState state;
  Decision look;
  PhaseFold counts;

  Scene() {
    plan.phases.resize(1);
    plan.phases[0].expected_volume = Volume{50, 100};
    state.stage = Stage::running;
    state.phase_started_at = now - 4 * day;
    state.earliest_advance = now + day;
  }
  void undecided(std::string text, double seen, Forecast forecast) {
    Judgement judgement;
    judgement.condition.text = std::move(text);
    judgement.verdict = Verdict::undecided;
    judgement.good = seen;
    judgement.forecast = forecast;
    look.criteria.push_back(judgement);
  }
  std::optional<Outlook> outlook() const { return rollout::outlook(plan, state, look, counts, now); }
};

TEST_CASE("the slowest criterion is told at the rate at which its own evidence comes") {
  Scene scene;
  scene.counts.calls.total = 200;  // 50 a day
  scene.undecided("success", 200, {.q10 = 50, .q50 = 100, .q90 = 400, .p_never = 0.1});
  scene.undecided("retries", 40, {.q10 = 20, .q50 = 90, .q90 = -1, .p_never = 0.2});
  auto outlook = scene.outlook();
  REQUIRE(outlook);
  CHECK(outlook->slowest == "success");
  CHECK(outlook->per_day == doctest::Approx(50));
  CHECK(outlook->soonest == now + day);
  CHECK(outlook->likely == now + 2 * day);
  CHECK(outlook->latest == now + 8 * day);

  scene.look.criteria[1].forecast->q50 = -1;  // never is later than everything
  outlook = scene.outlook();
  CHECK(outlook->slowest == "retries");
  CHECK(outlook->per_day == doctest::Approx(10));  // a fifth of the calls are retried
  CHECK(outlook->soonest == now + 2 * day);
  CHECK_FALSE(outlook->likely);
  CHECK_FALSE(outlook->latest);
}

TEST_CASE("before enough was seen the plan's volume is the rate and without one there is no date") {
  Scene scene;
  scene.counts.calls.total = 10;
  scene.undecided("success", 10, {.q10 = 75, .q50 = 150, .q90 = 300, .p_never = 0});
  CHECK(scene.outlook()->rate_planned);
  CHECK(scene.outlook()->likely == now + 2 * day);
  scene.plan.phases[0].expected_volume.reset();
  CHECK_FALSE(scene.outlook()->likely);
}

TEST_CASE("a day is as long as the plan's pace says") {
  Scene scene;
  scene.plan.pace.day = seconds{16};
  scene.state.phase_started_at = now - seconds{64};
  scene.state.earliest_advance = now + seconds{10};
  scene.counts.calls.total = 200;  // 50 a day
  scene.undecided("success", 200, {.q10 = 50, .q50 = 100, .q90 = 400, .p_never = 0.1});
  CHECK(scene.outlook()->per_day == doctest::Approx(50));
  CHECK(scene.outlook()->soonest == now + seconds{16});
  CHECK(scene.outlook()->latest == now + 8 * seconds{16});
  scene.state.phase_started_at = now - seconds{3};  // less than a quarter of a day
  CHECK(scene.outlook()->rate_planned);
}

TEST_CASE("clocks hold the phase though the evidence is there") {
  Scene scene;
  CHECK(scene.outlook()->likely == now + day);
  Judgement stable;
  stable.kind = Kind::clock;
  stable.until = now + 2 * day;
  scene.look.criteria = {stable};
  CHECK(scene.outlook()->soonest == now + 2 * day);
  CHECK(scene.outlook()->slowest.empty());
}

TEST_CASE("where no phase runs there is no outlook and a century ahead is none either") {
  Scene scene;
  scene.undecided("success", 1, {.q10 = 1, .q50 = 2'000'000'000, .q90 = 2'000'000'000, .p_never = 0});
  CHECK_FALSE(scene.outlook()->likely);
  for (const Stage stage : {Stage::planned, Stage::rolled_back, Stage::complete, Stage::watching, Stage::succeeded}) {
    scene.state.stage = stage;
    CHECK_FALSE(scene.outlook());
  }
}

}  // namespace
}  // namespace callramp::rollout
