// Continued fractions and series, each where it converges.
#include "core/stats/special.hpp"

#include <math.h>  // lgamma_r, which <cmath> does not name

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/ensure.hpp"

namespace callramp::stats {
namespace {

constexpr double epsilon = 1e-15;
constexpr double tiny = 1e-300;  // Lentz: stands in for a denominator of zero
// Fractions and series end by themselves after about 5 sqrt(n) steps at worst: 16,000 for n = 10^7.
constexpr int most_steps = 200'000;
constexpr double stirling_from = 10;

// log Γ(x) - ((x - ½) log x - x + ½ log 2π), x >= 10: Stirling's series; the first term left out is below 2e-14.
double stirling_rest(double x) {
  const double square = 1 / (x * x);
  return (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188)))) / x;
}

double lentz_guard(double value) { return std::abs(value) < tiny ? tiny : value; }

// The fraction of I_x(a, b) that converges for x < (a + 1) / (a + b + 2): numerators and denominators of two successive
// approximants, scaled so that the later denominator is 1. Two divisions a pair of terms, where Lentz's method has six.
double beta_fraction(double a, double b, double x) {
  double earlier_numerator = 1;
  double earlier_denominator = 1;
  double denominator = lentz_guard(1 - (a + b) * x / (a + 1));
  double value = 1 / denominator;
  earlier_numerator /= denominator;
  earlier_denominator /= denominator;
  for (int m = 1; m < most_steps; ++m) {
    const double low = a + 2.0 * m - 1;
    const double high = low + 2;
    const double inverse = x / (low * (low + 1) * high);
    const double even = m * (b - m) * high * inverse;
    const double odd = -(a + m) * (a + b + m) * low * inverse;
    const double even_numerator = value + even * earlier_numerator;
    const double even_denominator = 1 + even * earlier_denominator;
    const double scale = 1 / lentz_guard(even_denominator + odd);
    const double next = (even_numerator + odd * value) * scale;
    earlier_numerator = even_numerator * scale;
    earlier_denominator = even_denominator * scale;
    const bool settled = std::abs(next - value) < epsilon * std::abs(next);
    value = next;
    if (settled) break;
  }
  return value;
}

bool in_beta_fraction(double a, double b, double x) { return x < (a + 1) / (a + b + 2); }

double log_beta_cdf_by_fraction(double a, double b, double x) {
  return a * std::log(x) + b * std::log1p(-x) - log_beta(a, b) - std::log(a) + std::log(beta_fraction(a, b, x));
}

// x^a e^-x / Γ(a), in logs.
double log_gamma_front(double a, double x) { return a * std::log(x) - x - log_gamma(a); }

// Converges fast for x < a + 1.
double log_gamma_p_by_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < most_steps; ++n) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * epsilon) break;
  }
  return log_gamma_front(a, x) + std::log(sum);
}

// Converges for x > a + 1.
double log_gamma_q_by_fraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / tiny;
  double d = 1 / lentz_guard(b);
  double value = d;
  for (int n = 1; n < most_steps; ++n) {
    const double numerator = -n * (n - a);
    b += 2;
    d = 1 / lentz_guard(numerator * d + b);
    c = lentz_guard(b + numerator / c);
    const double change = d * c;
    value *= change;
    if (std::abs(change - 1) < epsilon) break;
  }
  return log_gamma_front(a, x) + std::log(value);
}

}  // namespace

double log_gamma(double x) {
  ENSURE(x > 0, "log gamma of a positive number");
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double log_beta(double a, double b) {
  if (a > b) std::swap(a, b);
  if (b < stirling_from) return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
  // log Γ(b) - log Γ(a + b), in which the large terms have cancelled on paper.
  const double ratio = -(b - 0.5) * std::log1p(a / b) + stirling_rest(b) - stirling_rest(a + b);
  if (a < stirling_from) return log_gamma(a) + ratio - a * std::log(a + b) + a;
  static const double half_log_2_pi = 0.5 * std::log(2 * std::numbers::pi);
  return a * std::log(a / (a + b)) - 0.5 * std::log(a) + half_log_2_pi + stirling_rest(a) + ratio;
}

double log_beta_cdf(double a, double b, double x) {
  ENSURE(a > 0 && b > 0 && x > 0 && x < 1, "arguments of the incomplete beta function");
  if (in_beta_fraction(a, b, x)) return std::min(0.0, log_beta_cdf_by_fraction(a, b, x));
  return log1m_exp(log_beta_cdf_by_fraction(b, a, 1 - x));
}

double log_gamma_p(double a, double x) {
  ENSURE(a > 0 && x > 0, "arguments of the incomplete gamma function");
  if (x < a + 1) return std::min(0.0, log_gamma_p_by_series(a, x));
  return log1m_exp(log_gamma_q_by_fraction(a, x));
}

double log_gamma_q(double a, double x) {
  ENSURE(a > 0 && x > 0, "arguments of the incomplete gamma function");
  if (x < a + 1) return log1m_exp(log_gamma_p_by_series(a, x));
  return std::min(0.0, log_gamma_q_by_fraction(a, x));
}

double log1m_exp(double t) {
  t = std::min(t, -std::numeric_limits<double>::min());
  return t > -std::numbers::ln2 ? std::log(-std::expm1(t)) : std::log1p(-std::exp(t));
}

double log_add_exp(double x, double y) {
  if (x < y) std::swap(x, y);
  if (!std::isfinite(x)) return x;
  return x + std::log1p(std::exp(y - x));
}

double log1p_exp(double t) { return t > 0 ? t + std::log1p(std::exp(-t)) : std::log1p(std::exp(t)); }

}  // namespace callramp::stats
