// One condition of a plan, as it is written: `call_success_rate > 70%`, `open_bugs(P1) == 0`,
// `db_slow_share > 1% for 15m`, `call_success_rate vs old > -5%`, `confirmed(failover-tested) by 2`.
//
//   condition := metric [ "(" argument { "," argument } ")" ] [ "vs" baseline ] [ comparison value ] { qualifier }
//   argument  := word | [ word ] comparison value
//   baseline  := "old" | "previous_phase" | "phase(" name ")"
//   value     := number ( "%" | "x" | "ms" | "s" | "m" | "h" | "d" | "per 1000" | currency | nothing ) | "budget"
//   qualifier := "for" duration | "in" duration | "by" number
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::rollout {

enum class Compare { less, at_most, equal, at_least, greater };
std::string_view to_string(Compare compare) noexcept;  ///< "<", "<=", "==", ">=", ">"
bool holds(double left, Compare compare, double right) noexcept;

enum class Unit {
  none,      ///< a count or a bare number
  share,     ///< written as a percentage, held as a fraction: 70% is 0.70
  time,      ///< held in seconds
  factor,    ///< "2x"
  per_1000,  ///< held as a fraction: 2 per 1000 is 0.002
  money,     ///< in the plan's currency, held in its units
  budget,    ///< the word: what the plan's budget allows
};

struct Quantity {
  double number = 0;
  Unit unit = Unit::none;
  bool operator==(const Quantity&) const = default;
};
/// "70 %", "200 ms", "60 s", "2 per 1000", "2", "budget": for people.
std::string to_words(const Quantity& quantity);

enum class Baseline { none, old_system, previous_phase, phase };

struct Argument {
  std::string name;                ///< "P1", "stt", "concurrent"; empty for a bare comparison such as ">1s"
  std::optional<Compare> compare;  ///< with `value`
  Quantity value;
  bool operator==(const Argument&) const = default;
};

struct Condition {
  std::string text;                  ///< normalised spelling: its identity in every list, decision and report
  std::string metric;                ///< "call_success_rate"; percentiles are split off: "response_time"
  std::optional<double> percentile;  ///< of "response_time_p95": 0.95
  std::vector<Argument> arguments;
  Baseline baseline = Baseline::none;
  std::string baseline_phase;
  std::optional<Compare> compare;  ///< with `value`; none: the metric itself is a yes or no
  Quantity value;
  std::optional<Duration> lasting;          ///< "for 15m": must hold that long without a break
  std::optional<Duration> within;           ///< "in 5m": counted over that span
  int people = 1;                           ///< "by 2"
  int line = 0;                             ///< in the plan's file; 0 elsewhere
  bool operator==(const Condition&) const;  ///< by text
};

/// Reads one condition. The error names the text, where in it, and what was expected there. Whether the metric exists
/// and takes such arguments is `check` of metric.hpp.
Result<Condition> parse_condition(std::string_view text);
/// What a condition is about, without its line: "open_bugs(P1)". An own line replaces an inherited one of the same
/// subject.
std::string subject(const Condition& condition);

}  // namespace callramp::rollout
