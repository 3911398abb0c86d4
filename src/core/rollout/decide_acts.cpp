// Acts with a date, clocks, and people: approvals that go stale, checklists, confirmations.
#include <algorithm>

#include "core/rollout/compiled.hpp"

namespace callramp::rollout {
namespace {

constexpr Duration contacts_last = std::chrono::days{30};  // docs/definitions.md §3: confirmed within 30 days

bool proves(const Condition& condition, const Proof& proof, const Scene& scene) {
  if (!proof.passed) return false;
  if (condition.metric == "contacts_confirmed" && condition.arguments.empty())
    return scene.now - proof.at <= contacts_last;
  for (const Argument& one : condition.arguments) {
    if (one.name == "fresh" && one.compare &&
        !holds(std::chrono::duration<double>(scene.now - proof.at).count(), *one.compare, one.value.number))
      return false;
    if (one.name == "concurrent" && one.compare && !holds(proof.concurrent, *one.compare, one.value.number))
      return false;
    if (one.name == "hours" && one.compare && !holds(proof.hours, *one.compare, one.value.number)) return false;
    if (one.name == "same_version" && proof.version != scene.facts.binary) return false;
  }
  return true;
}

Finding judge_proof(const Line& line, const Scene& scene) {
  const Condition& condition = line.condition;
  const Proof* newest = nullptr;
  bool proven = false;
  // What is said of a phase has to have happened in it.
  const bool of_phase = condition.metric == "announced" || condition.metric == "report_sent";
  for (const Proof& proof : scene.facts.proofs) {
    if (proof.name != line.key || (of_phase && proof.at < scene.state.phase_started_at)) continue;
    if (newest == nullptr || proof.at >= newest->at) newest = &proof;
    proven = proven || proves(condition, proof, scene);
  }
  if (newest == nullptr) return because(Why::nothing_yet);
  Finding found = settled(proven, line.is_trigger);
  found.since = newest->at;
  found.used = newest->concurrent;
  return found;
}

Finding judge_state_proof(const Line& line, const Scene& scene) {
  if (!scene.facts.has_old_system && !scene.state.old_decommissioned)
    return because(Why::impossible, Verdict::not_applicable);
  return settled(scene.state.old_decommissioned, line.is_trigger);
}

Finding judge_stable(const Line& line, const Scene& scene) {
  Finding found;
  const RolloutState& state = scene.state;
  const Pace& pace = scene.plan.plan->pace;
  const Duration length =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(line.condition.value.number));
  found.since = state.stable_since;
  found.until = state.stable_since + length;
  found.used = static_cast<double>(scene.total.total - state.stable_calls);
  found.allowed = pace.stable_calls;
  found.good = static_cast<double>(std::ranges::count_if(
      scene.facts.costs, [&](const DailyCost& day) { return day.calls > 0 && day.day > state.stable_day; }));
  found.verdict = Verdict::undecided;
  if (!state.unstable.empty()) {
    found.why = static_cast<std::uint8_t>(Why::unstable);
  } else if (scene.now < *found.until) {
    found.why = static_cast<std::uint8_t>(Why::too_young);
  } else if (found.used < pace.stable_calls || found.good < pace.stable_days) {
    found.why = static_cast<std::uint8_t>(Why::few);
  } else {
    found.verdict = Verdict::pass;
  }
  return found;
}

Finding judge_time(const Line& line, const Scene& scene) {
  Finding found;
  const RolloutState& state = scene.state;
  const bool after = line.condition.metric == "watched_for";
  found.since = after ? state.stage_since : state.phase_started_at;
  found.until = after ? state.stage_since + scene.plan.plan->watch_after : state.earliest_advance;
  const bool counts_now = !after || state.stage == Stage::watching;
  found.verdict = counts_now && scene.now >= *found.until ? Verdict::pass : Verdict::undecided;
  if (found.verdict != Verdict::pass) found.why = static_cast<std::uint8_t>(Why::too_young);
  return found;
}

Finding judge_full_traffic(const Line& line, const Scene& scene) {
  Finding found;
  const bool full = scene.phase.phase->percentage.basis_points() == 10'000 && scene.facts.calls_enabled &&
                    scene.facts.percentage.basis_points() == 10'000 && scene.state.run > 0;
  if (!full) return because(Why::too_young, Verdict::undecided);
  const auto length = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(line.condition.value.number));
  found.since = scene.state.phase_started_at;
  found.until = scene.state.phase_started_at + length;
  found.verdict = scene.now >= *found.until ? Verdict::pass : Verdict::undecided;
  if (found.verdict != Verdict::pass) found.why = static_cast<std::uint8_t>(Why::too_young);
  return found;
}

bool may_approve(const Line& line, const Scene& scene, const std::string& by) {
  if (line.condition.metric != "approved_by" || line.condition.arguments.empty()) return true;
  for (const Approvers& approvers : scene.plan.plan->approvers)
    if (approvers.role == line.condition.arguments.front().name)
      return std::ranges::find(approvers.tokens, by) != approvers.tokens.end();
  return true;
}

bool is_signature_for(const Line& line, std::string_view subject) {
  if (subject == line.condition.text) return true;
  const bool any = line.condition.metric == "approved_by" && !line.condition.arguments.empty() &&
                   line.condition.arguments.front().name == "any";
  return any && (subject == "approval" || subject.starts_with("approved_by("));
}

// Different people with a signature that counts.
Finding judge_signatures(const Line& line, const Scene& scene, std::uint64_t standing) {
  const bool approval = line.source == Source::approval;
  std::vector<std::string_view> people;
  bool stale = false;
  std::optional<Instant> newest;
  const std::string now_standing = approval ? standing_text(standing) : std::string{};
  for (const Signature& signature : scene.facts.signatures) {
    if (!is_signature_for(line, signature.subject) || !may_approve(line, scene, signature.by)) continue;
    if (!newest || signature.at > *newest) newest = signature.at;
    const bool lasts = scene.now - signature.at <= scene.plan.plan->pace.approval_lasts;
    if (approval && (signature.standing != now_standing || !lasts || signature.at < scene.state.phase_started_at)) {
      stale = true;
      continue;
    }
    if (std::ranges::find(people, signature.by) == people.end()) people.push_back(signature.by);
  }
  Finding found;
  found.since = newest;
  found.used = static_cast<double>(people.size());
  found.allowed = line.condition.people;
  found.verdict = people.size() >= static_cast<std::size_t>(line.condition.people) ? Verdict::pass : Verdict::undecided;
  if (found.verdict != Verdict::pass)
    found.why = static_cast<std::uint8_t>(stale            ? Why::stale_signature
                                          : people.empty() ? Why::unsigned_
                                                           : Why::too_few_people);
  return found;
}

bool is_settled(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::not_applicable || verdict == Verdict::waived;
}

bool is_measured(const Line& line) {
  return line.kind != Kind::person && line.kind != Kind::clock && line.source != Source::criteria_met &&
         line.source != Source::targets_met;
}

// Reads what this look has found of the measured criteria; they are looked at first.
Finding judge_criteria_met(const Scene& scene) {
  const std::vector<Line>& lines = scene.phase.criteria;
  const std::vector<Finding>& found = scene.plan.look.criteria;
  Finding met;
  for (std::size_t i = 0; i < lines.size() && i < found.size(); ++i) {
    if (!is_measured(lines[i])) continue;
    met.allowed += 1;
    if (is_settled(found[i].verdict)) met.used += 1;
  }
  met.verdict = met.used >= met.allowed && found.size() == lines.size() ? Verdict::pass : Verdict::undecided;
  return met;
}

Finding judge_targets_met(const Line& line, const Scene& scene, std::uint64_t standing) {
  Finding met;
  for (const CompiledAim& aim : scene.plan.aims) {
    if (line.condition.arguments.empty() || aim.group != line.condition.arguments.front().name) continue;
    if (!is_measured(aim.line)) continue;
    met.allowed += 1;
    if (is_settled(judge_any(aim.line, scene, standing).verdict)) met.used += 1;
  }
  met.verdict = met.allowed > 0 && met.used >= met.allowed ? Verdict::pass : Verdict::undecided;
  return met;
}

Finding judge_checklist(const Line& line, const Scene& scene, std::uint64_t standing) {
  if (line.index >= scene.plan.checklists.size()) return because(Why::not_measured);
  const CompiledChecklist& list = scene.plan.checklists[line.index];
  Finding found;
  found.allowed = static_cast<double>(list.subjects.size());
  for (std::size_t i = 0; i < list.subjects.size(); ++i)
    if (item_done(list, i, scene, standing)) found.used += 1;
  found.verdict = found.used >= found.allowed ? Verdict::pass : Verdict::undecided;
  return found;
}

}  // namespace

Finding settled(bool holds, bool is_trigger) {
  Finding found;
  found.verdict = holds != is_trigger ? Verdict::pass : Verdict::fail;
  found.fires = is_trigger && holds;
  return found;
}

Finding because(Why why, Verdict verdict) {
  Finding found;
  found.verdict = verdict;
  found.why = static_cast<std::uint8_t>(why);
  return found;
}

bool item_done(const CompiledChecklist& list, std::size_t item, const Scene& scene, std::uint64_t standing) {
  if (list.list->items[item].by_the_change) return true;
  for (const Waiver& waiver : scene.facts.waivers)
    if (waiver.condition == list.subjects[item] && waiver.until > scene.now) return true;
  const bool signed_off = std::ranges::any_of(scene.facts.signatures, [&](const Signature& signature) {
    return signature.subject == list.subjects[item] && (!list.of_phase || signature.at >= scene.state.phase_started_at);
  });
  if (signed_off || !list.ticks[item]) return signed_off;
  const Verdict verdict = judge_any(*list.ticks[item], scene, standing).verdict;
  return verdict == Verdict::pass || verdict == Verdict::not_applicable;
}

Finding judge_act(const Line& line, const Scene& scene, std::uint64_t standing) {
  switch (line.source) {
    case Source::stable: return judge_stable(line, scene);
    case Source::phase_time: return judge_time(line, scene);
    case Source::full_traffic: return judge_full_traffic(line, scene);
    case Source::approval:
    case Source::confirmed: return judge_signatures(line, scene, standing);
    case Source::checklist: return judge_checklist(line, scene, standing);
    case Source::proof: return judge_proof(line, scene);
    case Source::state_proof: return judge_state_proof(line, scene);
    case Source::criteria_met: return judge_criteria_met(scene);
    case Source::targets_met: return judge_targets_met(line, scene, standing);
    default: return {};
  }
}

}  // namespace callramp::rollout
