// The state after a look, and the Judge around it.
#include "core/rollout/decide.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "core/rollout/changes.hpp"
#include "core/rollout/compiled.hpp"

namespace callramp::rollout {
namespace {

constexpr std::array<std::string_view, 6> verdicts{"pass", "fail", "undecided", "no_data", "not_applicable", "waived"};
constexpr std::array<std::string_view, 5> actions{"hold", "advance", "freeze", "roll_back", "complete"};

void remember_latches(const Scene& scene, const Look& look, RolloutState& state) {
  if (&scene.plan.criteria(scene.state) != &scene.phase.criteria) return;
  for (std::size_t i = 0; i < look.criteria.size(); ++i) {
    const Finding& found = look.criteria[i];
    if (!found.latches) continue;
    const Latch latch{.condition = scene.phase.criteria[i].condition.text,
                      .phase = state.phase,
                      .failed = found.verdict == Verdict::fail,
                      .at = scene.now};
    const bool known = std::ranges::any_of(state.latches, [&](const Latch& one) {
      return one.condition == latch.condition && one.phase == latch.phase && one.failed == latch.failed;
    });
    if (!known) state.latches.push_back(latch);
  }
}

void reset_stable(const Scene& scene, std::string reason, RolloutState& state) {
  state.stable_since = scene.now;
  state.stable_reset = std::move(reason);
  state.stable_calls = scene.total.total;
  state.stable_day = scene.facts.today;
}

void note_versions(const Scene& scene, RolloutState& state) {
  const Facts& facts = scene.facts;
  const std::string& plan_hash = scene.plan.plan->hash;
  std::string changed;
  if (state.binary != facts.binary)
    changed = "new version of the program";
  else if (state.configuration != facts.configuration)
    changed = "changed configuration";
  else if (state.plan_hash != plan_hash)
    changed = "changed plan";
  if (changed.empty()) return;
  reset_stable(scene, changed, state);
  state.binary = facts.binary;
  state.configuration = facts.configuration;
  state.plan_hash = plan_hash;
}

void note_stability(const Scene& scene, const Look& look, RolloutState& state) {
  note_versions(scene, state);
  if (look.unstable == state.unstable) return;
  reset_stable(scene, look.unstable.empty() ? "end of: " + state.unstable : std::string(look.unstable), state);
  state.unstable = look.unstable;
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept { return verdicts[static_cast<std::size_t>(verdict)]; }
std::string_view to_string(Action action) noexcept { return actions[static_cast<std::size_t>(action)]; }

void enter_stage(const Scene& scene, Stage stage, std::string reason, RolloutState& state) {
  state.stage = stage;
  state.stage_reason = std::move(reason);
  state.stage_since = scene.now;
}

void close_phase(const Scene& scene, bool passed, bool despite_evidence, RolloutState& state) {
  for (PhaseRecord& record : state.history) {
    if (record.run != state.run || record.phase != state.phase || record.ended_at) continue;
    record.ended_at = scene.now;
    record.passed = passed;
    record.despite_evidence = despite_evidence;
  }
}

void open_phase(const Scene& scene, int phase, RolloutState& state) {
  const Phase& of = scene.plan.plan->phases.at(static_cast<std::size_t>(phase));
  state.phase = phase;
  state.percentage = of.percentage;
  state.phase_started_at = scene.now;
  state.earliest_advance = scene.now + of.min_duration;
  state.watch_until = scene.now + of.watch;
  state.lifted.clear();
  std::erase_if(state.latches, [](const Latch& latch) { return !latch.failed; });
  state.history.push_back({.run = state.run, .phase = phase, .started_at = scene.now});
  reset_stable(scene, "phase " + of.name + " started", state);
  state.unstable.clear();
}

void fall_back(const Scene& scene, bool to_zero, const std::string& cause, RolloutState& state) {
  Percent target;
  const Percent in_force = std::min(state.percentage, scene.facts.percentage);
  if (!to_zero) {
    if (const auto last = last_passed(state, *scene.plan.plan, state.percentage))
      target = scene.plan.plan->phases[static_cast<std::size_t>(*last)].percentage;
  }
  close_phase(scene, false, false, state);
  state.percentage = std::min(target, in_force);
  state.last_rollback_at = scene.now;
  if (!cause.empty() && std::ranges::find(state.fired, cause) == state.fired.end()) state.fired.push_back(cause);
  state.before_hold = Stage::running;
  // A second fall within one incident belongs to it.
  if (state.stage != Stage::rolled_back || !state.incident) {
    Incident incident{.id = scene.plan.plan->name + "-" + std::to_string(state.run), .opened_at = scene.now};
    for (const std::string_view item : incident_items) incident.items.push_back({.name = std::string(item)});
    state.incident = std::move(incident);
  }
  state.stage = Stage::rolled_back;
  state.stage_since = scene.now;
  state.unstable.clear();
  reset_stable(scene, "rollback", state);
}

void apply(const CompiledPlan& plan, const Scene& scene, const Look& look, Decision& into) {
  RolloutState& state = into.after;
  if (is_active(state.stage)) {
    remember_latches(scene, look, state);
    note_stability(scene, look, state);
  }
  const bool acts = plan.plan->mode != Mode::manual;
  into.recommended_only = !acts && look.action != Action::hold;
  switch (look.action) {
    case Action::hold: break;
    case Action::roll_back:
      if (acts)
        fall_back(scene, look.to_zero, scene.phase.triggers[static_cast<std::size_t>(look.by)].condition.text, state);
      return;
    case Action::freeze:
      if (!acts) return;
      if (state.stage != Stage::holding) state.before_hold = state.stage;
      enter_stage(scene, Stage::frozen, {}, state);
      reset_stable(scene, "freeze", state);
      return;
    case Action::advance:
      if (!acts) return;
      close_phase(scene, true, false, state);
      open_phase(scene, state.phase + 1, state);
      return;
    case Action::complete:
      if (!acts) return;
      close_phase(scene, true, false, state);
      enter_stage(scene, Stage::complete, {}, state);
      return;
  }
  if (look.rule == Rule::manual_flags) {
    state.manual_flags = true;
    if (state.stage != Stage::frozen && state.stage != Stage::holding && state.stage != Stage::rolled_back) {
      state.before_hold = state.stage;
      enter_stage(scene, Stage::holding, {}, state);
    }
  } else if (look.rule == Rule::phase_cap) {
    state.before_hold = state.stage;
    enter_stage(scene, Stage::holding, {}, state);
  } else if (look.rule == Rule::watch_begins) {
    enter_stage(scene, Stage::watching, {}, state);
  }
}

Decision bare_decision(const Scene& scene) {
  Decision decision;
  decision.at = scene.now;
  decision.rollout = scene.plan.plan->name;
  decision.run = scene.state.run;
  decision.phase = scene.state.phase;
  decision.before = scene.state;
  decision.after = scene.state;
  decision.from = scene.facts.percentage;
  decision.to = scene.facts.percentage;
  decision.plan_hash = scene.plan.plan->hash;
  decision.flag_version = scene.facts.flag_version;
  decision.rollback_need = scene.plan.need_fail;
  return decision;
}

Percent wanted(const Scene& scene, const Decision& decision) {
  const RolloutState& after = decision.after;
  const Percent in_force = scene.facts.percentage;
  if (after.run == 0 || after.stage == Stage::succeeded) return in_force;
  const bool falls = decision.action == Action::roll_back && after.stage == Stage::rolled_back;
  if (after.manual_flags && !falls) return in_force;
  const bool may_grow =
      after.stage == Stage::running || after.stage == Stage::complete || after.stage == Stage::watching;
  return may_grow ? after.percentage : std::min(after.percentage, in_force);
}

Judge::Judge(const Plan& plan) : compiled_(std::make_unique<CompiledPlan>(plan)) {}
Judge::~Judge() = default;
Judge::Judge(Judge&&) noexcept = default;
Judge& Judge::operator=(Judge&&) noexcept = default;

const Plan& Judge::plan() const noexcept { return *compiled_->plan; }

const Look& Judge::look(const RolloutState& state, const Evidence& evidence, Instant now) {
  look_at(*compiled_, scene_of(*compiled_, state, evidence, now), Depth::gate);
  return compiled_->look;
}

Decision Judge::decide(const RolloutState& state, const Evidence& evidence, Instant now) {
  const Scene scene = scene_of(*compiled_, state, evidence, now);
  look_at(*compiled_, scene, Depth::all);
  const Look& look = compiled_->look;
  Decision decision = bare_decision(scene);
  decision.action = look.action;
  decision.rule = to_string(look.rule);
  decision.rollback_log_e = look.rollback_log_e;
  apply(*compiled_, scene, look, decision);
  decision.to = wanted(scene, decision);
  explain(*compiled_, scene, look, decision);
  return decision;
}

RolloutState Judge::after(const RolloutState& state, const Evidence& evidence, Instant now) {
  const Scene scene = scene_of(*compiled_, state, evidence, now);
  look_at(*compiled_, scene, Depth::all);
  Decision decision = bare_decision(scene);
  apply(*compiled_, scene, compiled_->look, decision);
  return std::move(decision.after);
}

std::string Judge::standing(const RolloutState& state, const Evidence& evidence, Instant now) {
  const Scene scene = scene_of(*compiled_, state, evidence, now);
  look_at(*compiled_, scene, Depth::all);
  return standing_text(fingerprint(scene, compiled_->look));
}

std::vector<std::vector<bool>> Judge::items_done(const RolloutState& state, const Evidence& evidence, Instant now) {
  const Scene scene = scene_of(*compiled_, state, evidence, now);
  look_at(*compiled_, scene, Depth::all);
  const std::uint64_t standing = fingerprint(scene, compiled_->look);
  std::vector<std::vector<bool>> done;
  for (const CompiledChecklist& list : compiled_->checklists) {
    std::vector<bool>& items = done.emplace_back();
    for (std::size_t i = 0; i < list.subjects.size(); ++i) items.push_back(item_done(list, i, scene, standing));
  }
  return done;
}

std::vector<std::string> Judge::criteria(const RolloutState& state) const {
  std::vector<std::string> texts;
  for (const Line& line : compiled_->criteria(state)) texts.push_back(line.condition.text);
  return texts;
}

std::vector<std::string> Judge::triggers(const RolloutState& state) const {
  std::vector<std::string> texts;
  for (const Line& line : compiled_->triggers(state)) texts.push_back(line.condition.text);
  return texts;
}

Decision decide(const Plan& plan, const RolloutState& state, const Evidence& evidence, Instant now) {
  return Judge(plan).decide(state, evidence, now);
}

Result<Decision> command(const Plan& plan, const RolloutState& state, const Evidence& evidence, const Command& order,
                         Instant now) {
  return Judge(plan).command(state, evidence, order, now);
}

bool is_news(const Decision& last, const Decision& next) {
  const auto differ = [](const std::vector<Judgement>& one, const std::vector<Judgement>& other) {
    return !std::ranges::equal(one, other, [](const Judgement& a, const Judgement& b) {
      return a.condition == b.condition && a.verdict == b.verdict && a.fires == b.fires && a.freezes == b.freezes;
    });
  };
  return !(last.after == next.after) || last.action != next.action || last.rule != next.rule ||
         differ(last.criteria, next.criteria) || differ(last.triggers, next.triggers);
}

RolloutState planned(const Plan& plan, Instant now) {
  RolloutState state;
  state.stage_reason = "Planned, not started.";
  state.stage_since = now;
  state.plan_hash = plan.hash;
  return state;
}

}  // namespace callramp::rollout
