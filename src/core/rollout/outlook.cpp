#include "core/rollout/outlook.hpp"

#include <algorithm>
#include <limits>

namespace callramp::rollout {
namespace {

// Below either, the plan's own volume says more about tomorrow than what was seen.
constexpr std::int64_t calls_for_a_rate = 20;
constexpr int parts_of_a_day = 4;  // as long as one of them

constexpr double longest_wait = 36'525;  // days: past a century it is no forecast, and an Instant would overflow

/// New's calls a day of the plan's pace.
double calls_per_day(const Plan& plan, const RolloutState& state, const PhaseFold& counts, Instant now, bool& planned) {
  const Duration span = now - state.phase_started_at;
  const Duration day = plan.pace.day;
  planned = counts.calls.total < calls_for_a_rate || span < day / parts_of_a_day;
  if (!planned) return static_cast<double>(counts.calls.total) * std::chrono::duration<double>(day) / span;
  const auto& volume = plan.phases.at(static_cast<std::size_t>(state.phase)).expected_volume;
  return volume ? (volume->low + volume->high) / 2.0 : 0;
}

// For ordering: never is later than everything.
std::int64_t half(const Forecast& forecast) {
  return forecast.q50 < 0 ? std::numeric_limits<std::int64_t>::max() : forecast.q50;
}

std::optional<Instant> after(std::int64_t needed, double per_day, Duration day, Instant now) {
  if (needed < 0 || (needed > 0 && per_day <= 0)) return std::nullopt;
  const double wait = needed == 0 ? 0 : static_cast<double>(needed) / per_day;
  if (wait > longest_wait) return std::nullopt;
  return now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(day) * wait);
}

}  // namespace

std::optional<Outlook> outlook(const Plan& plan, const RolloutState& state, const Decision& look,
                               const PhaseFold& counts, Instant now) {
  if (state.stage != Stage::running && state.stage != Stage::holding && state.stage != Stage::frozen) return {};
  Outlook result;
  const Judgement* slowest = nullptr;
  Instant clocks = std::max(now, state.earliest_advance);
  for (const Judgement& judgement : look.criteria) {
    if (judgement.kind == Kind::clock && judgement.until) clocks = std::max(clocks, *judgement.until);
    if (judgement.verdict != Verdict::undecided || !judgement.forecast) continue;
    if (slowest == nullptr || half(*judgement.forecast) > half(*slowest->forecast)) slowest = &judgement;
  }
  result.soonest = clocks;
  if (slowest == nullptr) {
    result.likely = result.latest = clocks;
    return result;
  }
  result.slowest = slowest->condition.text;
  result.needs = *slowest->forecast;
  result.per_day = calls_per_day(plan, state, counts, now, result.rate_planned);
  // A retry is not a call: the share of calls that become evidence for this criterion, once it is known.
  const double seen = slowest->good + slowest->bad;
  if (seen > 0 && counts.calls.total > 0) result.per_day *= seen / static_cast<double>(counts.calls.total);
  const auto not_before = [&](std::optional<Instant> at) { return at ? std::optional(std::max(*at, clocks)) : at; };
  result.soonest = not_before(after(result.needs.q10, result.per_day, plan.pace.day, now)).value_or(clocks);
  result.likely = not_before(after(result.needs.q50, result.per_day, plan.pace.day, now));
  result.latest = not_before(after(result.needs.q90, result.per_day, plan.pace.day, now));
  return result;
}

}  // namespace callramp::rollout
