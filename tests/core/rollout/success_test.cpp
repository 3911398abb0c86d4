// The rate that everything turns on: its readings, its sentences, and the lines between them.
#include <doctest/doctest.h>

#include <cmath>

#include "world.hpp"

using namespace callramp;
using namespace callramp::rollout;
using namespace callramp::rollout::testing;

TEST_CASE("152 of 214 is undecided and the sentence says what a pass needs") {
  Plan plan = success_plan(Reading::mid);
  plan.phases.resize(1);
  World world(plan);
  const Decision decision = world.after(hours{70}).calls(152, 62).look();
  const Judgement& success = find(decision.criteria, "call_success_rate > 70%");
  CHECK(success.verdict == Verdict::undecided);
  CHECK(
      success.reason ==
      "Success rate: undecided. 152 of 214 calls succeeded (71.0 %; the true rate is between 61.1 % and 79.9 %, 95 % "
      "sure however often you look). 71 % = 71 talked + 0 voicemail. A pass at this point needs 158. Half of such "
      "cases "
      "settle within 185 more calls (10 % within 53); there is a 35 % chance that the 311 calls left in this phase do "
      "not settle it.");
  CHECK(decision.action == Action::hold);
}

TEST_CASE("115 of 214 rolls back and says how unlikely it would be by chance") {
  Plan plan = success_plan(Reading::mid);
  plan.phases.resize(1);
  World world(plan);
  world.after(hours{70}).calls(115, 99);
  const Decision decision = world.look();
  CAPTURE(decision.sentence);
  CHECK(decision.rollback_log_e < std::log(107.0));
  const Judgement& success = find(decision.triggers, "call_success_rate < 60%");
  CHECK(success.log_e_fail == doctest::Approx(std::log(107.0)).epsilon(0.02));
}

TEST_CASE("the reading says at which lines the evidence is weighed") {
  struct Row {
    Reading reading;
    int phase;
    double pass, fail;
  };
  const Row rows[]{{Reading::strict, 0, .70, .60}, {Reading::mid, 0, .65, .65},    {Reading::wide, 0, .60, .70},
                   {Reading::ladder, 0, .60, .65}, {Reading::ladder, 1, .65, .65}, {Reading::ladder, 2, .68, .65},
                   {Reading::ladder, 3, .70, .65}, {Reading::ladder, 4, .70, .65}};
  for (const Row& row : rows) {
    World world(success_plan(row.reading), row.phase);
    const Decision decision = world.after(hours{1}).calls(7, 3).look();
    CHECK(find(decision.criteria, "call_success_rate > 70%").line_pass == doctest::Approx(row.pass));
    CHECK(find(decision.triggers, "call_success_rate < 60%").line_fail == doctest::Approx(row.fail));
  }
}

TEST_CASE("a rollback's evidence is half the whole run's and half spread over the phases planned") {
  World one(success_plan());
  one.after(hours{30}).calls(60, 40);
  Plan single = success_plan();
  single.phases.resize(1);
  World alone(single);
  alone.after(hours{30}).calls(60, 40);
  const double e = std::exp(find(alone.look().triggers, "call_success_rate < 60%").log_e_fail);
  const double spread = find(one.look().triggers, "call_success_rate < 60%").log_e_fail;
  CHECK(std::exp(spread) == doctest::Approx(0.5 * e + 0.5 * (e / 5 + 4.0 / 5)).epsilon(1e-9));
  CHECK(std::abs(spread - std::log(e)) > 1e-3);
}

TEST_CASE("evidence to advance is half the run's and half this phase's") {
  World world(success_plan(Reading::mid));
  world.calls(80, 20);
  const double first = find(world.after(hours{1}).look().criteria, "call_success_rate > 70%").log_e_pass;
  world.state.phase = 1;
  world.calls(80, 20);
  const double both = find(world.look().criteria, "call_success_rate > 70%").log_e_pass;
  World whole(success_plan(Reading::mid));
  whole.calls(160, 40);
  const double run = find(whole.after(hours{1}).look().criteria, "call_success_rate > 70%").log_e_pass;
  CHECK(std::exp(both) == doctest::Approx(0.5 * std::exp(run) + 0.5 * std::exp(first)).epsilon(1e-6));
}
