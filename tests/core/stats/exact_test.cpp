// The promises of the boundaries, computed: what error is really spent on the line, and how many calls a decision
// takes. The figures are those of the design study's exact tables, to the call.
#include "core/stats/exact.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>

using namespace callramp::stats;

namespace {

struct Row {
  double rate;
  double mean;
  std::int64_t median;
  std::int64_t q95;
  double by_525;
};

StoppingTime one_sided(Side side, const RateLine& line, double alpha, double rate, std::int64_t horizon) {
  Boundary boundary{line, side, std::log(1 / alpha)};
  Walls walls;
  (side == Side::above ? walls.pass : walls.fail) = &boundary;
  return exact_stopping_time(walls, rate, horizon);
}

StoppingTime tuned(Side side, double line, double alpha, double rate, std::int64_t horizon) {
  return one_sided(side, RateLine{line, tuned_prior(line, alpha)}, alpha, rate, horizon);
}

void check_rows(Side side, double line, double alpha, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(line);
    CAPTURE(row.rate);
    const StoppingTime time = tuned(side, line, alpha, row.rate, 5 * row.q95);
    CHECK(time.undecided < 1e-4);
    CHECK(std::abs(time.mean - row.mean) <= 1);
    CHECK(time.median == row.median);
    CHECK(time.q95 == row.q95);
    const StoppingTime week = tuned(side, line, alpha, row.rate, 525);
    CHECK(std::abs(week.passed + week.failed - row.by_525) <= 0.0006);
  }
}

}  // namespace

TEST_CASE("passing a line takes the calls of the exact table") {
  check_rows(Side::above, 0.70, 0.05,
             {{0.74, 930, 750, 2409, 0.372},
              {0.75, 575, 462, 1474, 0.555},
              {0.77, 283, 229, 702, 0.871},
              {0.80, 139, 113, 322, 0.997},
              {0.85, 65, 58, 134, 1.000}});
  check_rows(Side::above, 0.65, 0.05,
             {{0.68, 1916, 1567, 4964, 0.206},
              {0.70, 633, 510, 1630, 0.515},
              {0.72, 313, 254, 781, 0.833},
              {0.75, 153, 127, 360, 0.993},
              {0.80, 72, 64, 151, 1.000}});
  check_rows(Side::above, 0.60, 0.05,
             {{0.65, 676, 544, 1747, 0.486}, {0.70, 164, 137, 390, 0.988}, {0.75, 77, 68, 166, 1.000}});
}

TEST_CASE("failing a line takes the calls of the exact table") {
  check_rows(Side::below, 0.60, 0.01,
             {{0.55, 1081, 961, 2421, 0.242}, {0.50, 260, 229, 573, 0.928}, {0.40, 71, 65, 140, 1.000}});
  check_rows(Side::below, 0.65, 0.01,
             {{0.60, 1029, 913, 2310, 0.258},
              {0.58, 513, 451, 1149, 0.585},
              {0.55, 250, 219, 551, 0.938},
              {0.50, 115, 101, 243, 1.000}});
  check_rows(Side::below, 0.70, 0.01, {{0.60, 236, 207, 520, 0.952}, {0.55, 110, 97, 232, 1.000}});
}

TEST_CASE("freezing at the line of 70 % takes the calls of the exact table") {
  check_rows(Side::below, 0.70, 0.05,
             {{0.65, 623, 501, 1613, 0.522},
              {0.60, 160, 130, 388, 0.989},
              {0.55, 78, 66, 175, 1.000},
              {0.50, 49, 42, 102, 1.000}});
}

TEST_CASE("a rate two points above its line takes thousands of calls to prove") {
  const StoppingTime time = tuned(Side::above, 0.70, 0.05, 0.72, 45'000);
  CHECK(std::abs(time.mean - 4268) <= 1);
  CHECK(time.median == 3567);
  CHECK(time.q95 == 10'925);
}

TEST_CASE("on the line a claim is granted within 30,000 calls with a chance below its alpha") {
  struct Line {
    Side side;
    double line, alpha, least, most;
  };
  for (const Line& row :
       {Line{Side::above, 0.60, 0.05, 0.0444, 0.0450}, Line{Side::above, 0.65, 0.05, 0.0444, 0.0450},
        Line{Side::above, 0.70, 0.05, 0.0444, 0.0450}, Line{Side::below, 0.60, 0.01, 0.0083, 0.0085},
        Line{Side::below, 0.65, 0.01, 0.0083, 0.0085}, Line{Side::below, 0.70, 0.01, 0.0083, 0.0085}}) {
    CAPTURE(row.line);
    const StoppingTime time = tuned(row.side, row.line, row.alpha, row.line, 30'000);
    const double spent = time.passed + time.failed;
    CHECK(spent <= row.alpha);
    CHECK(spent >= row.least);
    CHECK(spent <= row.most);
    CHECK(spent + time.undecided == doctest::Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("claims about rare events take the observations of the exact table") {
  struct Claim {
    Side side;
    double line;
    LinePrior prior;
    double rate, mean;
    std::int64_t q95;  // 0: not in the table
  };
  for (const Claim& row :
       {Claim{Side::below, 0.05, uniform_prior, 0.01, 147, 277},
        Claim{Side::below, 0.05, uniform_prior, 0.02, 286, 655},
        Claim{Side::below, 0.05, uniform_prior, 0.03, 727, 1786},
        Claim{Side::above, 0.05, rare_event_prior(0.05), 0.08, 473, 1239},
        Claim{Side::above, 0.05, rare_event_prior(0.05), 0.10, 183, 474},
        Claim{Side::above, 0.05, rare_event_prior(0.05), 0.20, 31, 73},
        Claim{Side::above, 0.05, uniform_prior, 0.10, 259, 0}, Claim{Side::above, 0.40, uniform_prior, 0.50, 205, 520},
        Claim{Side::above, 0.80, uniform_prior, 0.88, 158, 395},
        Claim{Side::below, 0.005, rare_event_prior(0.005), 0.0005, 994, 1764}}) {
    CAPTURE(row.line);
    CAPTURE(row.rate);
    const std::int64_t horizon = static_cast<std::int64_t>(row.mean) * 12;
    const StoppingTime time = one_sided(row.side, RateLine{row.line, row.prior}, 0.05, row.rate, horizon);
    CHECK(std::abs(time.mean - row.mean) <= 1);
    if (row.q95 != 0) CHECK(time.q95 == row.q95);
  }
}

TEST_CASE("between two walls every walk is passed or failed or still open") {
  const RateLine line{0.65, tuned_prior(0.65, 0.05)};
  Boundary pass{line, Side::above, std::log(20.0)};
  Boundary fail{line, Side::below, std::log(20.0)};
  const StoppingTime time = exact_stopping_time({.pass = &pass, .fail = &fail}, 0.66, 400);
  CHECK(time.passed > 0.01);
  CHECK(time.failed > 0.001);
  CHECK(time.undecided > 0.5);
  CHECK_FALSE(time.median.has_value());
  CHECK(time.passed + time.failed + time.undecided == doctest::Approx(1).epsilon(1e-12));
}
