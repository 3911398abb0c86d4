// Money: integer micro-units of one currency. Sums of prices stay exact; floating point never touches them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace callramp {

/// ISO 4217, three capital letters.
class Currency {
 public:
  constexpr Currency() = default;
  static Result<Currency> parse(std::string_view text);
  std::string str() const { return {code_.data(), 3}; }
  auto operator<=>(const Currency&) const = default;

 private:
  std::array<char, 3> code_{'I', 'N', 'R'};  // the plan's prices are in rupees
};

struct Money {
  std::int64_t micros = 0;  ///< millionths of the currency's unit
  Currency currency = {};

  auto operator<=>(const Money&) const = default;
  /// Both of one currency, by ENSURE: converting is a decision with a rate, never an accident.
  Money& operator+=(const Money& other);
};

/// "1.50 INR": two decimals, up to six where micro-units demand it.
std::string to_string(const Money& money);
/// Accepts "1.50 INR", "6 INR", ".0048 USD": at most six decimals.
Result<Money> parse_money(std::string_view text);
/// Decimal amount without currency, as providers send it ("1.500").
Result<std::int64_t> parse_micros(std::string_view decimal);

}  // namespace callramp
