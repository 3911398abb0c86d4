// What differs between two versions of a plan: both written down key by key, and the keys compared.
#include <algorithm>
#include <array>

#include "core/rollout/plan.hpp"

namespace callramp::rollout {
namespace {

using callramp::to_words;
using Written = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 4> readings{"strict", "mid", "wide", "ladder"};
constexpr std::array<std::string_view, 3> modes{"manual", "guarded", "automatic"};

std::string number(double value) { return to_words(Quantity{value}); }

void write(Written& into, const std::string& key, const std::vector<std::string>& texts) {
  std::string& all = into[key];
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
}

void write_decide(Written& into, const DecideOptions& decide) {
  into["decide.reading"] = readings[static_cast<std::size_t>(decide.reading)];
  into["decide.advance_alpha"] = number(decide.advance_alpha);
  into["decide.rollback_alpha"] = number(decide.rollback_alpha);
  into["decide.versus_alpha"] = number(decide.versus_alpha);
  into["decide.freeze_alpha"] = number(decide.freeze_alpha);
  into["decide.watch_alpha"] = number(decide.watch_alpha);
  into["decide.prior_n"] = std::to_string(decide.prior_n);
  into["decide.phase_cap"] = to_words(decide.phase_cap);
  into["decide.statistics_to_zero"] = decide.statistics_to_zero ? "true" : "false";
}

void write_pace(Written& into, const Pace& pace) {
  into["pace.bucket"] = to_words(pace.bucket);
  into["pace.cluster"] = to_words(pace.cluster);
  into["pace.day"] = to_words(pace.day);
  into["pace.first_limit"] = to_words(pace.first_limit);
  into["pace.pending_after"] = to_words(pace.pending_after);
  into["pace.unknown_after"] = to_words(pace.unknown_after);
  into["pace.stale_after"] = to_words(pace.stale_after);
  into["pace.dead_after"] = to_words(pace.dead_after);
  into["pace.approval_lasts"] = to_words(pace.approval_lasts);
  into["pace.repeat_within"] = to_words(pace.repeat_within);
  into["pace.stable_days"] = std::to_string(pace.stable_days);
  into["pace.stable_calls"] = std::to_string(pace.stable_calls);
}

void write_phase(Written& into, const Phase& phase) {
  const std::string key = "phases." + phase.name + ".";
  into[key + "percentage"] = to_string(phase.percentage);
  write(into, key + "include", phase.include);
  into[key + "min_duration"] = to_words(phase.min_duration);
  into[key + "watch"] = to_words(phase.watch);
  if (phase.expected_volume)
    into[key + "expected_volume"] =
        std::to_string(phase.expected_volume->low) + "-" + std::to_string(phase.expected_volume->high) + "/day";
  if (phase.days) into[key + "days"] = std::to_string(phase.days->first) + "-" + std::to_string(phase.days->last);
  write(into, key + "objectives", phase.objectives);
  write(into, key + "monitoring_focus", phase.monitoring_focus);
  // By subject, so that a moved line reads as one change and not as one gone and one come.
  for (const Condition& criterion : phase.advance_when)
    into[key + "advance_when." + subject(criterion)] = criterion.text;
  for (const Trigger& trigger : phase.roll_back_when)
    into[key + "roll_back_when." + subject(trigger.condition)] =
        trigger.condition.text + (trigger.target == Target::zero ? " => zero" : " => previous_phase");
}

void write_words(Written& into, const Plan& plan) {
  for (const Approvers& approvers : plan.approvers) write(into, "approvers." + approvers.role, approvers.tokens);
  for (const Checklist& list : plan.checklists) {
    const std::string key = "checklists." + list.name;
    into[key + ".gate"] = list.gate;
    for (const ChecklistItem& item : list.items)
      into[key + "." + item.id] = item.text + (item.by_the_change ? " (by the change)" : "") +
                                  (item.ticks_when ? " when " + item.ticks_when->text : "");
  }
  for (const Aim& aim : plan.aims)
    into["aims." + aim.group + "." + aim.text] = aim.condition ? aim.condition->text : "a person's";
  for (const Risk& risk : plan.risks) {
    into["risks." + risk.name] = risk.likelihood + ", " + risk.impact;
    write(into, "risks." + risk.name + ".mitigations", risk.mitigations);
    write(into, "risks." + risk.name + ".contingencies", risk.contingencies);
  }
  for (const Contact& contact : plan.contacts)
    write(into, "contacts." + contact.name, {contact.role, contact.phone, contact.hours, contact.confirmed});
  for (const Announcement& one : plan.communication) into["communication." + one.what + ", " + one.to] = one.every;
  for (const Procedure& procedure : plan.procedures) write(into, "procedures." + procedure.name, procedure.steps);
  for (const CustomMetric& metric : plan.metrics)
    into["metrics." + metric.name] =
        metric.promql + (metric.needed ? "" : ", not needed") + (metric.bigger_is_better ? ", bigger is better" : "");
}

Written written(const Plan& plan) {
  Written all;
  all["rollout"] = plan.name;
  all["flag"] = plan.flag;
  all["timezone"] = plan.timezone;
  all["unit"] = plan.unit;
  all["mode"] = modes[static_cast<std::size_t>(plan.mode)];
  all["kind"] = to_string(plan.kind);
  all["min_talk"] = to_words(plan.min_talk);
  all["watch_after"] = to_words(plan.watch_after);
  all["calling_hours"] = std::to_string(plan.calling_hours[0]) + "-" + std::to_string(plan.calling_hours[1]);
  if (plan.budget.per_call) all["budget.per_call"] = to_string(*plan.budget.per_call);
  if (plan.budget.per_phase) all["budget.per_phase"] = to_string(*plan.budget.per_phase);
  std::vector<std::string> order;
  for (const Phase& phase : plan.phases) order.push_back(phase.name);
  write(all, "phases", order);
  write_decide(all, plan.decide);
  write_pace(all, plan.pace);
  for (const Phase& phase : plan.phases) write_phase(all, phase);
  write_words(all, plan);
  return all;
}

// Of the keys by which the running test counts and judges.
bool is_of_test(const std::string& key, const Plan& before, std::size_t current) {
  if (key == "unit" || key == "min_talk" || key == "phases" || key == "timezone") return true;
  if (key.starts_with("decide.")) return key != "decide.phase_cap";
  if (key.starts_with("pace.")) return key != "pace.approval_lasts";
  for (std::size_t i = 0; i <= current && i < before.phases.size(); ++i)
    for (const std::string_view list : {".advance_when.", ".roll_back_when."})
      if (key.starts_with("phases." + before.phases[i].name + std::string(list))) return true;
  return key.starts_with("metrics.");
}

// Of the keys by which users have been assigned so far.
bool is_of_assignment(const std::string& key, const Plan& before, const Plan& after, std::size_t current) {
  if (key == "rollout" || key == "flag" || key == "unit") return true;
  for (std::size_t i = 0; i <= current && i < before.phases.size(); ++i) {
    const std::string phase = "phases." + before.phases[i].name;
    if (key == phase + ".percentage" || key == phase + ".include") return true;
    // Another order, or a phase slipped in before the current one.
    if (key == "phases" && (i >= after.phases.size() || after.phases[i].name != before.phases[i].name)) return true;
  }
  return false;
}

}  // namespace

std::vector<PlanChange> compare(const Plan& before, const Plan& after, std::size_t current) {
  const Written from = written(before);
  const Written to = written(after);
  std::vector<PlanChange> changes;
  const auto add = [&](const std::string& key, const std::string& what) {
    changes.push_back({.key = key,
                       .what = key + ": " + what,
                       .moves_users = is_of_assignment(key, before, after, current),
                       .changes_test = is_of_test(key, before, current)});
  };
  for (const auto& [key, value] : from) {
    const auto now = to.find(key);
    if (now == to.end())
      add(key, value + " is gone");
    else if (now->second != value)
      add(key, value + " becomes " + now->second);
  }
  for (const auto& [key, value] : to)
    if (!from.contains(key)) add(key, value + " is new");
  return changes;
}

}  // namespace callramp::rollout
