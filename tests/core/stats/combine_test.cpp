// The weighted mean of evidence.
#include "core/stats/combine.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace callramp::stats;

TEST_CASE("the mean of evidence is the weighted mean of its values and names the largest part") {
  const std::vector<Weighted> parts{{std::log(10.0), 0.5}, {std::log(60.0), 0.3}, {std::log(0.1), 0.2}};
  const Combined all = combine(parts);
  CHECK(std::exp(all.log_e) == doctest::Approx(0.5 * 10 + 0.3 * 60 + 0.2 * 0.1).epsilon(1e-12));
  CHECK(all.largest == 1);
}

TEST_CASE("the largest part is that of evidence times weight and not that of the evidence") {
  const std::vector<Weighted> parts{{std::log(50.0), 0.5}, {std::log(60.0), 0.05}};
  CHECK(combine(parts).largest == 0);
}

TEST_CASE("weights that leave a rest count it as no evidence") {
  const std::vector<Weighted> parts{{std::log(100.0), 0.5}};
  CHECK(std::exp(combine(parts).log_e) == doctest::Approx(0.5 * 100 + 0.5).epsilon(1e-12));
  CHECK(combine({}).log_e == 0);
}

TEST_CASE("one criterion at its share of alpha is enough alone whatever the others say") {
  const double alpha = 0.01;
  for (const double weight : {0.5, 0.1, 0.01}) {
    const std::vector<Weighted> parts{{-std::log(weight * alpha), weight}, {-1e6, 1 - weight}};
    CHECK(combine(parts).log_e >= -std::log(alpha) - 1e-12);
  }
}

TEST_CASE("the mean never passes the largest evidence and neither overflows nor vanishes") {
  const std::vector<Weighted> huge{{600'000, 0.2}, {610'000, 0.8}};
  CHECK(combine(huge).log_e == doctest::Approx(610'000 + std::log(0.8)));
  const std::vector<Weighted> faint{{-600'000, 0.2}, {-610'000, 0.8}};
  CHECK(combine(faint).log_e == doctest::Approx(-600'000 + std::log(0.2)));
  const std::vector<Weighted> unused{{1e6, 0}, {1, 1}};
  CHECK(combine(unused).log_e == doctest::Approx(1));
  CHECK(combine(unused).largest == 1);
}
