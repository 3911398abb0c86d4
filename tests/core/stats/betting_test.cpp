// Bets on means: vectors of an independent writing of the published formula, and the promise by enumeration.
#include "core/stats/betting.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <string_view>
#include <vector>

using namespace callramp::stats;

namespace {

std::vector<double> repeated(std::string_view bits, int times) {
  std::vector<double> values;
  for (int i = 0; i < times; ++i) {
    for (const char bit : bits) values.push_back(bit == '1' ? 1 : 0);
  }
  return values;
}

std::vector<double> repeated(std::initializer_list<double> pattern, int times) {
  std::vector<double> values;
  for (int i = 0; i < times; ++i) values.insert(values.end(), pattern);
  return values;
}

bool close(double actual, double expected) {
  return std::abs(actual - expected) <= 1e-9 * std::max(1.0, std::abs(expected));
}

}  // namespace

TEST_CASE("hedged capital is that of the published formula") {
  const std::vector<double> mostly = repeated("1110111011", 10);
  const std::vector<double> barely = repeated("1101010110", 10);
  const std::vector<double> cost = repeated({0.1, 0.3, 0.2, 0.6, 0.3}, 20);
  struct Row {
    const std::vector<double>& values;
    double m, higher, lower, hedged;
  };
  for (const Row& row : {Row{mostly, 0.4, 18.5537353322, -29.5619511288, 17.8605881516},
                         Row{mostly, 0.7, 2.1251148080, -11.3092015747, 1.4319676274},
                         Row{barely, 0.4, 6.1962958658, -14.7941401627, 5.5031486853},
                         Row{barely, 0.7, -8.4264579868, 0.5863347016, -0.1068124790},
                         Row{cost, 0.4, -13.2266835914, 7.0381339899, 6.3449868094},
                         Row{cost, 0.7, -34.9700197122, 37.4265295877, 36.7333824071}}) {
    CAPTURE(row.m);
    HedgedCapital capital{row.m, 0.05};
    for (const double value : row.values) capital.fold(value);
    CHECK(close(capital.log_higher(), row.higher));
    CHECK(close(capital.log_lower(), row.lower));
    CHECK(close(capital.log_e(), row.hedged));
  }
}

TEST_CASE("over all sequences of values with their mean on the line the capital keeps its mean") {
  // Values 0.1 and 0.9 with a mean of 0.3: the larger one with chance 1/4. With a mean on the false side it shrinks.
  for (const Side side : {Side::above, Side::below}) {
    for (const double chance : {0.25, side == Side::above ? 0.1 : 0.6}) {
      double mean = 0;
      for (int bits = 0; bits < 1 << 12; ++bits) {
        MeanBet bet{0.3, side};
        double weight = 1;
        for (int i = 0; i < 12; ++i) {
          const bool large = (bits >> i & 1) != 0;
          bet.fold(large ? 0.9 : 0.1);
          weight *= large ? chance : 1 - chance;
        }
        mean += weight * std::exp(bet.log_e());
      }
      if (chance == 0.25) {
        CHECK(mean == doctest::Approx(1).epsilon(1e-9));
      } else {
        CHECK(mean < 1);
      }
    }
  }
}

TEST_CASE("a mean clearly on one side of the line is found there and only there") {
  for (const auto& [side, line] : {std::pair{Side::below, 0.4}, std::pair{Side::above, 0.2}}) {
    MeanBet right{line, side};
    MeanBet wrong{line, side == Side::below ? Side::above : Side::below};
    for (const double value : repeated({0.1, 0.3, 0.2, 0.6, 0.3}, 30)) {
      right.fold(value);
      wrong.fold(value);
    }
    CHECK(right.n() == 150);
    CHECK(right.mean() == doctest::Approx(0.3));
    CHECK(right.log_e() > std::log(100.0));
    CHECK(wrong.log_e() < std::log(2.0));
  }
}

TEST_CASE("before the first value there is no evidence and the extremes keep it finite") {
  CHECK(MeanBet{0.3, Side::above}.log_e() == 0);
  CHECK(MeanBet{0.3, Side::above}.mean() == 0.3);
  for (const double value : {0.0, 1.0}) {
    for (const Side side : {Side::above, Side::below}) {
      MeanBet bet{0.3, side};
      for (int i = 0; i < 10'000; ++i) bet.fold(value);
      CHECK(std::isfinite(bet.log_e()));
    }
  }
}
