// Percent: 0 to 100 with at most two decimals, held as basis points so that comparison is exact.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace callramp {

class Percent {
 public:
  constexpr Percent() = default;
  /// 0 … 10000; checked.
  static Result<Percent> from_basis_points(long basis_points);
  /// "5", "12.5", "0.25"; more than two decimals or out of 0..100 is an error that says so.
  static Result<Percent> parse(std::string_view text);
  /// A JSON number; refused unless it is a multiple of 0.01 to within 1e-9.
  static Result<Percent> from_number(double value);

  constexpr int basis_points() const noexcept { return basis_points_; }
  constexpr double number() const noexcept { return basis_points_ / 100.0; }
  auto operator<=>(const Percent&) const = default;

 private:
  constexpr explicit Percent(int basis_points) : basis_points_(basis_points) {}
  int basis_points_ = 0;
};

/// "5", "12.5", "0.25": no trailing zeros, no sign.
std::string to_string(Percent percent);

}  // namespace callramp
