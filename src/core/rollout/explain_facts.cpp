// The words of what is counted whole: budgets, events, levels, acts, clocks, people; and of what is missing.
#include <algorithm>
#include <cmath>

#include "core/rollout/compiled.hpp"
#include "core/rollout/explain.hpp"
#include "core/rollout/words.hpp"

namespace callramp::rollout {
namespace {

Why why_of(const Finding& found) { return static_cast<Why>(found.why); }

std::string currency_of(const Scene& scene) {
  const Budget& budget = scene.plan.plan->budget;
  if (budget.per_call) return budget.per_call->currency.str();
  return budget.per_phase ? budget.per_phase->currency.str() : std::string("INR");
}

std::string money(double amount, const Scene& scene) {
  const double rounded = std::round(amount * 100) / 100;
  return figure(rounded, 2) + " " + currency_of(scene);
}

std::string uptime_in_words(const Line& line, const Scene& scene, const Finding& found) {
  const Uptime& uptime = scene.facts.uptime;
  const bool day = line.source == Source::uptime_last_day;
  const auto minutes_seen = static_cast<double>(day ? uptime.last_day_minutes : uptime.minutes);
  const double up = minutes_seen > 0 ? 1 - found.used / minutes_seen : 1;
  // One digit always, as in "12.0 of 50.4 min used".
  const auto exact = [](double value) {
    const std::string text = figure(value, 1);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  };
  std::string text = share(up, 2) + ", " + exact(found.used) + " of " + exact(found.allowed) + " min used" +
                     (day ? " in the last day." : ".");
  if (!day && uptime.unknown > 0)
    text += " " + std::to_string(uptime.unknown) + " min are unknown and count as neither.";
  if (!day && uptime.planned > 0) text += " " + std::to_string(uptime.planned) + " min were planned.";
  return text;
}

std::string cost_in_words(const Line& line, const Scene& scene, const Finding& found) {
  if (line.source == Source::cost_predictable) {
    if (why_of(found) == Why::few) return "Needs seven days with calls; " + figure(found.used) + " so far.";
    return "Seven daily costs per call around " + money(found.used, scene) +
           (found.verdict == Verdict::pass ? ", each within 15 % of it" : ": not all within 15 % of it") +
           (found.allowed > 0 ? "; the budget allows " + money(found.allowed, scene) + " a call." : ".");
  }
  std::string text = money(found.used, scene) + " spent for " + figure(found.good) +
                     (line.source == Source::cost_per_success ? " successful calls" : " calls") + "; allowed are " +
                     money(found.allowed, scene) + " (" +
                     (found.allowed > 0 ? share(found.used / found.allowed, 0) + " used)." : "nothing).");
  if (why_of(found) == Why::few) text += " Too few calls to call it an overrun.";
  return text;
}

std::string items_in_words(const Line& line, const Finding& found) {
  if (line.source == Source::grave_complaints)
    return figure(found.used) +
           " complaints about unwanted calls or privacy in ten days; three roll back to zero, one in " +
           "this phase freezes.";
  return figure(found.used) + " now" +
         (line.condition.compare ? "; the line is " + std::string(to_string(*line.condition.compare)) + " " +
                                       to_words(line.condition.value) + "."
                                 : ".");
}

std::string level(const Line& line, double value) {
  Unit unit = line.condition.value.unit;
  if (line.condition.baseline != Baseline::none) unit = Unit::none;
  if (unit == Unit::none) return figure(value, 2);
  return to_words(Quantity{.number = value, .unit = unit});
}

std::string level_in_words(const Line& line, const Finding& found) {
  const Condition& condition = line.condition;
  if (!condition.compare) return found.used >= 0.5 ? "It is so now." : "It is not so now.";
  std::string text = "It stands at " + level(line, found.used);
  if (condition.baseline != Baseline::none)
    return text + "; in the earlier phase it stood at " + level(line, found.good) + ".";
  if (condition.within) text = level(line, found.used) + " within " + spoken(*condition.within);
  if (condition.lasting) {
    const bool held = (found.verdict == Verdict::pass) != line.is_trigger;
    text += held ? ", and has held for " + spoken(*condition.lasting)
                 : ", and has not held for " + spoken(*condition.lasting) + " without a break";
  }
  return text + ".";
}

std::string adoption_in_words(const Finding& found) {
  return figure(found.good) + " of " + figure(found.good + found.bad) +
         " users routable to new had a call on it this week (" + share(found.used) + ").";
}

std::string stable_in_words(const Scene& scene, const Finding& found) {
  const RolloutState& state = scene.state;
  const std::string since = "since " + state.stable_reset + " at " + moment(state.stable_since);
  switch (why_of(found)) {
    case Why::unstable: return "Not stable now: " + state.unstable + ".";
    case Why::too_young: return "Stable " + since + "; it ends at " + moment(*found.until) + ".";
    case Why::few:
      return "Long enough " + since + ", but with " + figure(found.used) + " of " +
             std::to_string(scene.plan.plan->pace.stable_calls) + " calls and " + figure(found.good) + " of " +
             std::to_string(scene.plan.plan->pace.stable_days) + " calling days.";
    default: return "Stable " + since + ", with " + figure(found.used) + " calls.";
  }
}

std::string time_in_words(const Finding& found, const Scene& scene) {
  if (!found.until) return "Not everything goes to new yet.";
  return std::string(scene.now >= *found.until ? "Over since " : "Not before ") + moment(*found.until) + ".";
}

std::string people_in_words(const Line& line, const Finding& found) {
  if (line.source == Source::checklist) return figure(found.used) + " of " + figure(found.allowed) + " items are done.";
  switch (why_of(found)) {
    case Why::unsigned_: return "Nobody has signed yet.";
    case Why::too_few_people:
      return figure(found.used) + " of " + figure(found.allowed) + " different people have signed.";
    case Why::stale_signature:
      return "The signature is stale: something that it stood on has changed, or it is too old. Sign again.";
    default: return found.since ? "Signed at " + moment(*found.since) + "." : "Signed.";
  }
}

std::string proof_in_words(const Line& line, const Finding& found) {
  if (line.source == Source::state_proof)
    return found.verdict == Verdict::pass ? "The old system was decommissioned." : "The old system is still there.";
  if (!found.since) return "None is recorded.";
  return "The last one was at " + moment(*found.since) +
         (found.verdict == Verdict::pass ? ", and is enough." : ", and does not meet the condition.");
}

}  // namespace

std::string missing_in_words(const Line& line, const Scene& scene, const Finding& found) {
  const Facts& facts = scene.facts;
  switch (why_of(found)) {
    case Why::no_heartbeat:
      return facts.heartbeat ? "No evidence since " + moment(*facts.heartbeat) + ": the counting of calls has stopped."
                             : "No evidence yet: the counting of calls has not begun.";
    case Why::quiet:
      return "No call on new for " + spoken(facts.quiet) + " of calling time; the plan expects " +
             figure(scene.phase.planned_a_second * 3600, 1) + " an hour.";
    case Why::too_many_unknown:
      return std::to_string(scene.fold.first_old.unknown) + " of " +
             std::to_string(scene.fold.first_old.total + scene.fold.first_old.unknown) +
             " calls of the old system have no outcome; above 5 % nothing can be compared.";
    case Why::stale:
      return "The newest reading is from " + (found.since ? moment(*found.since) : std::string("long ago")) + ".";
    case Why::no_budget: return "The plan has no budget: add budget: {per_call: 6.00 INR}.";
    case Why::no_earlier_phase: return "There are no figures of the earlier phase in this run to compare with.";
    case Why::impossible:
      if (line.kind == Kind::versus) return "Nothing goes to an old system to compare with.";
      return "It cannot exist here.";
    default: break;
  }
  const auto gauge = facts.gauges.find(line.key);
  if (line.source == Source::level && gauge != facts.gauges.end() && !gauge->second.missing.empty())
    return gauge->second.missing + ".";
  switch (line.source) {
    case Source::labels: return "No labelled calls of both kinds yet: label the daily sample.";
    case Source::proof: return "None is recorded.";
    case Source::adoption: return "No user routable to new has been seen this week.";
    case Source::versus: return "No call on both systems yet.";
    case Source::level: return "Nobody reports it yet.";
    default: return "Nothing has been observed yet.";
  }
}

void tell_other(const Line& line, const Scene& scene, const Finding& found, Judgement& into) {
  into.used = found.used;
  into.allowed = found.allowed;
  into.since = found.since;
  into.until = found.until;
  switch (line.source) {
    case Source::uptime:
    case Source::uptime_last_day: into.reason = uptime_in_words(line, scene, found); return;
    case Source::cost_per_call:
    case Source::cost_per_success:
    case Source::cost_overrun:
    case Source::cost_predictable: into.reason = cost_in_words(line, scene, found); return;
    case Source::adoption: into.reason = adoption_in_words(found); return;
    case Source::items:
    case Source::grave_complaints: into.reason = items_in_words(line, found); return;
    case Source::stable: into.reason = stable_in_words(scene, found); return;
    case Source::phase_time:
    case Source::full_traffic: into.reason = time_in_words(found, scene); return;
    case Source::approval:
    case Source::confirmed:
    case Source::checklist: into.reason = people_in_words(line, found); return;
    case Source::proof:
    case Source::state_proof: into.reason = proof_in_words(line, found); return;
    case Source::unknown_minutes: into.reason = figure(found.used) + " min; more than 10 block an advance."; return;
    case Source::pending_calls:
      into.reason = figure(found.used) + " calls have been open for too long since their first dial.";
      return;
    case Source::criteria_met:
    case Source::targets_met: into.reason = figure(found.used) + " of " + figure(found.allowed) + " are met."; return;
    default: into.reason = level_in_words(line, found); return;
  }
}

}  // namespace callramp::rollout
