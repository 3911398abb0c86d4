// DigitPattern: the regular expressions of numbering plans, compiled to a table of states, so that matching a number
// costs one look-up a digit. A general engine takes microseconds for each, and a list of a million numbers asks ten
// each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace callramp::phone {

class DigitPattern {
 public:
  /// Digits, \d, classes, groups, alternatives and the quantifiers ? * + {n} {n,m}. Nothing for any other expression,
  /// or one whose table would be out of proportion.
  static std::optional<DigitPattern> compile(std::string_view expression);
  /// Of all of `digits`, which holds nothing but digits.
  bool matches(std::string_view digits) const noexcept;
  /// Of some beginning of it, an empty one included.
  bool matches_start(std::string_view digits) const noexcept;

 private:
  friend class PatternCompiler;
  static constexpr std::int32_t dead = -1;
  std::vector<std::array<std::int32_t, 10>> next_;  // state 0 is the first
  std::vector<bool> accepts_;
};

}  // namespace callramp::phone
