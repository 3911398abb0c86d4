// The sentence of a decision, what would change it and who may override it. One text, used everywhere.
#include <algorithm>
#include <cmath>

#include "core/rollout/compiled.hpp"
#include "core/rollout/explain.hpp"
#include "core/rollout/words.hpp"

namespace callramp::rollout {
namespace {

constexpr std::size_t most_named = 4;  // criteria in one sentence; the list has all

bool is_met(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::not_applicable || verdict == Verdict::waived;
}

Judgement judged(const Line& line, const Scene& scene, const Look& look, const Finding& found) {
  Judgement judgement{.condition = line.condition,
                      .kind = line.kind,
                      .is_trigger = line.is_trigger,
                      .target = line.target,
                      .verdict = found.verdict,
                      .freezes = found.freezes,
                      .fires = found.fires,
                      .built_in = line.built_in};
  if (line.kind == Kind::versus)
    tell_versus(line, scene, found, judgement);
  else if (line.source == Source::complaint_rate)
    tell_events(line, scene, found, judgement);
  else if (line.kind == Kind::rate || line.kind == Kind::mean)
    line.is_trigger ? tell_rate_trigger(line, scene, found, look.rollback_log_e, judgement)
                    : tell_rate_criterion(line, scene, found, judgement);
  else
    tell_other(line, scene, found, judgement);
  if (found.verdict == Verdict::no_data || found.verdict == Verdict::not_applicable || judgement.reason.empty())
    judgement.reason = missing_in_words(line, scene, found);
  for (const Waiver& waiver : scene.facts.waivers)
    if (found.verdict == Verdict::waived && waiver.condition == line.condition.text && waiver.until > scene.now)
      judgement.reason =
          "Waived by " + waiver.by + " until " + moment(waiver.until) + ": " + waiver.reason + ". " + judgement.reason;
  judgement.reason = title(line.condition) + ": " + std::string(to_string(found.verdict)) + ". " + judgement.reason;
  return judgement;
}

// Without "Success rate: undecided. ".
std::string bare(const Judgement& judgement) {
  const std::size_t at = judgement.reason.find(". ");
  return at == std::string::npos ? judgement.reason : judgement.reason.substr(at + 2);
}

std::string phase_name(const Scene& scene, int phase) {
  return scene.plan.plan->phases.at(static_cast<std::size_t>(phase)).name;
}

std::string what_is_missing(const Decision& decision) {
  std::vector<std::string> names;
  std::size_t open = 0;
  for (const Judgement& judgement : decision.criteria) {
    if (is_met(judgement.verdict)) continue;
    ++open;
    if (names.size() < most_named)
      names.push_back(lowered(title(judgement.condition)) + " (" + std::string(to_string(judgement.verdict)) + ")");
  }
  if (open > most_named) names.push_back(std::to_string(open - most_named) + " more");
  return joined(names);
}

std::string counted(const Decision& decision) {
  const auto met = std::ranges::count_if(decision.criteria, [](const Judgement& one) { return is_met(one.verdict); });
  return std::to_string(met) + " of " + std::to_string(decision.criteria.size());
}

std::string hold_in_words(const Scene& scene, const Look& look, const Decision& decision) {
  const RolloutState& state = scene.state;
  const std::string at = percentage(scene.facts.percentage);
  switch (state.stage) {
    case Stage::planned:
      return "Planned. " + counted(decision) + " conditions of the start hold" +
             (what_is_missing(decision).empty() ? "." : "; missing: " + what_is_missing(decision) + ".");
    case Stage::succeeded: return "Succeeded: the rollout is over.";
    case Stage::rolled_back: {
      std::vector<std::string> open;
      if (state.incident)
        for (const IncidentItem& item : state.incident->items)
          if (item.by.empty()) open.push_back(item.name);
      // Who reads the newest sentence only must not lose the cause.
      return "Rolled back to " + percentage(state.percentage) + " at " + moment(state.stage_since) +
             (state.stage_reason.empty() ? std::string(".") : " because " + lowered(state.stage_reason)) +
             (scene.facts.percentage == state.percentage ? "" : " " + at + " in force.") +
             " Nothing advances until it is resumed; its incident " +
             (open.empty() ? std::string("has all five items.") : "still needs " + joined(open) + ".");
    }
    case Stage::frozen: return "Frozen at " + at + " since " + moment(state.stage_since) + ". " + state.stage_reason;
    case Stage::holding:
      return state.manual_flags
                 ? "Held: the flags were changed by hand, and are left alone until somebody resumes."
                 : "Holding at " + at + " since " + moment(state.stage_since) + ". " + state.stage_reason;
    case Stage::watching:
      return "Watching at " + at + " since " + moment(state.stage_since) + ". " + counted(decision) +
             " conditions of success hold" +
             (what_is_missing(decision).empty() ? "; it can be declared."
                                                : "; missing: " + what_is_missing(decision) + ".");
    default: break;
  }
  if (!scene.facts.calls_enabled)
    return "Outbound calls on new are switched off (kill switch): nothing advances until they are enabled again.";
  const std::string phase = phase_name(scene, state.phase);
  if (scene.plan.plan->mode == Mode::guarded && look.waits_for_people)
    return "Ready in " + phase + " at " + at + ": only people are waited for: " + what_is_missing(decision) + ".";
  return "Running " + phase + " at " + at + ". " + counted(decision) +
         " criteria hold; missing: " + what_is_missing(decision) + ".";
}

std::string change_in_words(const Decision& decision) {
  if (decision.from == decision.to) return " " + percentage(decision.from) + " stays.";
  return " " + percentage(decision.from) + " becomes " + percentage(decision.to) + ".";
}

std::string freeze_in_words(const Scene& scene, const Look& look, const Decision& decision) {
  const PhaseFold& fold = scene.fold;
  switch (look.rule) {
    case Rule::freeze_evidence:
      return (scene.facts.heartbeat ? "no evidence since " + moment(*scene.facts.heartbeat)
                                    : std::string("no evidence at all")) +
             "; the counting of calls has stopped.";
    case Rule::freeze_share: {
      const auto fresh = static_cast<double>(fold.first.total);
      const auto all = fresh + static_cast<double>(fold.first_old.total + fold.first_old.unknown);
      return share(fresh / all) + " of " + count(all) + " calls went to new where " +
             percentage(scene.phase.phase->percentage) + " were asked for: more than a third off.";
    }
    case Rule::freeze_outage: return "a provider is out, for the old system too.";
    case Rule::freeze_rate: return decision.criteria[static_cast<std::size_t>(look.by)].reason;
    default: return decision.triggers[static_cast<std::size_t>(look.by)].reason;
  }
}

// One sentence or more, without what was done about it.
std::string rollback_cause(const Look& look, const Decision& decision) {
  const Judgement& cause = decision.triggers[static_cast<std::size_t>(look.by)];
  const bool rate = look.rule == Rule::trigger_rate || look.rule == Rule::trigger_versus;
  const std::string why = rate ? bare(cause) : title(cause.condition) + ": " + bare(cause);
  const bool second = look.to_zero && cause.target != Target::zero;
  return why + (second ? " It is the second trigger within a day." : "");
}

std::string sentence_of(const Scene& scene, const Look& look, const Decision& decision) {
  const std::string recommended = decision.recommended_only ? "Recommended only (mode manual). " : "";
  switch (look.action) {
    case Action::roll_back:
      return recommended + "Rolled back: " + rollback_cause(look, decision) +
             (decision.recommended_only ? std::string{} : change_in_words(decision));
    case Action::freeze:
      return recommended + "Frozen at " + percentage(decision.from) + ": " + freeze_in_words(scene, look, decision);
    case Action::advance:
      if (decision.recommended_only)
        return recommended + "All " + std::to_string(decision.criteria.size()) + " criteria of " +
               phase_name(scene, decision.phase) + " hold: advance.";
      return "Advanced from " + phase_name(scene, decision.phase) + " to " + phase_name(scene, decision.after.phase) +
             ": all " + std::to_string(decision.criteria.size()) + " criteria hold." + change_in_words(decision);
    case Action::complete:
      return recommended + "Complete: all " + std::to_string(decision.criteria.size()) + " criteria of " +
             phase_name(scene, decision.phase) + " hold at " + percentage(decision.from) + ".";
    case Action::hold: break;
  }
  switch (look.rule) {
    case Rule::manual_flags:
      return "Held: " + (scene.facts.flags_set_by.empty() ? std::string("somebody") : scene.facts.flags_set_by) +
             " set " + percentage(scene.facts.percentage) + " by hand where the rollout wants " +
             percentage(scene.state.percentage) + "; it is left alone until somebody resumes.";
    case Rule::phase_cap:
      return "Holding: " + phase_name(scene, scene.state.phase) + " has lasted " +
             spoken(scene.now - scene.state.phase_started_at) + "; still open: " + what_is_missing(decision) +
             "; a person decides.";
    case Rule::watch_begins:
      return "Watching: everything is on new. Success may be declared after " + spoken(scene.plan.plan->watch_after) +
             ".";
    default: return hold_in_words(scene, look, decision);
  }
}

std::vector<std::string> changes_of(const Scene& scene, const Look& look, const Decision& decision) {
  std::vector<std::string> list;
  if (look.action == Action::roll_back || decision.after.stage == Stage::rolled_back) {
    list.push_back("`rollout resume` once the incident has its five items: " +
                   joined({incident_items.begin(), incident_items.end()}) + ", or a waiver");
    return list;
  }
  if (decision.after.stage == Stage::frozen || decision.after.stage == Stage::holding)
    list.push_back("`rollout resume` by an approver");
  if (!scene.facts.calls_enabled) list.push_back("outbound calls enabled again");
  for (const Judgement& judgement : decision.criteria)
    if (!is_met(judgement.verdict)) list.push_back(judgement.reason);
  for (const Judgement& judgement : decision.triggers)
    if (judgement.fires) list.push_back(judgement.reason);
  return list;
}

std::string overriders(const Look& look, const Decision& decision) {
  if (look.action == Action::roll_back) return "an approver may resume after the incident; nobody may waive a trigger";
  if (look.action == Action::freeze || decision.after.stage == Stage::frozen)
    return "an approver may resume; an operator may lower the percentage at any time";
  if (look.action == Action::advance || look.action == Action::complete)
    return "an operator may hold or lower the percentage at any time";
  return "an admin may waive a criterion or advance despite the evidence; an operator may hold or lower the percentage "
         "at "
         "any time";
}

}  // namespace

void judge_in_words(const CompiledPlan& plan, const Scene& scene, const Look& look, Decision& into) {
  const std::vector<Line>& criteria = plan.criteria(scene.state);
  for (std::size_t i = 0; i < criteria.size(); ++i)
    into.criteria.push_back(judged(criteria[i], scene, look, look.criteria[i]));
  const std::vector<Line>& triggers = plan.triggers(scene.state);
  if (scene.state.stage == Stage::planned || scene.state.stage == Stage::succeeded) return;
  for (std::size_t i = 0; i < triggers.size(); ++i)
    into.triggers.push_back(judged(triggers[i], scene, look, look.triggers[i]));
}

void explain(const CompiledPlan& plan, const Scene& scene, const Look& look, Decision& into) {
  judge_in_words(plan, scene, look, into);
  into.sentence = sentence_of(scene, look, into);
  into.would_change_it = changes_of(scene, look, into);
  into.who_may_override = overriders(look, into);
  if (into.action == Action::roll_back && !into.recommended_only)
    into.after.stage_reason = rollback_cause(look, into);
  else if (into.after.stage != into.before.stage)
    into.after.stage_reason = into.sentence;
}

}  // namespace callramp::rollout
