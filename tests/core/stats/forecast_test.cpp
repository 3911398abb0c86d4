// The forecast against the design study's worked example and against plain counting.
#include "core/stats/forecast.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace callramp::stats;

namespace {

const RateLine line{0.65, tuned_prior(0.65, 0.05)};

struct Bounds {
  Boundary pass{line, Side::above, std::log(20.0)};
  Boundary fail{line, Side::below, std::log(20.0)};
};

}  // namespace

TEST_CASE("152 of 214: a tenth settles within 53 calls and half within 185 and a third not within the week") {
  Bounds bounds;
  const Forecast left = forecast({.pass = &bounds.pass}, {152, 62}, 311);
  CHECK(left.q10 == 53);
  CHECK(left.q50 == 185);
  CHECK_FALSE(left.q90.has_value());
  CHECK(left.p_never == doctest::Approx(0.3548).epsilon(1e-4));
  CHECK(forecast({.pass = &bounds.pass}, {152, 62}, 310).p_never == doctest::Approx(0.3574).epsilon(1e-4));
  CHECK(left.p_pass + left.p_never == doctest::Approx(1).epsilon(1e-12));
  CHECK(left.p_fail == 0);
}

TEST_CASE("a forecast from a table that starts at the present is the same") {
  Bounds bounds;
  Boundary late{line, Side::above, std::log(20.0), 214};
  CHECK(forecast({.pass = &late}, {152, 62}, 311).p_never == forecast({.pass = &bounds.pass}, {152, 62}, 311).p_never);
}

TEST_CASE("with both walls a forecast settles either way and no later than with one") {
  Bounds bounds;
  const Forecast both = forecast({.pass = &bounds.pass, .fail = &bounds.fail}, {60, 35}, 500);
  const Forecast pass = forecast({.pass = &bounds.pass}, {60, 35}, 500);
  CHECK(both.p_pass > 0.05);
  CHECK(both.p_fail > 0.05);
  CHECK(both.p_never < pass.p_never);
  CHECK(both.p_pass + both.p_fail + both.p_never == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("what has settled needs no further call") {
  Bounds bounds;
  const Walls walls{.pass = &bounds.pass, .fail = &bounds.fail};
  const Forecast passed = forecast(walls, {200, 20}, 100);
  CHECK(passed.q10 == 0);
  CHECK(passed.q90 == 0);
  CHECK(passed.p_never == 0);
  CHECK(passed.p_pass == 1);
  CHECK(forecast(walls, {20, 200}, 100).p_fail == 1);
}

TEST_CASE("without a call left nothing settles") {
  Bounds bounds;
  const Forecast none = forecast({.pass = &bounds.pass}, {152, 62}, 0);
  CHECK(none.p_never == 1);
  CHECK_FALSE(none.q10.has_value());
}

TEST_CASE("the first call after none is good or bad with equal chance") {
  // So the chance to pass within the fewest calls n, all good, is Laplace's 1 / (n + 1).
  Bounds bounds;
  const auto fewest = fewest_calls(bounds.pass, {}, 100);
  REQUIRE(fewest.has_value());
  CHECK(forecast({.pass = &bounds.pass}, {}, *fewest).p_pass ==
        doctest::Approx(1 / (static_cast<double>(*fewest) + 1)));
  CHECK(forecast({.pass = &bounds.pass}, {}, *fewest - 1).p_pass == 0);
}

TEST_CASE("the two hard numbers stand on the boundary") {
  Bounds bounds;
  const Counts now{152, 62};
  const auto fewest = fewest_calls(bounds.pass, now, 1000);
  REQUIRE(fewest == 20);
  CHECK(bounds.pass.reached(152 + 20, 62));
  CHECK_FALSE(bounds.pass.reached(152 + 19, 62));
  const auto allowed = failures_allowed(bounds.pass, now, 50);
  REQUIRE(allowed == 9);
  CHECK(bounds.pass.reached(152 + 41, 62 + 9));
  CHECK_FALSE(bounds.pass.reached(152 + 40, 62 + 10));
  CHECK_FALSE(failures_allowed(bounds.pass, now, 10).has_value());
  CHECK_FALSE(fewest_calls(bounds.pass, now, 19).has_value());
  CHECK(failures_allowed(bounds.pass, {900, 100}, 5) == 5);
}
