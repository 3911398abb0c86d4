// The special functions beneath the rollout's evidence, all in logarithms so that no tail turns into zero.
//
// Pure and thread-safe: std::lgamma is not (glibc writes a global sign), and the usual ibeta underflows where evidence
// that is merely strong lies.
#pragma once

namespace callramp::stats {

/// log Γ(x), x > 0.
double log_gamma(double x);
/// log B(a, b), a, b > 0; keeps its digits up to a + b of 10^8, where the difference of three log Γ would not.
double log_beta(double a, double b);
/// log I_x(a, b), the logarithm of the regularised incomplete beta function (the chance that Beta(a, b) is below x);
/// a, b > 0, 0 < x < 1. Finite in both tails.
double log_beta_cdf(double a, double b, double x);
/// log P(a, x) and log Q(a, x): the chance that Gamma(a, 1) is below and above x; a > 0, x > 0. Finite in both tails.
double log_gamma_p(double a, double x);
double log_gamma_q(double a, double x);

/// log(1 - e^t), t < 0. At 0, which only rounding can give, as close to it as doubles go, so that it stays finite.
double log1m_exp(double t);
/// log(e^x + e^y); either may be minus infinity.
double log_add_exp(double x, double y);
/// log(1 + e^t).
double log1p_exp(double t);

}  // namespace callramp::stats
