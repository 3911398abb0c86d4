// A rate against a line: the vectors of exact rational arithmetic and of the reference implementation, and what must
// hold of any counts.
#include "core/stats/rate_line.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

using namespace callramp;
using namespace callramp::stats;

namespace {

enum Direction { up, down };

double log_e(Direction direction, Counts counts, double line, LinePrior prior) {
  return direction == up ? log_e_above(counts, line, prior) : log_e_below(counts, line, prior);
}

bool close(double actual, double expected) {
  return std::abs(actual - expected) <= 1e-9 * std::max(1.0, std::abs(expected));
}

}  // namespace

TEST_CASE("with a uniform prior the evidence is that of exact rational arithmetic") {
  struct Row {
    Direction direction;
    double good, bad, line, expected;
  };
  for (const Row& row : {Row{up, 0, 0, 0.7, 0.000000000000},       Row{up, 1, 0, 0.7, 0.194156014441},
                         Row{up, 10, 0, 0.7, 2.352855596603},      Row{up, 40, 10, 0.7, 0.456524237582},
                         Row{up, 80, 20, 0.7, 1.457377277205},     Row{up, 75, 25, 0.7, -0.567051392859},
                         Row{up, 70, 30, 0.7, -1.707237364887},    Row{up, 240, 60, 0.7, 6.072436451930},
                         Row{up, 375, 125, 0.7, 1.252365965204},   Row{up, 720, 280, 0.7, -1.256578137261},
                         Row{up, 500, 500, 0.7, -5.662152890955},  Row{up, 20, 80, 0.05, 11.723646965482},
                         Row{up, 140, 1860, 0.05, 3.334074276277}, Row{down, 45, 55, 0.6, 2.989637768963},
                         Row{down, 55, 45, 0.6, -1.226570933630},  Row{down, 165, 135, 0.6, -0.618126491756},
                         Row{down, 560, 440, 0.6, 0.570207401626}, Row{down, 1, 299, 0.05, 9.917263509090},
                         Row{down, 0, 600, 0.005, 1.856830949428}, Row{down, 3, 2997, 0.005, 5.982608068621},
                         Row{down, 900, 100, 0.6, -6.622065949335}}) {
    CAPTURE(row.good);
    CAPTURE(row.bad);
    CAPTURE(row.line);
    CHECK(close(log_e(row.direction, {row.good, row.bad}, row.line, uniform_prior), row.expected));
  }
}

TEST_CASE("with the tuned prior the evidence is that of the reference implementation") {
  struct Row {
    double n, good, line, prior_n, alpha, expected;
  };
  for (const Row& row : {Row{50, 40, 0.7, 300, 0.05, 0.8610364815}, Row{100, 75, 0.7, 300, 0.05, 0.3425573982},
                         Row{500, 375, 0.7, 300, 0.05, 2.274214367}, Row{1000, 700, 0.7, 300, 0.05, -1.590807128},
                         Row{100, 20, 0.05, 300, 0.05, 10.48613508}, Row{2000, 140, 0.05, 1000, 0.05, 6.350123603},
                         Row{400, 350, 0.8, 400, 0.01, 6.6605111}}) {
    CAPTURE(row.n);
    CAPTURE(row.good);
    const double bad = row.n - row.good;
    const double actual = log_e_above({row.good, bad}, row.line, tuned_prior(row.line, row.alpha, row.prior_n));
    CHECK(close(actual, row.expected));
    // The other direction is the same picture in a mirror.
    CHECK(close(log_e_below({bad, row.good}, 1 - row.line, tuned_prior(1 - row.line, row.alpha, row.prior_n)), actual));
  }
}

TEST_CASE("115 of 214 calls are evidence of 107 against a rate of 65 %") {
  CHECK(std::exp(log_e_below({115, 99}, 0.65, tuned_prior(0.65, 0.01))) == doctest::Approx(107.39).epsilon(1e-4));
}

TEST_CASE("no outcome yet is no evidence under any prior") {
  for (const LinePrior prior : {uniform_prior, tuned_prior(0.7, 0.05), rare_event_prior(0.7)}) {
    CHECK(log_e_above({}, 0.7, prior) == 0);
    CHECK(log_e_below({}, 0.7, prior) == 0);
  }
}

TEST_CASE("on average one more call on the line leaves the evidence as it is") {
  // The martingale itself: at a rate equal to the line E can only keep its mean.
  for (const double line : {0.05, 0.65, 0.995}) {
    for (const LinePrior prior : {uniform_prior, tuned_prior(line, 0.01), rare_event_prior(line)}) {
      const RateLine rate{line, prior};
      for (const Counts counts : {Counts{0, 0}, Counts{3, 5}, Counts{700, 300}, Counts{2, 4000}}) {
        for (const auto side : {&RateLine::log_e_above, &RateLine::log_e_below}) {
          const double now = (rate.*side)(counts);
          const double after_good = (rate.*side)({counts.good + 1, counts.bad});
          const double after_bad = (rate.*side)({counts.good, counts.bad + 1});
          CHECK(line * std::exp(after_good - now) + (1 - line) * std::exp(after_bad - now) ==
                doctest::Approx(1).epsilon(1e-9));
        }
      }
    }
  }
}

TEST_CASE("a success never weakens the evidence for a rate above the line and a failure never strengthens it") {
  const RateLine rate{0.65, tuned_prior(0.65, 0.05)};
  for (double good = 0; good <= 60; good += 4) {
    for (double bad = 0; bad <= 60; bad += 4) {
      CHECK(rate.log_e_above({good + 1, bad}) > rate.log_e_above({good, bad}));
      CHECK(rate.log_e_above({good, bad + 1}) < rate.log_e_above({good, bad}));
      CHECK(rate.log_e_below({good + 1, bad}) < rate.log_e_below({good, bad}));
    }
  }
}

TEST_CASE("evidence is finite for ten million calls wherever the rate lies") {
  for (const double line : {0.005, 0.3, 0.7, 0.995}) {
    const RateLine tuned{line, tuned_prior(line, 0.01)};
    for (const double share : {0.0, 0.004, 0.5, 0.699, 0.7, 1.0}) {
      for (const double n : {1e2, 2e4, 1e7}) {
        CAPTURE(line);
        CAPTURE(share);
        CAPTURE(n);
        const Counts counts{std::floor(n * share), n - std::floor(n * share)};
        CHECK(std::isfinite(tuned.log_e_above(counts)));
        CHECK(std::isfinite(tuned.log_e_below(counts)));
        CHECK(std::isfinite(log_e_above(counts, line, rare_event_prior(line))));
        CHECK(std::isfinite(log_e_below(counts, line, uniform_prior)));
      }
    }
  }
  // Where the reference implementation returns minus infinity.
  CHECK(log_e_above({10'000, 10'000}, 0.7, tuned_prior(0.7, 0.05, 500)) == doctest::Approx(-7.152067461).epsilon(1e-9));
}

TEST_CASE("counts shuffled in order and split over nodes give the same evidence to the bit") {
  SeededRandom random{20};
  std::vector<Counts> buckets;
  for (int i = 0; i < 500; ++i) {
    buckets.push_back({static_cast<double>(random.below(9)), static_cast<double>(random.below(4))});
  }
  const auto evidence = [](const std::vector<Counts>& parts) {
    Counts sum;
    for (const Counts& part : parts) sum += part;
    return log_e_above(sum, 0.65, tuned_prior(0.65, 0.05));
  };
  const double expected = evidence(buckets);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = buckets.size(); i > 1; --i) std::swap(buckets[i - 1], buckets[random.below(i)]);
    CHECK(evidence(buckets) == expected);
    std::vector<Counts> nodes(1 + random.below(5));
    for (const Counts& bucket : buckets) nodes[random.below(nodes.size())] += bucket;
    CHECK(evidence(nodes) == expected);
  }
}

TEST_CASE("a design effect of one changes no bit and a larger one makes the same share weaker evidence") {
  const RateLine rate{0.65, tuned_prior(0.65, 0.05)};
  const Counts counts{152, 62};
  CHECK(rate.log_e_above(counts / 1.0) == rate.log_e_above(counts));
  CHECK(rate.log_e_above(counts / 1.7) < rate.log_e_above(counts));
  CHECK(std::isfinite(rate.log_e_above(counts / 1e6)));
}
