// What is counted whole and not sampled: budgets, events of which one is one, levels.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/rollout/compiled.hpp"

namespace callramp::rollout {
namespace {

constexpr Duration level_stale_after = minutes{3};  // levels are read each minute
constexpr double most_unknown_minutes = 10;         // docs/definitions.md, uptime
constexpr double quiet_time = 0.025;  // seconds: a quarter of a slow query; below it a quarter more is no trend
constexpr double least_calls_for_overrun = 30;  // a handful of long calls is no overrun
constexpr double predictable_within = 0.15;
constexpr std::size_t predictable_days = 7;
constexpr Duration grave_within = std::chrono::days{10};

bool is_open(const EvidenceItem& item) { return item.status == "open" || item.status == "confirmed"; }

bool counts(const ItemFilter& filter, const EvidenceItem& item, const Scene& scene) {
  if (item.kind != filter.kind) return false;
  if (filter.severity == "grave") {
    if (item.severity != "P1" && !(item.severity == "P2" && item.critical)) return false;
  } else if (!filter.severity.empty() && item.severity != filter.severity) {
    return false;
  }
  if (filter.critical_only && !item.critical) return false;
  if (filter.open_only ? !is_open(item) : item.status == "rejected") return false;
  if (filter.kind == "complaint" && item.system == "old") return false;
  if (filter.window) return item.at > scene.now - *filter.window;
  return !filter.of_phase || item.phase == scene.state.phase;
}

double count_items(const Line& line, const Scene& scene) {
  return static_cast<double>(std::ranges::count_if(
      scene.facts.items, [&](const EvidenceItem& item) { return counts(line.items, item, scene); }));
}

Finding judge_items(const Line& line, const Scene& scene) {
  const double count = count_items(line, scene);
  const bool holds_now = line.condition.compare ? holds(count, *line.condition.compare, line.condition.value.number)
                                                : count == 0;  // no_open_critical
  Finding found = settled(holds_now, line.is_trigger);
  found.used = count;
  found.allowed = line.condition.value.number;
  return found;
}

Finding judge_grave(const Line& line, const Scene& scene) {
  double recent = 0;
  double in_phase = 0;
  for (const EvidenceItem& item : scene.facts.items) {
    if (item.kind != "complaint" || item.status == "rejected" || item.system == "old") continue;
    if (item.severity != "unwanted" && item.severity != "privacy") continue;
    if (item.at > scene.now - grave_within) ++recent;
    if (item.phase == scene.state.phase) ++in_phase;
  }
  Finding found = settled(recent >= line.condition.value.number, true);
  found.used = recent;
  found.allowed = line.condition.value.number;
  found.good = in_phase;
  found.freezes = in_phase > 0;
  return found;
}

// "99.5 %" of a span is a budget of minutes: spent it is failed, kept to the end it is passed.
Finding judge_uptime(const Line& line, const Scene& scene) {
  const Uptime& uptime = scene.facts.uptime;
  if (scene.heartbeat_missing) return because(Why::no_heartbeat);
  if (uptime.minutes == 0) return because(Why::nothing_yet);
  const Instant end = std::max(scene.state.earliest_advance, scene.now);
  const double length = static_cast<double>((end - scene.state.phase_started_at) / seconds{1}) / 60;
  Finding found;
  found.used = static_cast<double>(uptime.down);
  found.allowed = std::max(0.0, (1 - line.condition.value.number) * length);
  found.good = static_cast<double>(uptime.minutes - uptime.down);
  found.bad = found.used;
  if (found.used > found.allowed) {
    found.verdict = Verdict::fail;
    return found;
  }
  const bool over = scene.now >= scene.state.earliest_advance;
  found.verdict = over ? Verdict::pass : Verdict::undecided;
  if (!over) found.why = static_cast<std::uint8_t>(Why::running);
  return found;
}

Finding judge_uptime_last_day(const Line& line, const Scene& scene) {
  const Uptime& uptime = scene.facts.uptime;
  if (uptime.last_day_minutes == 0) return because(Why::nothing_yet);
  const double day = static_cast<double>(scene.plan.plan->pace.day / seconds{1}) / 60;
  const double allowed = (1 - line.condition.value.number) * day;
  Finding found = settled(static_cast<double>(uptime.last_day_down) > allowed, true);
  found.used = static_cast<double>(uptime.last_day_down);
  found.allowed = allowed;
  return found;
}

struct Spent {
  double money = 0;  ///< in the currency's units
  double calls = 0;
};
Spent spent_in(const Scene& scene) {
  Spent spent;
  for (const DailyCost& day : scene.facts.costs) {
    spent.money += static_cast<double>(day.micros) / 1e6;
    spent.calls += static_cast<double>(day.calls);
  }
  return spent;
}

// Money of `calls` that the condition's own amount or the plan's budget allows; nothing: neither says.
std::optional<double> allowed_for(const Line& line, const Scene& scene, double calls) {
  const Budget& budget = scene.plan.plan->budget;
  const Quantity& value = line.condition.value;
  const bool own = line.source != Source::cost_overrun && line.source != Source::cost_predictable;
  if (own && line.condition.compare && value.unit != Unit::budget) return value.number * calls;
  if (budget.per_call) return static_cast<double>(budget.per_call->micros) / 1e6 * calls;
  if (budget.per_phase) return static_cast<double>(budget.per_phase->micros) / 1e6;
  return std::nullopt;
}

Finding judge_cost(const Line& line, const Scene& scene) {
  const Spent spent = spent_in(scene);
  const double calls =
      line.source == Source::cost_per_success ? static_cast<double>(scene.fold.calls.successful()) : spent.calls;
  if (calls <= 0) return because(Why::nothing_yet);
  const auto allowed = allowed_for(line, scene, calls);
  if (!allowed) return because(Why::no_budget);
  Finding found;
  if (line.source == Source::cost_overrun) {
    const double overrun = *allowed > 0 ? spent.money / *allowed - 1 : 0;
    found = settled(holds(overrun, *line.condition.compare, line.condition.value.number), line.is_trigger);
    if (calls < least_calls_for_overrun) found = because(Why::few, Verdict::undecided);
  } else {
    found = settled(holds(spent.money, line.condition.compare.value_or(Compare::at_most), *allowed), line.is_trigger);
    if (line.is_trigger && calls < least_calls_for_overrun) found = because(Why::few, Verdict::undecided);
  }
  found.used = spent.money;
  found.allowed = *allowed;
  found.good = calls;
  return found;
}

Finding judge_predictable(const Line& line, const Scene& scene) {
  std::vector<double> daily;
  for (const DailyCost& day : scene.facts.costs)
    if (day.calls > 0 && day.day < scene.facts.today)  // a day that still runs may have two calls
      daily.push_back(static_cast<double>(day.micros) / 1e6 / static_cast<double>(day.calls));
  if (daily.size() < predictable_days) {
    Finding found = because(Why::few, Verdict::undecided);
    found.used = static_cast<double>(daily.size());
    found.allowed = static_cast<double>(predictable_days);
    return found;
  }
  daily.erase(daily.begin(), daily.end() - static_cast<std::ptrdiff_t>(predictable_days));
  double sum = 0;
  for (const double cost : daily) sum += cost;
  const double mean = sum / static_cast<double>(predictable_days);
  const bool even = std::ranges::all_of(
      daily, [&](double cost) { return std::abs(cost - mean) <= predictable_within * mean + 1e-12; });
  const auto allowed = allowed_for(line, scene, 1);
  Finding found = settled(even && (!allowed || mean <= *allowed), line.is_trigger);
  found.used = mean;
  found.allowed = allowed.value_or(0);
  return found;
}

std::optional<double> mean_of_phase(const Gauge& gauge, int phase) {
  for (const PhaseMean& mean : gauge.phases)
    if (mean.phase == phase) return mean.mean;
  return std::nullopt;
}

bool level_holds(const Condition& condition, double value) {
  return condition.compare ? holds(value, *condition.compare, condition.value.number) : value >= 0.5;
}

// Held at every reading of the span, with a reading at its beginning and no gap: a gap is missing, never "fine".
bool lasted(const Condition& condition, const Gauge& gauge, Instant now) {
  const Instant from = now - *condition.lasting;
  Instant next = now;
  for (std::size_t i = gauge.readings.size(); i-- > 0;) {
    const LevelReading& reading = gauge.readings[i];
    if (next - reading.at > level_stale_after || !level_holds(condition, reading.value)) return false;
    if (reading.at <= from) return true;
    next = reading.at;
  }
  return false;
}

Finding judge_level(const Line& line, const Scene& scene) {
  const auto at = scene.facts.gauges.find(line.key);
  if (at == scene.facts.gauges.end()) return because(Why::not_measured);
  const Gauge& gauge = at->second;
  if (!gauge.exists) return because(Why::impossible, Verdict::not_applicable);
  if (gauge.readings.empty()) return because(gauge.missing.empty() ? Why::nothing_yet : Why::not_measured);
  const LevelReading& newest = gauge.readings.back();
  const Condition& condition = line.condition;
  Finding found;
  if (condition.within) {
    // Every minute reports what happened in it.
    double sum = 0;
    for (const LevelReading& reading : gauge.readings)
      if (reading.at > scene.now - *condition.within) sum += reading.value;
    if (newest.at < scene.now - level_stale_after && !level_holds(condition, sum)) return because(Why::stale);
    found = settled(level_holds(condition, sum), line.is_trigger);
    found.used = sum;
  } else if (newest.at < scene.now - level_stale_after) {
    found = because(Why::stale);
    found.since = newest.at;
    return found;
  } else if (condition.baseline != Baseline::none) {
    const auto before = mean_of_phase(gauge, line.baseline_phase);
    if (!before || *before == 0) return because(Why::no_earlier_phase);
    const double level = mean_of_phase(gauge, scene.state.phase).value_or(newest.value);
    const auto metric = find_metric(*scene.plan.plan, condition.metric);
    const double floor = metric && metric->unit == Unit::time ? quiet_time : 0;
    const double ratio = std::max(level, floor) / std::max(*before, floor);
    const double value = condition.value.unit == Unit::factor ? ratio : ratio - 1;
    found = settled(holds(value, *condition.compare, condition.value.number), line.is_trigger);
    found.used = level;
    found.good = *before;
  } else {
    const bool holds_now =
        condition.lasting ? lasted(condition, gauge, scene.now) : level_holds(condition, newest.value);
    found = settled(holds_now, line.is_trigger);
    found.used = newest.value;
  }
  found.allowed = condition.value.number;
  found.since = newest.at;
  return found;
}

Finding judge_adoption(const Line& line, const Scene& scene) {
  const Facts& facts = scene.facts;
  if (facts.users_routable <= 0) return because(Why::nothing_yet);
  const double share = static_cast<double>(facts.users_on_new) / static_cast<double>(facts.users_routable);
  Finding found = settled(level_holds(line.condition, share), line.is_trigger);
  found.used = share;
  found.allowed = line.condition.value.number;
  found.good = static_cast<double>(facts.users_on_new);
  found.bad = static_cast<double>(facts.users_routable - facts.users_on_new);
  return found;
}

}  // namespace

Finding judge_any(const Line& line, const Scene& scene, std::uint64_t standing) {
  switch (line.kind) {
    case Kind::rate:
    case Kind::mean:
    case Kind::events: return judge_rate(line, scene, false, false);
    case Kind::versus: return judge_versus(line, scene, false, false);
    default: return judge_other(line, scene, standing);
  }
}

Finding judge_other(const Line& line, const Scene& scene, std::uint64_t standing) {
  switch (line.source) {
    case Source::uptime: return judge_uptime(line, scene);
    case Source::uptime_last_day: return judge_uptime_last_day(line, scene);
    case Source::cost_per_call:
    case Source::cost_per_success:
    case Source::cost_overrun: return judge_cost(line, scene);
    case Source::cost_predictable: return judge_predictable(line, scene);
    case Source::adoption: return judge_adoption(line, scene);
    case Source::items: return judge_items(line, scene);
    case Source::grave_complaints: return judge_grave(line, scene);
    case Source::level: return judge_level(line, scene);
    case Source::unknown_minutes: {
      Finding found = settled(static_cast<double>(scene.facts.uptime.unknown) <= most_unknown_minutes, false);
      found.used = static_cast<double>(scene.facts.uptime.unknown);
      found.allowed = most_unknown_minutes;
      return found;
    }
    case Source::pending_calls: {
      Finding found = settled(scene.facts.pending_calls == 0, false);
      found.used = static_cast<double>(scene.facts.pending_calls);
      return found;
    }
    default: return judge_act(line, scene, standing);
  }
}

}  // namespace callramp::rollout
