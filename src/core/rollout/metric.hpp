// What a plan can speak about: the catalogue of metrics, and by which of the kinds of decision each is decided.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/rollout/condition.hpp"

namespace callramp::rollout {

struct Plan;

/// How a condition is decided (docs/decisions.md).
enum class Kind {
  rate,    ///< a share of sampled things against a line: mixture e-process. Percentiles too, as exceedances.
  versus,  ///< new against old on concurrent traffic: block e-process
  mean,    ///< a bounded mean against a line: betting
  events,  ///< events per exposure against a line: Poisson mixture
  budget,  ///< a census: spent against allowed, exact, nothing to estimate
  latch,   ///< a count of events that needs no statistics: one is one
  gauge,   ///< a level read now and its last readings: lasting, within
  person,  ///< approval, checklist, confirmation
  clock,   ///< stable_for
  proof,   ///< an act with a date: load test, drill
};
std::string_view to_string(Kind kind) noexcept;

struct Metric {
  std::string_view name;
  Kind kind;              ///< without a baseline; see kind_of
  Unit unit;              ///< of its value; a count is `none`
  bool bigger_is_better;  ///< direction in which it may be a criterion rather than a trigger
  std::string_view what;  ///< one line for people: "successful of final calls"
  /// What may stand in parentheses, separated by blanks; empty: nothing. "P1|P2" is one of these words, "NAME" any
  /// word,
  /// ">s" a bare comparison with a time, "concurrent>" and "fresh<d" named ones; a "?" at the end: may be left out.
  std::string_view arguments = {};
  bool takes_percentile = false;  ///< "response_time_p95"; then never without one
  bool yes_no = false;            ///< true or false: takes no comparison
};

/// All built-in metrics, by name.
std::span<const Metric> metrics();
/// The metric of a condition; a custom one of the plan's `metrics:` is a gauge, and its name is borrowed from the plan.
/// Nothing if unknown.
std::optional<Metric> find_metric(const Plan& plan, std::string_view name);
/// Whether the condition fits its metric: argument, unit, comparison, baseline. The error names the fix.
Status check(const Plan& plan, const Condition& condition);
/// How this condition is decided: "vs old" is `versus`, a complaint rate that is too high is `events`, else its
/// metric's kind. Of a condition that passed `check`.
Kind kind_of(const Plan& plan, const Condition& condition);

/// Bounds at which times are counted, in seconds, ascending: a percentile's line must be one of them, for exceedances
/// are counted exactly and never interpolated.
std::span<const double> time_bounds() noexcept;

}  // namespace callramp::rollout
