#include "base/percent.hpp"

#include <cmath>

namespace callramp {

Result<Percent> Percent::from_basis_points(long basis_points) {
  if (basis_points < 0 || basis_points > 10000)
    return fail(ErrorCode::invalid_request, "a percentage lies between 0 and 100 with at most two decimals");
  return Percent{static_cast<int>(basis_points)};
}

Result<Percent> Percent::parse(std::string_view text) {
  const auto bad = [&](const char* why) {
    return fail(ErrorCode::invalid_request, "percentage '" + std::string(text.substr(0, 32)) + "' " + why);
  };
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  const auto fraction = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  if (whole.empty() || whole.size() > 3 || (dot != std::string_view::npos && fraction.empty()))
    return bad("is not a number between 0 and 100");
  if (fraction.size() > 2) return bad("has more than two decimals");
  long basis_points = 0;
  for (std::size_t i = 0; i < whole.size() + 2; ++i) {
    const char c = i < whole.size() ? whole[i] : i - whole.size() < fraction.size() ? fraction[i - whole.size()] : '0';
    if (c < '0' || c > '9') return bad("is not a number between 0 and 100");
    basis_points = basis_points * 10 + (c - '0');
  }
  if (basis_points > 10000) return bad("is above 100");
  return Percent{static_cast<int>(basis_points)};
}

Result<Percent> Percent::from_number(double value) {
  if (!(value >= 0 && value <= 100)) return fail(ErrorCode::invalid_request, "a percentage lies between 0 and 100");
  const double scaled = value * 100;
  // 1e-6 basis points: what a decimal with two places can lose in binary, and far below a third decimal.
  if (std::abs(scaled - std::round(scaled)) > 1e-6)
    return fail(ErrorCode::invalid_request, "a percentage has at most two decimals");
  return Percent{static_cast<int>(std::lround(scaled))};
}

std::string to_string(Percent percent) {
  std::string text = std::to_string(percent.basis_points() / 100);
  if (const int rest = percent.basis_points() % 100; rest != 0) {
    text += rest < 10 ? ".0" : ".";
    text += std::to_string(rest);
    if (text.back() == '0') text.pop_back();
  }
  return text;
}

}  // namespace callramp
