// People's orders. Safe directions (hold, extend, roll back) always work while a rollout runs; the others say what they
// need. Every order becomes a decision like any other, with the same evidence beside it.
#include <algorithm>

#include "core/rollout/changes.hpp"
#include "core/rollout/compiled.hpp"
#include "core/rollout/explain.hpp"
#include "core/rollout/words.hpp"

namespace callramp::rollout {
namespace {

constexpr int least_extension = 3;  // days, as the document says
constexpr int most_extension = 7;

struct Order {
  const CompiledPlan& plan;
  const Scene& scene;
  const Look& look;
  const Command& command;
};

std::unexpected<Error> refused(const Order& order, const std::string& why) {
  return fail(ErrorCode::conflict, "rollout '" + order.plan.plan->name + "' is " +
                                       std::string(to_string(order.scene.state.stage)) + ": " + why);
}

bool is_met(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::not_applicable || verdict == Verdict::waived;
}

// Texts of what keeps the gate closed. The order itself stands for the approval of mode guarded.
std::vector<std::string> closed_by(const Order& order) {
  std::vector<std::string> names;
  const std::vector<Line>& lines = order.plan.criteria(order.scene.state);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!is_met(order.look.criteria[i].verdict) && lines[i].condition.metric != "approval")
      names.push_back(lines[i].condition.text);
  return names;
}

void take_versions(const Order& order, RolloutState& state) {
  state.binary = order.scene.facts.binary;
  state.configuration = order.scene.facts.configuration;
  state.plan_hash = order.plan.plan->hash;
}

void begin_run(const Order& order, int phase, RolloutState& state) {
  ++state.run;
  state.run_started_at = order.scene.now;
  state.latches.clear();
  state.fired.clear();
  state.manual_flags = false;
  state.before_hold = Stage::running;
  state.incident.reset();
  take_versions(order, state);
  open_phase(order.scene, phase, state);
  // A new run has counted nothing yet.
  state.stable_calls = 0;
  enter_stage(order.scene, Stage::running, {}, state);
}

Status start(const Order& order, Decision& into) {
  if (order.scene.state.stage != Stage::planned) return refused(order, "it was started already; see `rollout status`");
  const auto open = closed_by(order);
  if (!open.empty() && !order.command.despite_evidence)
    return refused(order, "it cannot start before " + joined(open) + " hold; tick their items first");
  begin_run(order, 0, into.after);
  into.action = Action::advance;
  into.sentence = "Started " + order.plan.plan->phases.front().name + " at " + percentage(into.after.percentage) + ".";
  if (!order.scene.facts.aa.run)
    into.sentence += " No A/A comparison was made before: new against old may freeze, and not roll back.";
  return {};
}

Status advance(const Order& order, Decision& into) {
  const RolloutState& state = order.scene.state;
  if (state.stage != Stage::running && state.stage != Stage::holding && state.stage != Stage::frozen)
    return refused(order, "only a running rollout advances");
  const bool last = static_cast<std::size_t>(state.phase) + 1 == order.plan.phases.size();
  if (!order.scene.facts.calls_enabled) return refused(order, "outbound calls are switched off; enable them first");
  if (state.manual_flags)
    return refused(order, "the flags were changed by hand; `rollout resume` first takes them over");
  const auto open = closed_by(order);
  const bool stopped =
      order.look.action == Action::freeze || order.look.action == Action::roll_back || state.stage != Stage::running;
  if (!order.command.despite_evidence) {
    if (!open.empty())
      return refused(order, "its gate is closed by " + joined(open) + "; an admin may advance despite the evidence");
    if (stopped)
      return refused(order, "it does not grow now (" + std::string(to_string(order.look.rule)) + "); resume it first");
  }
  const bool forced = !open.empty() || stopped;
  close_phase(order.scene, true, forced, into.after);
  const std::string from = order.plan.plan->phases[static_cast<std::size_t>(state.phase)].name;
  if (last) {
    enter_stage(order.scene, Stage::complete, {}, into.after);
    into.action = Action::complete;
    into.sentence = "Complete: " + from + " passed at " + percentage(into.after.percentage) + ".";
  } else {
    open_phase(order.scene, state.phase + 1, into.after);
    enter_stage(order.scene, Stage::running, {}, into.after);
    into.action = Action::advance;
    into.sentence = "Advanced from " + from + " to " +
                    order.plan.plan->phases[static_cast<std::size_t>(into.after.phase)].name + ".";
  }
  into.after.before_hold = Stage::running;
  if (forced && !open.empty()) into.sentence += " Despite the evidence: " + joined(open) + " did not hold.";
  return {};
}

Status hold(const Order& order, Decision& into) {
  const Stage stage = order.scene.state.stage;
  if (stage != Stage::running && stage != Stage::complete && stage != Stage::watching)
    return refused(order, "it does not grow anyway");
  into.after.before_hold = stage;
  enter_stage(order.scene, Stage::holding, {}, into.after);
  into.sentence = "Holding at " + percentage(order.scene.facts.percentage) + ".";
  return {};
}

Status extend(const Order& order, Decision& into) {
  const RolloutState& state = order.scene.state;
  if (state.stage != Stage::running && state.stage != Stage::holding && state.stage != Stage::frozen)
    return refused(order, "only a running phase can be extended");
  const Duration day = order.plan.plan->pace.day;
  if (!order.command.by || *order.command.by < least_extension * day || *order.command.by > most_extension * day)
    return fail(ErrorCode::invalid_request, "a phase is extended by 3 to 7 days: `rollout extend 3d`", "by");
  into.after.earliest_advance = std::max(state.earliest_advance, order.scene.now) + *order.command.by;
  // What was held because its time was over has time again.
  std::erase(into.after.lifted, std::string("phase_cap"));
  into.sentence = "Extended " + order.plan.plan->phases[static_cast<std::size_t>(state.phase)].name + " by " +
                  spoken(*order.command.by) + ": not before " + moment(into.after.earliest_advance) + ".";
  return {};
}

bool incident_closed(const Order& order, const IncidentItem& item) {
  if (!item.by.empty()) return true;
  return std::ranges::any_of(order.scene.facts.waivers, [&](const Waiver& waiver) {
    return (waiver.condition == "incident" || waiver.condition == "incident/" + item.name) &&
           waiver.until > order.scene.now;
  });
}

Status resume_after_rollback(const Order& order, Decision& into) {
  const RolloutState& state = order.scene.state;
  std::vector<std::string> open;
  if (state.incident)
    for (const IncidentItem& item : state.incident->items)
      if (!incident_closed(order, item)) open.push_back(item.name);
  if (!open.empty())
    return refused(order,
                   "its incident still needs " + joined(open) + "; close them, or waive \"incident\" as an admin");
  const int phase = phase_to_resume(state, *order.plan.plan);
  begin_run(order, phase, into.after);
  into.action = Action::advance;
  into.sentence = "Resumed as run " + std::to_string(into.after.run) + " in " +
                  order.plan.plan->phases[static_cast<std::size_t>(phase)].name + " at " +
                  percentage(into.after.percentage) +
                  ", with no evidence yet and its full time before it. The same users come first.";
  return {};
}

Status resume(const Order& order, Decision& into) {
  const RolloutState& state = order.scene.state;
  if (state.stage == Stage::rolled_back) return resume_after_rollback(order, into);
  if (state.stage != Stage::holding && state.stage != Stage::frozen && !state.manual_flags)
    return refused(order, "there is nothing to resume");
  enter_stage(order.scene, state.before_hold, {}, into.after);
  into.after.before_hold = Stage::running;
  into.after.manual_flags = false;
  if (order.scene.now >= state.phase_started_at + order.plan.plan->decide.phase_cap)
    into.after.lifted.push_back("phase_cap");
  // What freezes now is lifted for this phase: the same evidence does not freeze twice.
  for (std::string& key : standing_freezes(order.scene, order.look)) into.after.lifted.push_back(std::move(key));
  into.sentence = "Resumed at " + percentage(into.after.percentage) + ".";
  if (!into.after.lifted.empty()) into.sentence += " Lifted in this phase: " + joined(into.after.lifted) + ".";
  return {};
}

Status roll_back(const Order& order, Decision& into) {
  const Stage stage = order.scene.state.stage;
  if (!is_active(stage) && stage != Stage::rolled_back) return refused(order, "nothing of it is on new");
  fall_back(order.scene, order.command.target == Target::zero, {}, into.after);
  into.action = Action::roll_back;
  into.sentence = "Rolled back by order.";
  return {};
}

Status declare(const Order& order, Decision& into) {
  if (order.scene.state.stage != Stage::watching) return refused(order, "success is declared after watching");
  const auto open = closed_by(order);
  if (!open.empty() && !order.command.despite_evidence)
    return refused(order, "its conditions of success are not all met: " + joined(open));
  enter_stage(order.scene, Stage::succeeded, {}, into.after);
  into.action = Action::complete;
  into.sentence = "Succeeded: " + (open.empty() ? std::string("all conditions of success hold.")
                                                : "declared although " + joined(open) + " did not hold.");
  return {};
}

Status decommission(const Order& order, Decision& into) {
  const Stage stage = order.scene.state.stage;
  if (stage != Stage::complete && stage != Stage::watching && stage != Stage::succeeded)
    return refused(order, "the old system is the way back until 100 % is complete");
  if (order.scene.state.old_decommissioned) return refused(order, "the old system was decommissioned already");
  into.after.old_decommissioned = true;
  into.sentence =
      "The old system is decommissioned. These ways back are gone: a rollback or the kill switch now holds calls until "
      "they "
      "expire instead of sending them to old.";
  return {};
}

Status carry_out(const Order& order, Decision& into) {
  switch (order.command.kind) {
    case CommandKind::start: return start(order, into);
    case CommandKind::advance: return advance(order, into);
    case CommandKind::complete:
      if (static_cast<std::size_t>(order.scene.state.phase) + 1 != order.plan.phases.size())
        return refused(order, "it is not in its last phase; `rollout advance` leads there");
      return advance(order, into);
    case CommandKind::hold: return hold(order, into);
    case CommandKind::extend: return extend(order, into);
    case CommandKind::resume: return resume(order, into);
    case CommandKind::rollback: return roll_back(order, into);
    case CommandKind::declare: return declare(order, into);
    case CommandKind::decommission_old: return decommission(order, into);
  }
  return {};
}

}  // namespace

Result<Decision> Judge::command(const RolloutState& state, const Evidence& evidence, const Command& order,
                                Instant now) {
  if (order.reason.empty()) return fail(ErrorCode::invalid_request, "an order needs a reason", "reason");
  const Scene scene = scene_of(*compiled_, state, evidence, now);
  look_at(*compiled_, scene, Depth::all);
  Decision decision = bare_decision(scene);
  decision.rule = "command." + std::string(to_string(order.kind));
  decision.actor = order.actor;
  decision.person_reason = order.reason;
  decision.rollback_log_e = compiled_->look.rollback_log_e;
  judge_in_words(*compiled_, scene, compiled_->look, decision);
  const Order whole{.plan = *compiled_, .scene = scene, .look = compiled_->look, .command = order};
  TRY_VOID(carry_out(whole, decision));
  decision.to = wanted(scene, decision);
  if (decision.action != Action::hold && decision.from != decision.to)
    decision.sentence += " " + percentage(decision.from) + " becomes " + percentage(decision.to) + ".";
  decision.sentence += " Ordered by " + order.actor + ": " + order.reason + ".";
  if (decision.action == Action::roll_back)
    decision.after.stage_reason = "It was ordered by " + order.actor + ": " + order.reason + ".";
  else if (decision.after.stage != decision.before.stage)
    decision.after.stage_reason = decision.sentence;
  decision.who_may_override = "an operator may hold or lower the percentage at any time";
  return decision;
}

}  // namespace callramp::rollout
