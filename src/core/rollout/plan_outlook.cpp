#include "core/rollout/plan_outlook.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/stats/exact.hpp"

namespace callramp::rollout {
namespace {

constexpr std::int64_t horizon = 4000;  // observations; a gate that needs more is no gate
constexpr double rare = 0.1;  // lines this near to 0 or 1 get half an event's worth of prior: docs/decisions.md
constexpr double labels_a_week = 100;  // the daily sample that callramp draws for people to label

// How many observations a final call brings. Of retries nobody knows before: about one call in five is not reached.
struct Observed {
  std::string_view metric;
  std::string_view name;
  double per_call;
};
constexpr std::array<Observed, 8> observed{{{"call_success_rate", "calls", 1},
                                            {"error_rate", "calls", 1},
                                            {"connected_rate", "calls", 1},
                                            {"retry_success_rate", "retries", 0.2},
                                            {"response_time", "requests", 1},
                                            {"queue_wait", "calls", 1},
                                            {"reply_delay", "calls", 0.6},
                                            {"answer_to_voice", "calls", 0.6}}};

std::string percent(double share) { return to_words(Quantity{std::round(share * 1e6) / 1e6, Unit::share}); }

std::string span_words(Duration span) {
  return to_words(Quantity{static_cast<double>(span.count()) / 1e6, Unit::time});
}

bool is_better_above(const Plan& plan, const Condition& condition) {
  const auto metric = find_metric(plan, condition.metric);
  return metric && metric->bigger_is_better;
}

// Planned calls of the run up to the end of this phase.
std::optional<double> planned_calls(const Plan& plan, std::size_t phase, std::optional<Duration> longest) {
  double calls = 0;
  for (std::size_t i = 0; i <= phase; ++i) {
    const Phase& one = plan.phases[i];
    if (one.percentage == Percent{}) continue;
    const auto daily = planned_calls_a_day(one);
    if (!daily) return std::nullopt;
    const Duration lasts = i == phase && longest ? *longest : one.min_duration;
    calls += *daily * static_cast<double>(lasts.count()) / static_cast<double>(plan.pace.day.count());
  }
  return calls;
}

double planned_labels(const Plan& plan, std::size_t phase, std::optional<Duration> longest) {
  Duration lasts{};
  for (std::size_t i = 0; i <= phase; ++i)
    if (plan.phases[i].percentage > Percent{}) lasts += i == phase && longest ? *longest : plan.phases[i].min_duration;
  return labels_a_week / 7 * static_cast<double>(lasts.count()) / static_cast<double>(plan.pace.day.count());
}

std::string side_words(const Condition& condition) {
  return condition.compare == Compare::greater || condition.compare == Compare::at_least ? "above" : "below";
}

std::string rate_words(const Plan& plan, std::size_t phase, const Condition& condition, bool is_trigger) {
  if (condition.baseline != Baseline::none) return "evidence from both phases' calls";
  if (condition.percentile)
    return "evidence that " + std::string(is_trigger ? "more" : "less") + " than " +
           percent(1 - *condition.percentile) + " take " + to_words(condition.value) + " or longer";
  const std::string own = to_words(condition.value);
  const std::string side = side_words(condition);
  if (!is_trigger) {
    const ReadLines lines = read_lines(plan, phase, condition);
    const std::string text = "evidence that it is " + side + " " + percent(lines.pass);
    return lines.pass == condition.value.number ? text : text + ", and " + side + " " + own + " as it stands";
  }
  for (const Condition& criterion : plan.phases[phase].advance_when) {
    if (subject(criterion) != subject(condition)) continue;
    const ReadLines lines = read_lines(plan, phase, criterion);
    if (lines.fail)
      return "evidence that it is " + side + " " + percent(*lines.fail) + ", and " + side + " " + own + " as it stands";
  }
  return "evidence that it is " + side + " " + own;
}

}  // namespace

std::string how_decided(const Plan& plan, std::size_t phase, const Condition& condition, bool is_trigger) {
  switch (kind_of(plan, condition)) {
    case Kind::rate: return rate_words(plan, phase, condition, is_trigger);
    case Kind::versus: return "evidence from the same hours' calls of both systems";
    case Kind::mean: return "evidence that the mean is " + side_words(condition) + " " + to_words(condition.value);
    case Kind::events: return "evidence that they come more often than that, for the calls made";
    case Kind::budget: return "counted exactly against what is allowed";
    case Kind::latch: return "counted: one is one";
    case Kind::gauge:
      if (condition.lasting) return "read every minute, for " + span_words(*condition.lasting) + " without a break";
      if (condition.within) return "counted over " + span_words(*condition.within);
      return "read every minute";
    case Kind::person:
      if (condition.metric == "checklist") return "every item done, most tick themselves";
      return condition.people > 1 ? std::to_string(condition.people) + " people say so" : "a person says so";
    case Kind::clock: return "by the clock since the last reset";
    case Kind::proof: return "an act with a date";
  }
  return {};
}

std::optional<Need> need_of(const Plan& plan, std::size_t phase, const Condition& criterion, double better,
                            std::optional<Duration> longest) {
  if (kind_of(plan, criterion) != Kind::rate || criterion.baseline != Baseline::none) return std::nullopt;
  const bool labels = criterion.metric == "voicemail_accuracy";
  const auto* const source = std::ranges::find(observed, std::string_view(criterion.metric), &Observed::metric);
  if (!labels && source == observed.end()) return std::nullopt;

  // As a rate that must be high: what is better below is turned round.
  const bool above = is_better_above(plan, criterion);
  const double own = criterion.percentile ? 1 - *criterion.percentile : criterion.value.number;
  const double read = criterion.percentile ? own : read_lines(plan, phase, criterion).pass;
  const double room = above ? 1 - own : own;
  const double distance = room < rare ? room * std::min(0.75, better * 10) : std::min(better, room * 0.9);
  const double line = above ? read : 1 - read;
  const double truth = (above ? own : 1 - own) + distance;

  Need need{.assumed = above ? truth : 1 - truth, .observed = labels ? "labels" : source->name};
  if (labels) {
    need.planned = planned_labels(plan, phase, longest);
  } else if (const auto calls = planned_calls(plan, phase, longest)) {
    need.planned = *calls * source->per_call;
  }
  const double alpha = plan.decide.advance_alpha;
  const bool near_end = line <= rare || line >= 1 - rare;
  const stats::RateLine rate(
      line, near_end ? stats::rare_event_prior(line) : stats::tuned_prior(line, alpha, plan.decide.prior_n));
  // From the second phase on half of the weight is on the phase alone.
  const double threshold = std::log((ladder_step(plan, phase) == 0 ? 1 : 2) / alpha);
  stats::Boundary pass(rate, stats::Side::above, threshold);
  const stats::StoppingTime time = stats::exact_stopping_time({.pass = &pass}, truth, horizon);
  need.half = time.median;
  need.most = time.q95;
  if (need.planned && *need.planned >= 1) {
    const auto planned = std::min(horizon, static_cast<std::int64_t>(*need.planned));
    need.by_then = stats::exact_stopping_time({.pass = &pass}, truth, planned).passed;
  }
  return need;
}

}  // namespace callramp::rollout
