// Intervals against the reference implementation, and what must hold of any of them.
#include "core/stats/interval.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

using namespace callramp::stats;

namespace {

bool close(double actual, double expected, double tolerance = 1e-9) {
  return std::abs(actual - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

}  // namespace

TEST_CASE("152 of 214 calls are shown as 61.1 % to 79.9 %") {
  const Interval shown = shown_interval({152, 62}, 0.05);
  CHECK(std::round(shown.lo * 1000) == 611);
  CHECK(std::round(shown.hi * 1000) == 799);
}

TEST_CASE("the interval tuned two-sided is that of the reference implementation") {
  struct Row {
    double good, n, alpha, prior_n, lo, hi;
  };
  for (const Row& row :
       {Row{7, 10, 0.05, 100, 0.1690603572, 0.9859266974}, Row{40, 50, 0.05, 100, 0.5974880651, 0.9358117804},
        Row{75, 100, 0.05, 300, 0.5997294507, 0.8685704652}, Row{150, 300, 0.05, 300, 0.4128775372, 0.5871224628},
        Row{225, 300, 0.05, 300, 0.6699551195, 0.8209941426}, Row{210, 300, 0.01, 300, 0.6010783802, 0.7886033656},
        Row{700, 1000, 0.05, 1000, 0.6549905281, 0.7428217646},
        Row{14000, 20000, 0.05, 1000, 0.6891180449, 0.7107530058}, Row{0, 50, 0.05, 50, 0, 0.07696963858},
        Row{2, 1000, 0.05, 1000, 4.972566432e-06, 0.009304675887}}) {
    CAPTURE(row.good);
    CAPTURE(row.n);
    const Interval actual =
        tuned_interval({row.good, row.n - row.good}, {.alpha = row.alpha, .prior_n = row.prior_n, .tuning = row.alpha});
    CHECK(close(actual.lo, row.lo));
    CHECK(close(actual.hi, row.hi));
    if (row.lo > 0) CHECK(actual.lo == doctest::Approx(row.lo).epsilon(1e-8));
  }
}

TEST_CASE("the two-sided evidence is that of the reference implementation") {
  struct Row {
    double n, good, p, prior_n, alpha, expected;
  };
  for (const Row& row : {Row{100, 80, 0.7, 300, 0.05, 1.264099276}, Row{1000, 560, 0.6, 300, 0.01, 1.340830401},
                         Row{20000, 14000, 0.7, 500, 0.05, -2.894741652}}) {
    const LinePrior prior = tuned_prior_two_sided(row.p, row.alpha, row.prior_n);
    CHECK(close(log_e_two_sided({row.good, row.n - row.good}, row.p, prior), row.expected));
  }
}

TEST_CASE("at the reference implementation's bounds the evidence is just enough") {
  struct Row {
    double n, alpha, p, prior_n;
    bool one_sided;
    double bound;  // of good - n p
  };
  for (const Row& row :
       {Row{50, 0.05, 0.7, 300, true, 9.813514639}, Row{300, 0.05, 0.7, 300, true, 21.36479933},
        Row{5000, 0.05, 0.7, 300, true, 98.83378686}, Row{300, 0.001, 0.7, 300, true, 30.67631841},
        Row{300, 0.01, 0.4, 300, true, 28.7438088}, Row{1000, 0.01, 0.4, 300, true, 53.39506365},
        Row{1000, 0.05, 0.95, 1000, true, 17.81764243}, Row{1000, 0.05, 0.995, 1000, true, 4.636221815},
        Row{1000, 0.05, 0.7, 300, false, 44.22708595}, Row{300, 0.05, 0.8, 300, false, 19.84116041}}) {
    CAPTURE(row.n);
    CAPTURE(row.p);
    const double good = row.n * row.p + row.bound;
    const Counts counts{good, row.n - good};
    const double log_e = row.one_sided
                             ? log_e_above(counts, row.p, tuned_prior(row.p, row.alpha, row.prior_n))
                             : log_e_two_sided(counts, row.p, tuned_prior_two_sided(row.p, row.alpha, row.prior_n));
    CHECK(close(log_e, std::log(1 / row.alpha), 2e-9));  // the bounds are given to ten digits
  }
}

TEST_CASE("the prior is tuned by the reference implementation's variance") {
  struct Row {
    double v, alpha, two_sided, one_sided;
  };
  for (const Row& row : {Row{63, 0.05, 7.938353417, 9.954399991}, Row{63, 0.001, 3.815595261, 4.192551557},
                         Row{100, 0.01, 8.670213511, 9.998473726}, Row{300, 0.05, 37.80168294, 47.40190472},
                         Row{300, 0.001, 18.16950124, 19.96453122}}) {
    // At a line of one half: rho = a / 2 + 1/4, n = 4 v.
    CHECK(close(tuned_prior_two_sided(0.5, row.alpha, 4 * row.v).a / 2 + 0.25, row.two_sided));
    CHECK(close(tuned_prior(0.5, row.alpha, 4 * row.v).a / 2 + 0.25, row.one_sided));
  }
}

TEST_CASE("an interval holds its estimate and narrows with more calls of the same share") {
  double width = 1;
  for (const double scale : {1.0, 2.0, 10.0, 100.0, 10'000.0}) {
    const Interval shown = shown_interval({15 * scale, 6 * scale}, 0.05);
    CHECK(shown.lo < 15.0 / 21);
    CHECK(shown.hi > 15.0 / 21);
    CHECK(shown.hi - shown.lo < width);
    width = shown.hi - shown.lo;
  }
}

TEST_CASE("an interval mirrors with its outcomes") {
  const Interval good = shown_interval({152, 62}, 0.05);
  const Interval bad = shown_interval({62, 152}, 0.05);
  CHECK(good.lo == doctest::Approx(1 - bad.hi).epsilon(1e-12));
  CHECK(good.hi == doctest::Approx(1 - bad.lo).epsilon(1e-12));
}

TEST_CASE("without a call everything is possible and with one kind only one end is open") {
  const Interval none = shown_interval({}, 0.05);
  CHECK(none.lo == 0);
  CHECK(none.hi == 1);
  const Interval all_good = shown_interval({50, 0}, 0.05);
  CHECK(all_good.hi == 1);
  CHECK(all_good.lo > 0.8);
}

TEST_CASE("with one prior for all rates the ends are where its evidence crosses the threshold") {
  const Counts counts{30, 10};
  const Interval plain = fixed_prior_interval(counts, 0.05, uniform_prior);
  CHECK(log_e_two_sided(counts, plain.lo, uniform_prior) == doctest::Approx(std::log(20.0)).epsilon(1e-9));
  CHECK(log_e_two_sided(counts, plain.hi, uniform_prior) == doctest::Approx(std::log(20.0)).epsilon(1e-9));
  CHECK(plain.lo < 0.75);
  CHECK(plain.hi > 0.75);
}
