// What people do to a rollout: commands, drills, signatures. Each is judged against the evidence of this moment and
// stored with who and why; none of them needs a source outside to answer.
#include <fmt/format.h>

#include <algorithm>

#include "engine/receipt.hpp"
#include "engine/rollout_course.hpp"

namespace callramp::engine {
namespace {

using rollout::Action;
using rollout::Condition;
using rollout::Decision;
using rollout::Stage;

constexpr int order_tries = 3;                        // the flags may change between looking and storing
constexpr const char* approval_subject = "approval";  // the gate of mode guarded

std::unexpected<Error> unknown(std::string_view what, std::string_view name, const std::string& known) {
  return fail(ErrorCode::not_found, fmt::format("there is no {} '{}'; there is {}", what, name, known));
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

bool is_about(const Condition& condition, std::string_view text) {
  return condition.text == text || rollout::subject(condition) == text;
}

// "approved_by(any)" of a checklist's item: every approver's word will do, as in mode guarded.
bool is_item_for_anybody(const rollout::Plan& plan, std::string_view text) {
  for (const rollout::Checklist& list : plan.checklists)
    for (const rollout::ChecklistItem& item : list.items)
      if (item.ticks_when && item.ticks_when->metric == "approved_by" && is_about(*item.ticks_when, text) &&
          item.ticks_when->arguments.at(0).name == "any")
        return true;
  return false;
}

// The criterion, among those of all phases and of success, that `wanted` accepts.
template <class Wanted>
const Condition* find_criterion(const rollout::Plan& plan, Wanted wanted) {
  for (const rollout::Phase& phase : plan.phases)
    for (const Condition& condition : phase.advance_when)
      if (wanted(condition)) return &condition;
  for (const rollout::Aim& aim : plan.aims)
    if (aim.condition && wanted(*aim.condition)) return &*aim.condition;
  return nullptr;
}

bool is_trigger(const rollout::Plan& plan, std::string_view text) {
  return std::ranges::any_of(plan.phases, [&](const rollout::Phase& phase) {
    return std::ranges::any_of(phase.roll_back_when,
                               [&](const rollout::Trigger& one) { return one.condition.text == text; });
  });
}

}  // namespace

Awaitable<Result<Decision>> RolloutController::command(std::string rollout, rollout::Command order, Actor actor) {
  return here(obey(std::move(rollout), std::move(order), std::move(actor)));
}
Awaitable<Result<Decision>> RolloutController::preview(std::string rollout, rollout::Command order, Actor actor) {
  return here(do_preview(std::move(rollout), std::move(order), std::move(actor)));
}
Awaitable<Result<Switching>> RolloutController::switching(Percent from, Percent to) {
  return store_.switching(from, to, clock_.now());
}
Awaitable<Result<Receipt>> RolloutController::drill(std::string rollout, std::string reason, Actor actor) {
  return here(do_drill(std::move(rollout), std::move(reason), std::move(actor)));
}
Awaitable<Result<rollout::Waiver>> RolloutController::waive(std::string rollout, std::string condition,
                                                            std::string reason, Instant until, Actor actor) {
  return here(do_waive(
      std::move(rollout),
      {.condition = std::move(condition), .by = std::move(actor.name), .reason = std::move(reason), .until = until}));
}
Awaitable<Result<rollout::Signature>> RolloutController::approve(SignOff by, std::string criterion,
                                                                 std::int64_t decision) {
  return here(do_approve(std::move(by), std::move(criterion), decision));
}
Awaitable<Result<ChecklistItemView>> RolloutController::check(SignOff by, std::string checklist, std::string item,
                                                              bool done) {
  return here(do_check(std::move(by), std::move(checklist), std::move(item), done));
}
Awaitable<Result<rollout::Signature>> RolloutController::confirm(SignOff by, std::string name) {
  return here(do_confirm(std::move(by), std::move(name)));
}
Awaitable<Result<rollout::Incident>> RolloutController::close_incident_item(SignOff by, std::string item) {
  return here(do_close_item(std::move(by), std::move(item)));
}

Awaitable<Result<Decision>> RolloutController::obey(std::string rollout, rollout::Command order, Actor actor) {
  order.actor = actor.name;
  for (int tries = 1;; ++tries) {
    CO_TRY_VOID(co_await hold_lease());
    if (order.kind == rollout::CommandKind::start)
      if (const auto known = courses_.find(rollout); known != courses_.end()) known->second->compared_at.reset();
    CO_TRY(seen, co_await scene(rollout));
    CO_TRY(decision, seen.course->judge->command(seen.state(), seen.evidence(), order, seen.now));
    auto stored = co_await store(seen, std::move(decision), order);
    if (stored || tries == order_tries ||
        (stored.error().code != ErrorCode::conflict && stored.error().code != ErrorCode::precondition_failed))
      co_return stored;
  }
}

Awaitable<Result<Decision>> RolloutController::do_preview(std::string rollout, rollout::Command order, Actor actor) {
  order.actor = actor.name;
  CO_TRY_VOID(co_await hold_lease());
  CO_TRY(seen, co_await scene(rollout));
  co_return seen.course->judge->command(seen.state(), seen.evidence(), order, seen.now);
}

Awaitable<Result<Receipt>> RolloutController::do_drill(std::string rollout, std::string reason, Actor actor) {
  CO_TRY_VOID(co_await hold_lease());
  CO_TRY(seen, co_await scene(rollout));
  Course& course = *seen.course;
  const rollout::RolloutState& state = seen.state();
  if (!seen.facts.calls_enabled)
    co_return fail(ErrorCode::conflict, "outbound calls are switched off: there is nothing to drill");
  if (state.manual_flags)
    co_return fail(ErrorCode::conflict, "the flags were changed by hand; a drill would restore what nobody set");
  if (state.old_decommissioned)
    co_return fail(ErrorCode::conflict, "the old system is decommissioned: there is no way back to drill");
  Decision zero = course.judge->decide(state, seen.evidence(), seen.now);
  zero.action = Action::hold;
  zero.rule = drill_rule;
  zero.sentence = fmt::format("Drill by {}: everything goes to old until the last dial on new is over.", actor.name);
  zero.recommended_only = false;
  zero.actor = actor.name;
  zero.person_reason = reason;
  zero.after = zero.before;
  zero.to = Percent{};
  // Both ways back at once: the percentage and the kill switch.
  const FlagPatch off{.outbound_calls_enabled = false, .outbound_calls_percentage = Percent{}};
  CO_TRY(drilled, co_await store(seen, std::move(zero), std::nullopt, off));
  const std::optional<Receipt> receipt = course.receipt;
  CO_TRY(restored, co_await restore(course, actor.name, reason));
  if (!receipt)
    co_return fail(ErrorCode::unavailable, "the drill was made and restored, but nobody could confirm its end");
  const bool passed = receipt->nodes_confirmed == receipt->nodes &&
                      (!receipt->last_new_dial || *receipt->last_new_dial <= receipt->since);
  for (const char* what : {"drill:kill_switch", "drill:rollback"})
    CO_TRY_VOID(
        co_await store_.add_proof({.name = what, .at = drilled.at, .version = config_.version, .passed = passed}));
  alarm_.ring();
  if (restored.action == Action::roll_back)
    co_return fail(ErrorCode::conflict, "the drill was made, and nothing was restored after it: " + restored.sentence);
  co_return *receipt;
}

// What was in force before the drill stands in the drill's decision.
Awaitable<Result<Decision>> RolloutController::restore(Course& course, std::string actor, std::string reason) {
  const Decision drilled = *course.last;
  CO_TRY(seen, co_await scene(course.name));
  Decision back = seen.course->judge->decide(seen.state(), seen.evidence(), seen.now);
  if (back.action == Action::roll_back && !back.recommended_only) {
    // Meanwhile there is reason not to: the way back is the drill's end. Outbound calls go on, on old.
    const FlagPatch down{.outbound_calls_enabled = true, .outbound_calls_percentage = back.to};
    co_return co_await store(seen, std::move(back), std::nullopt, down);
  }
  back.action = Action::hold;
  back.recommended_only = false;
  back.rule = drill_over_rule;
  back.sentence = fmt::format("Drill over: {} % on new as before.", to_string(drilled.from));
  back.actor = std::move(actor);
  back.person_reason = std::move(reason);
  back.after = back.before;
  back.to = drilled.from;
  const FlagPatch on{.outbound_calls_enabled = true, .outbound_calls_percentage = drilled.from};
  co_return co_await store(seen, std::move(back), std::nullopt, on);
}

// A program that stopped in the middle of a drill finishes it: its order was to restore.
Awaitable<void> RolloutController::finish_drill(Course& course) {
  const Decision drilled = *course.last;
  // A refused commit forgets the course.
  const std::string name = course.name;
  if (const auto restored = co_await restore(course, drilled.actor, drilled.person_reason); !restored)
    log_.error("drill_not_restored", {{"rollout", name}, {"error", restored.error().message}});
}

Awaitable<Result<rollout::Waiver>> RolloutController::do_waive(std::string rollout, rollout::Waiver waiver) {
  CO_TRY(found, co_await course(rollout));
  const rollout::Plan& plan = *found->plan;
  if (waiver.reason.empty()) co_return fail(ErrorCode::invalid_request, "a waiver needs a reason", "reason");
  if (waiver.until <= clock_.now())
    co_return fail(ErrorCode::invalid_request, "until " + to_iso(waiver.until) + " has passed", "until");
  const auto named = [&](const Condition& condition) { return condition.text == waiver.condition; };
  bool known = find_criterion(plan, named) != nullptr;
  std::vector<std::string> texts = found->judge->criteria(found->record.state);
  known = known || is_among(texts, waiver.condition);
  for (const rollout::Checklist& list : plan.checklists)
    for (const rollout::ChecklistItem& item : list.items)
      known = known || list.name + "/" + item.id == waiver.condition;
  // Without its incident's items a rollout resumes, too, if an admin answers for it.
  known = known || waiver.condition == "incident";
  for (const std::string_view item : rollout::incident_items)
    known = known || waiver.condition == fmt::format("incident/{}", item);
  if (!known && is_trigger(plan, waiver.condition))
    co_return fail(
        ErrorCode::conflict,
        fmt::format("'{}' is a trigger; a trigger is never waived, only the plan can change it", waiver.condition));
  if (!known) co_return unknown("criterion", waiver.condition, listed(texts));
  CO_TRY_VOID(co_await store_.waive(rollout, waiver, clock_.now()));
  tell(rollout, "waiver", 0);
  alarm_.ring();
  co_return waiver;
}

Awaitable<Result<rollout::Signature>> RolloutController::sign(Scene& scene, SignOff by, std::string subject,
                                                              std::int64_t decision, std::string standing) {
  rollout::Signature signature{.subject = std::move(subject),
                               .by = by.actor.name,
                               .note = std::move(by.note),
                               .link = std::move(by.link),
                               .at = scene.now,
                               .decision = decision,
                               .standing = std::move(standing)};
  const rollout::RolloutState& state = scene.state();
  CO_TRY_VOID(co_await store_.sign(
      {.rollout = scene.course->name, .run = state.run, .phase = state.phase, .signature = signature}));
  tell(scene.course->name, "signature", decision);
  alarm_.ring();
  co_return signature;
}

Awaitable<Result<rollout::Signature>> RolloutController::do_approve(SignOff by, std::string criterion,
                                                                    std::int64_t decision) {
  CO_TRY(seen, co_await scene(by.rollout));
  const rollout::Plan& plan = *seen.course->plan;
  std::string subject = approval_subject;
  if (criterion != approval_subject && !is_item_for_anybody(plan, criterion)) {
    const Condition* const found = find_criterion(plan, [&](const Condition& condition) {
      return condition.metric == "approved_by" && is_about(condition, criterion);
    });
    if (found == nullptr) {
      std::vector<std::string> known{approval_subject};
      (void)find_criterion(plan, [&](const Condition& condition) {
        if (condition.metric == "approved_by" && !is_among(known, condition.text)) known.push_back(condition.text);
        return false;
      });
      co_return unknown("approval", criterion, listed(known));
    }
    subject = found->text;
    const auto role = std::ranges::find(plan.approvers, found->arguments.at(0).name, &rollout::Approvers::role);
    if (role == plan.approvers.end() || !is_among(role->tokens, by.actor.name))
      co_return fail(ErrorCode::forbidden,
                     fmt::format("token '{}' is none of the approvers of {}: {}", by.actor.name, found->text,
                                 role == plan.approvers.end() ? "the plan names none" : listed(role->tokens)));
  }
  const std::int64_t newest = seen.course->record.last_decision.value_or(0);
  if (decision != newest)
    co_return fail(ErrorCode::conflict,
                   fmt::format("decision {} is not the newest one, {}; look at that one first", decision, newest));
  std::string standing = seen.course->judge->standing(seen.state(), seen.evidence(), seen.now);
  co_return co_await sign(seen, std::move(by), std::move(subject), decision, std::move(standing));
}

Awaitable<Result<ChecklistItemView>> RolloutController::do_check(SignOff by, std::string checklist, std::string item,
                                                                 bool done) {
  CO_TRY(seen, co_await scene(by.rollout));
  const rollout::Plan& plan = *seen.course->plan;
  const auto list = std::ranges::find(plan.checklists, checklist, &rollout::Checklist::name);
  if (list == plan.checklists.end()) {
    std::vector<std::string> names;
    for (const rollout::Checklist& one : plan.checklists) names.push_back(one.name);
    co_return unknown("checklist", checklist, listed(names));
  }
  const auto found = std::ranges::find(list->items, item, &rollout::ChecklistItem::id);
  if (found == list->items.end()) {
    std::vector<std::string> ids;
    for (const rollout::ChecklistItem& one : list->items) ids.push_back(one.id);
    co_return unknown("item", checklist + "/" + item, listed(ids));
  }
  if (found->ticks_when)
    co_return fail(ErrorCode::conflict, fmt::format("'{}/{}' ticks itself while {} holds; nobody ticks it by hand",
                                                    checklist, item, found->ticks_when->text));
  ChecklistItemView view{.checklist = checklist, .gate = list->gate, .item = item, .text = found->text, .done = done};
  const std::string subject = checklist + "/" + item;
  if (done) {
    CO_TRY(signature, co_await sign(seen, std::move(by), subject, seen.course->record.last_decision.value_or(0), {}));
    view.signed_off = std::move(signature);
    co_return view;
  }
  const rollout::RolloutState& state = seen.state();
  CO_TRY_VOID(co_await store_.unsign(by.rollout, state.run, state.phase, subject, {}, by.actor.name, seen.now));
  tell(by.rollout, "signature", 0);
  alarm_.ring();
  co_return view;
}

Awaitable<Result<rollout::Signature>> RolloutController::do_confirm(SignOff by, std::string name) {
  CO_TRY(seen, co_await scene(by.rollout));
  const rollout::Plan& plan = *seen.course->plan;
  const auto names_it = [&](const Condition& condition) {
    return condition.metric == "confirmed" && !condition.arguments.empty() && condition.arguments[0].name == name;
  };
  const Condition* found = find_criterion(plan, names_it);
  for (const rollout::Checklist& list : plan.checklists)
    for (const rollout::ChecklistItem& item : list.items)
      if (found == nullptr && item.ticks_when && names_it(*item.ticks_when)) found = &*item.ticks_when;
  std::string subject = found != nullptr ? found->text : std::string{};
  // Words of the plan's aims that no metric measures are given by name, too.
  if (found == nullptr)
    for (const std::string& text : seen.course->judge->criteria(seen.state()))
      if (text == "confirmed(" + name + ")") subject = text;
  if (subject.empty()) co_return unknown("confirmation", name, "what the plan's confirmed(…) names");
  co_return co_await sign(seen, std::move(by), std::move(subject), seen.course->record.last_decision.value_or(0), {});
}

Awaitable<Result<rollout::Incident>> RolloutController::do_close_item(SignOff by, std::string item) {
  CO_TRY_VOID(co_await hold_lease());
  CO_TRY(seen, co_await scene(by.rollout));
  const rollout::RolloutState& state = seen.state();
  if (state.stage != Stage::rolled_back || !state.incident)
    co_return fail(ErrorCode::conflict, fmt::format("'{}' has no open incident", by.rollout));
  Decision decision = seen.course->judge->decide(state, seen.evidence(), seen.now);
  if (decision.action != Action::hold)
    co_return fail(ErrorCode::conflict, "something else is to be decided first: " + decision.sentence);
  decision.after = decision.before;
  decision.to = decision.from;
  auto& items = decision.after.incident->items;
  const auto found = std::ranges::find(items, item, &rollout::IncidentItem::name);
  if (found == items.end()) {
    std::vector<std::string> names;
    for (const rollout::IncidentItem& one : items) names.push_back(one.name);
    co_return unknown("item of the incident", item, listed(names));
  }
  found->by = by.actor.name;
  found->note = by.note.empty() ? by.link : by.note;
  found->at = seen.now;
  const auto open = std::ranges::count_if(items, [](const rollout::IncidentItem& one) { return one.by.empty(); });
  decision.rule = "incident.item";
  decision.sentence = fmt::format("Incident {}: {} closed by {}; {} of {} items are open.", decision.after.incident->id,
                                  item, by.actor.name, open, items.size());
  decision.actor = by.actor.name;
  decision.person_reason = found->note;
  CO_TRY(stored, co_await store(seen, std::move(decision), std::nullopt));
  tell(by.rollout, "incident", stored.id);
  co_return *stored.after.incident;
}

}  // namespace callramp::engine
