// Special functions against values of 40-digit arithmetic (mpmath), and in the tails where that gave up.
#include "core/stats/special.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

using namespace callramp::stats;

namespace {

// Relative, and absolute near zero.
bool close(double actual, double expected, double tolerance) {
  return std::abs(actual - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

}  // namespace

TEST_CASE("log beta agrees with 40-digit arithmetic for small and for very large arguments") {
  struct Row {
    double a, b, expected;
  };
  for (const Row& row :
       {Row{0.5, 0.5, 1.1447298858494002}, Row{2, 3, -2.4849066497880003}, Row{9.5, 12, -14.660284594004006},
        Row{0.5, 1000, -2.8813876965715768}, Row{20, 30, -33.968820791977383}, Row{1e4, 2e4, -19098.908538220892},
        Row{7e6, 3e6, -6108649.3803343214}, Row{0.5, 1e7, -7.4866828700544598}}) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(close(log_beta(row.a, row.b), row.expected, 1e-14));
    CHECK(log_beta(row.b, row.a) == log_beta(row.a, row.b));
  }
}

TEST_CASE("the incomplete beta function agrees with 40-digit arithmetic") {
  struct Row {
    double a, b, x, expected;
  };
  for (const Row& row : {Row{2, 3, 0.1, -2.95075890791126}, Row{2, 3, 0.9, -0.003706861931326473},
                         Row{0.5, 0.5, 0.3, -0.9969312110207781}, Row{30, 70, 0.3, -0.6701631398038755},
                         Row{30, 70, 0.01, -80.54044244516929}, Row{300.25, 100.75, 0.7, -4.236208542747015},
                         Row{0.5, 100, 0.005, -0.3817129199734231}, Row{0.5, 100, 0.02, -0.04571466953589429}}) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CAPTURE(row.x);
    CHECK(close(log_beta_cdf(row.a, row.b, row.x), row.expected, 1e-12));
  }
}

TEST_CASE("the incomplete gamma functions agree with 40-digit arithmetic") {
  struct Row {
    double a, x, log_p, log_q;
  };
  for (const Row& row :
       {Row{0.5, 0.1, -1.063402047154529, -0.4235463234759657}, Row{0.5, 5, -0.001566628780284845, -6.459612454150122},
        Row{5, 1, -5.610333982897154, -0.003666560452308509}, Row{5, 5, -0.5806997496314213, -0.819860077614913},
        Row{5, 40, -5.020464318830394e-13, -28.32008378570558},
        Row{100, 50, -21.86267970641029, -3.200065325097146e-10},
        Row{100, 99, -0.7480166927362122, -0.6411323742836854}, Row{100, 105, -0.3563245162154764, -1.204790946883826},
        Row{100, 200, -1.843893649711576e-15, -33.92689694513168},
        Row{3000, 3100, -0.03562719183905419, -3.352406826091475},
        Row{1e5, 1.01e5, -0.0008087484618170922, -7.12042696105511}}) {
    CAPTURE(row.a);
    CAPTURE(row.x);
    CHECK(close(log_gamma_p(row.a, row.x), row.log_p, 1e-10));
    CHECK(close(log_gamma_q(row.a, row.x), row.log_q, 1e-10));
  }
}

TEST_CASE("both tails of both distributions are finite where a plain logarithm would be of zero") {
  for (const double share : {0.01, 0.3, 0.69, 0.7, 0.71, 0.99}) {
    CAPTURE(share);
    const double value = log_beta_cdf(1e7 * share, 1e7 * (1 - share), 0.7);
    CHECK(std::isfinite(value));
    CHECK(value <= 0);
  }
  CHECK(log_beta_cdf(5000, 15000, 0.9) == doctest::Approx(0).epsilon(1e-12));
  CHECK(std::isfinite(log_gamma_p(1e6, 10)));
  CHECK(std::isfinite(log_gamma_q(10, 1e6)));
}

TEST_CASE("the two halves of a distribution add up to one") {
  for (const double a : {0.5, 3.0, 41.0, 900.0}) {
    for (const double x : {0.05, 0.3, 0.6, 0.95}) {
      CAPTURE(a);
      CAPTURE(x);
      CHECK(close(log_add_exp(log_beta_cdf(a, 20, x), log_beta_cdf(20, a, 1 - x)), 0, 1e-12));
      CHECK(close(log_add_exp(log_gamma_p(a, a * x * 2), log_gamma_q(a, a * x * 2)), 0, 1e-12));
    }
  }
}

TEST_CASE("sums and complements of logarithms keep small and large terms") {
  CHECK(log_add_exp(1000, 1000) == doctest::Approx(1000 + std::log(2.0)));
  CHECK(log_add_exp(-INFINITY, -3) == -3);
  CHECK(log_add_exp(-INFINITY, -INFINITY) == -INFINITY);
  CHECK(log1m_exp(-1e-20) == doctest::Approx(std::log(1e-20)));
  CHECK(log1m_exp(-50) == doctest::Approx(-std::exp(-50.0)));
  CHECK(std::isfinite(log1m_exp(0)));
  CHECK(log1p_exp(-800) == 0);
  CHECK(log1p_exp(800) == 800);
  CHECK(log1p_exp(0) == doctest::Approx(std::log(2.0)));
}
