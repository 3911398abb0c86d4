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
