// The draws have the moments that their names promise.
#include "core/simulation/draw.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <set>

using namespace callramp;
using namespace callramp::simulation;

namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};
template <class Draw>
Moments moments(int n, const Draw& draw) {
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / n;
  return {mean, squares / n - mean * mean};
}

}  // namespace

TEST_CASE("Poisson draws have their mean as mean and as variance") {
  constexpr int n = 40'000;
  for (const double mean : {0.0, 0.05, 0.5, 3.0, 9.7, 80.0, 450.0}) {
    CAPTURE(mean);
    SeededRandom random{7};
    const Poisson poisson{mean};
    const Moments found = moments(n, [&] { return poisson.draw(random); });
    CHECK(std::abs(found.mean - mean) <= 4 * std::sqrt(mean / n) + 1e-9);
    CHECK(std::abs(found.variance - mean) <= 4 * std::sqrt((mean + 2 * mean * mean) / n) + 1e-9);
  }
}

TEST_CASE("Beta draws have the asked mean and deviation, and the mean where there is no such Beta") {
  SeededRandom random{7};
  for (const double mean : {0.1, 0.55, 0.75}) {
    CAPTURE(mean);
    const Moments found = moments(40'000, [&] { return beta(random, mean, 0.13); });
    CHECK(std::abs(found.mean - mean) < 0.003);
    CHECK(std::abs(std::sqrt(found.variance) - 0.13) < 0.003);
  }
  CHECK(beta(random, 0.5, 0) == 0.5);
  CHECK(beta(random, 0.01, 0.4) == 0.01);
}

TEST_CASE("an alias table draws by weight and never what weighs nothing") {
  SeededRandom random{7};
  const Alias alias{{1, 0, 5, 4}};
  std::array<int, 4> hits{};
  constexpr int n = 40'000;
  for (int i = 0; i < n; ++i) ++hits[alias.draw(random)];
  CHECK(hits[1] == 0);
  CHECK(std::abs(hits[0] - 0.1 * n) < 4 * std::sqrt(0.09 * n));
  CHECK(std::abs(hits[2] - 0.5 * n) < 4 * std::sqrt(0.25 * n));
  CHECK(std::abs(hits[3] - 0.4 * n) < 4 * std::sqrt(0.24 * n));
}

TEST_CASE("parts of a simulation have seeds of their own") {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (std::uint64_t run = 0; run < 50; ++run)
      for (std::uint64_t part = 0; part < 50; ++part) seeds.insert(seed_of(seed, run, part));
  CHECK(seeds.size() == 4 * 50 * 50);
}
