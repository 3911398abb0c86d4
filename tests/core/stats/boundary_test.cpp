// The whole-number boundary against the evidence that it stands for.
#include "core/stats/boundary.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>

using namespace callramp::stats;

namespace {

const RateLine line{0.65, tuned_prior(0.65, 0.05)};
const double need = std::log(20.0);

double evidence(Side side, std::int64_t good, std::int64_t n) {
  return log_e(line, side, {static_cast<double>(good), static_cast<double>(n - good)});
}

}  // namespace

TEST_CASE("a pass of 214 calls at the line of 65 % needs 158 good ones") {
  Boundary boundary{line, Side::above, need};
  CHECK(boundary.at(214) == 158);
  CHECK(boundary.reached(158, 56));
  CHECK_FALSE(boundary.reached(157, 57));
}

TEST_CASE("the boundary is where the evidence crosses its threshold and nowhere else") {
  Boundary pass{line, Side::above, need};
  Boundary fail{line, Side::below, need};
  for (std::int64_t n = 0; n <= 1500; n += n < 60 ? 1 : 37) {
    CAPTURE(n);
    const std::int64_t least = pass.at(n);
    if (least <= n) CHECK(evidence(Side::above, least, n) >= need);
    CHECK(evidence(Side::above, least - 1, n) < need);
    const std::int64_t most = fail.at(n);
    if (most >= 0) CHECK(evidence(Side::below, most, n) >= need);
    CHECK(evidence(Side::below, most + 1, n) < need);
  }
}

TEST_CASE("the boundary never falls and never rises by more than one a call") {
  for (const Side side : {Side::above, Side::below}) {
    Boundary boundary{line, side, need};
    for (std::int64_t n = 0; n < 3000; ++n) {
      const std::int64_t rise = boundary.at(n + 1) - boundary.at(n);
      CHECK(rise >= 0);
      CHECK(rise <= 1);
    }
  }
}

TEST_CASE("before any number of calls could settle it the boundary is out of reach") {
  Boundary pass{line, Side::above, need};
  Boundary fail{line, Side::below, need};
  for (std::int64_t n = 0; n < 5; ++n) {
    CHECK(pass.at(n) == n + 1);
    CHECK(fail.at(n) == -1);
    CHECK_FALSE(pass.reached(n, 0));
    CHECK_FALSE(fail.reached(0, n));
  }
}

TEST_CASE("a boundary that starts late is the same boundary") {
  for (const Side side : {Side::above, Side::below}) {
    Boundary whole{line, side, need};
    Boundary late{line, side, need, 700};
    for (std::int64_t n = 700; n < 800; ++n) CHECK(late.at(n) == whole.at(n));
  }
}

TEST_CASE("asked in any order the table gives the same answers") {
  Boundary up{line, Side::above, need};
  Boundary down{line, Side::above, need};
  const std::int64_t last = down.at(900);
  CHECK(down.at(10) == up.at(10));
  CHECK(up.at(900) == last);
}
