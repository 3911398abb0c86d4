// What people ask about a rollout, and the plans and evidence that they bring.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/rollout_course.hpp"

namespace callramp::engine {
namespace {

using rollout::Decision;
using rollout::Judgement;
using rollout::Stage;

constexpr int most_decisions = 100;

std::vector<ChecklistItemView> checklists_of(const rollout::Plan& plan, const rollout::RolloutState& state,
                                             const rollout::Facts& facts, const std::vector<std::vector<bool>>& done) {
  std::vector<ChecklistItemView> views;
  for (std::size_t l = 0; l < plan.checklists.size(); ++l) {
    const rollout::Checklist& list = plan.checklists[l];
    const bool of_phase = list.gate != "start" && list.gate != "success";
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const rollout::ChecklistItem& item = list.items[i];
      ChecklistItemView view{.checklist = list.name,
                             .gate = list.gate,
                             .item = item.id,
                             .text = item.text,
                             .done = done[l][i],
                             .by_itself = item.ticks_when.has_value()};
      if (item.ticks_when) view.why = item.ticks_when->text + (view.done ? " holds" : " does not hold yet");
      for (const rollout::Signature& signature : facts.signatures)
        if (signature.subject == list.name + "/" + item.id && !view.by_itself &&
            (!of_phase || signature.at >= state.phase_started_at))
          view.signed_off = signature;
      views.push_back(std::move(view));
    }
  }
  return views;
}

// The arithmetic of one condition, for a person with a calculator.
std::string arithmetic_of(const Judgement& one) {
  std::string text = one.condition.text + ": " + std::string(rollout::to_string(one.verdict));
  if (one.good + one.bad > 0) {
    text += fmt::format(", {:.0f} of {:.0f} good ({:.2f} %, always-valid interval {:.1f} … {:.1f} %)", one.good,
                        one.good + one.bad, 100 * one.estimate, 100 * one.lo, 100 * one.hi);
    if (one.design_effect > 1)
      text += fmt::format(", counted as /{:.2f}: calls that belong together behave alike", one.design_effect);
  }
  if (one.need_pass > 0)
    text += fmt::format("; for a pass: ln e = {:.4f} beyond {:.4g}, needs {:.4f} (e {:.4g} of {:.4g})", one.log_e_pass,
                        one.line_pass, one.need_pass, std::exp(one.log_e_pass), std::exp(one.need_pass));
  if (one.need_fail > 0)
    text += fmt::format("; for a fail: ln e = {:.4f} beyond {:.4g}, needs {:.4f}", one.log_e_fail, one.line_fail,
                        one.need_fail);
  if (one.allowed != 0 || one.used != 0) text += fmt::format("; {:.6g} of {:.6g}", one.used, one.allowed);
  if (one.fires) text += "; fires";
  if (one.freezes) text += "; freezes";
  return text;
}

// The first difference, in words; empty if there is none.
std::string difference(const Decision& stored, Decision again) {
  // Numbers are the store's.
  again.id = stored.id;
  if (again.after.incident && stored.after.incident && again.after.incident->decision == 0)
    again.after.incident->decision = stored.after.incident->decision;
  if (again == stored) return {};
  if (again.action != stored.action)
    return fmt::format("it would be {} and not {}", rollout::to_string(again.action),
                       rollout::to_string(stored.action));
  if (again.rule != stored.rule) return fmt::format("the rule would be {} and not {}", again.rule, stored.rule);
  for (const auto& [name, one, other] : {std::tuple{"criterion", &stored.criteria, &again.criteria},
                                         std::tuple{"trigger", &stored.triggers, &again.triggers}}) {
    if (one->size() != other->size())
      return fmt::format("there would be {} {}s and not {}", other->size(), name, one->size());
    for (std::size_t i = 0; i < one->size(); ++i)
      if (!((*one)[i] == (*other)[i]))
        return fmt::format("{} '{}' comes out otherwise: {}", name, (*one)[i].condition.text,
                           arithmetic_of((*other)[i]));
  }
  if (again.sentence != stored.sentence) return "the sentence would be: " + again.sentence;
  return "the state after it would differ";
}

// Orders that no rule of core/rollout decides: their evidence can be replayed, their words are the person's.
bool is_mark(const std::string& rule) {
  return rule == drill_rule || rule == drill_over_rule || rule == "incident.item" || rule == "plan.changed";
}

// For a feed event; ids of evidence are whatever its source writes.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

void tell_evidence(EventFeed& feed, const std::string& kind, const std::string& external_id,
                   const std::string& status) {
  feed.publish({"evidence", fmt::format(R"({{"kind":{},"externalId":{},"status":{}}})", in_quotes(kind),
                                        in_quotes(external_id), in_quotes(status))});
}

bool needs_reason(const rollout::PlanChange& change) { return change.moves_users || change.changes_test; }

}  // namespace

Awaitable<Result<std::vector<RolloutView>>> RolloutController::list() { return here(all_views()); }
Awaitable<Result<RolloutView>> RolloutController::view(std::string rollout) {
  return here(one_view(std::move(rollout)));
}
Awaitable<Result<PlanReply>> RolloutController::upload(PlanUpload upload, Actor actor) {
  return here(do_upload(std::move(upload), std::move(actor)));
}
Awaitable<Result<Explanation>> RolloutController::explain(std::string rollout, std::int64_t id) {
  return here(do_explain(std::move(rollout), id));
}

Awaitable<Result<std::vector<RolloutView>>> RolloutController::all_views() {
  CO_TRY(records, co_await store_.rollouts());
  std::vector<RolloutView> views;
  for (const RolloutRecord& record : records) {
    CO_TRY(one, co_await one_view(record.name));
    views.push_back(std::move(one));
  }
  co_return views;
}

Awaitable<Result<RolloutView>> RolloutController::one_view(std::string rollout) {
  CO_TRY(found, co_await course(rollout));
  Scene seen{.course = found, .now = clock_.now()};
  seen.facts = co_await collector_.collect(*found->plan, found->record, found->closed_at, found->through, seen.now);
  const rollout::RolloutState& state = seen.state();
  RolloutView view{.plan = found->plan,
                   .state = state,
                   .latest = found->last,
                   .look = found->judge->decide(state, seen.evidence(), seen.now),
                   .checklists = checklists_of(*found->plan, state, seen.facts,
                                               found->judge->items_done(state, seen.evidence(), seen.now)),
                   .receipt = found->receipt};
  if (const auto at = static_cast<std::size_t>(state.phase); at < seen.evidence().run.phases.size())
    view.counts = seen.evidence().run.phases[at];
  view.facts = std::make_shared<const rollout::Facts>(std::move(seen.facts));
  co_return view;
}

Awaitable<Result<PlanReply>> RolloutController::do_upload(PlanUpload upload, Actor actor) {
  auto [plan, problems] = tools_.read_plan(upload.yaml);
  PlanReply reply{.name = plan.name, .hash = plan.hash, .problems = std::move(problems)};
  if (!reply.problems.empty()) co_return reply;
  reply.warnings = rollout::unmeasured(plan);
  const Instant now = clock_.now();
  const PlanText text{.rollout = plan.name,
                      .hash = plan.hash,
                      .yaml = upload.yaml,
                      .at = now,
                      .by = actor.name,
                      .reason = upload.reason};
  const auto known = co_await store_.rollout(plan.name);
  if (known) co_return co_await change_plan(std::move(reply), std::move(upload), std::move(plan), std::move(actor));
  if (known.error().code != ErrorCode::not_found) co_return std::unexpected(known.error());
  reply.created = true;
  if (upload.dry_run) co_return reply;
  CO_TRY_VOID(co_await store_.put_plan(text));
  CO_TRY(record, co_await store_.create(plan.name, rollout::planned(plan, now), actor.name, now));
  (void)record;
  reply.applied = true;
  tell(plan.name, "plan", 0);
  alarm_.ring();
  co_return reply;
}

Awaitable<Result<PlanReply>> RolloutController::change_plan(PlanReply reply, PlanUpload upload, rollout::Plan plan,
                                                            Actor actor) {
  CO_TRY_VOID(co_await hold_lease());
  CO_TRY(seen, co_await scene(reply.name));
  Course& course = *seen.course;
  const rollout::RolloutState state = seen.state();
  if (state.stage == Stage::succeeded)
    co_return fail(ErrorCode::conflict,
                   fmt::format("rollout '{}' has succeeded; a new one needs a new name", reply.name));
  if (plan.hash == state.plan_hash) {
    reply.applied = true;
    co_return reply;
  }
  reply.changes = rollout::compare(*course.plan, plan, static_cast<std::size_t>(state.phase));
  const bool runs = state.run > 0;
  const bool grave = runs && std::ranges::any_of(reply.changes, needs_reason);
  if (runs && static_cast<std::size_t>(state.phase) >= plan.phases.size())
    reply.refusal = fmt::format("phase {} of the running rollout is no longer in the plan", state.phase + 1);
  else if (grave && actor.role < Role::admin)
    reply.refusal = "it moves users who are exposed or changes the running test: that takes an admin and a reason";
  else if (grave && upload.reason.empty())
    reply.refusal = "it moves users who are exposed or changes the running test: say why in `reason`";
  if (!reply.refusal.empty() || upload.dry_run) co_return reply;

  CO_TRY_VOID(co_await store_.put_plan({.rollout = reply.name,
                                        .hash = plan.hash,
                                        .yaml = upload.yaml,
                                        .at = seen.now,
                                        .by = actor.name,
                                        .reason = upload.reason}));
  // The verdicts beside it are the old plan's; the new one's follow at the next look.
  Decision decision = course.judge->decide(state, seen.evidence(), seen.now);
  decision.action = rollout::Action::hold;
  decision.rule = "plan.changed";
  decision.recommended_only = false;
  decision.actor = actor.name;
  decision.person_reason = upload.reason;
  decision.after = state;
  decision.to = decision.from;
  decision.after.plan_hash = plan.hash;
  decision.after.stable_since = seen.now;
  decision.after.stable_reset = "changed plan";
  decision.sentence = fmt::format("New plan {} by {}: {}.", plan.hash.substr(0, 12), actor.name,
                                  reply.changes.empty()
                                      ? std::string("nothing that decides anything changed")
                                      : fmt::format("{} change{}, the first: {}", reply.changes.size(),
                                                    reply.changes.size() == 1 ? "" : "s", reply.changes.front().what));
  const bool voids_test = runs && std::ranges::any_of(reply.changes, &rollout::PlanChange::changes_test);
  if (voids_test && state.stage != Stage::rolled_back) {
    // What was promised of the running test held for its lines alone: a new run begins with nothing counted.
    rollout::RolloutState& after = decision.after;
    ++after.run;
    after.run_started_at = after.phase_started_at = seen.now;
    after.earliest_advance = seen.now + plan.phases[static_cast<std::size_t>(state.phase)].min_duration;
    after.latches.clear();
    after.fired.clear();
    after.lifted.clear();
    after.stable_calls = 0;
    for (rollout::PhaseRecord& record : after.history)
      if (!record.ended_at) record.ended_at = seen.now;
    after.history.push_back({.run = after.run, .phase = after.phase, .started_at = seen.now});
    decision.sentence += " The running test changed: evidence begins at zero.";
  }
  CO_TRY(stored, co_await store(seen, std::move(decision), std::nullopt));
  reply.applied = true;
  tell(reply.name, "plan", stored.id);
  alarm_.ring();
  co_return reply;
}

Awaitable<Result<PlanText>> RolloutController::plan(std::string rollout, std::optional<std::string> hash) {
  if (!hash) {
    CO_TRY(record, co_await store_.rollout(rollout));
    hash = record.state.plan_hash;
  }
  CO_TRY(text, co_await store_.plan(*hash));
  if (text.rollout != rollout) co_return fail(ErrorCode::not_found, fmt::format("'{}' has no plan {}", rollout, *hash));
  co_return text;
}

Awaitable<Result<DecisionPage>> RolloutController::decisions(std::string rollout, std::optional<std::int64_t> before,
                                                             int limit) {
  CO_TRY(record, co_await store_.rollout(rollout));
  limit = std::clamp(limit, 1, most_decisions);
  CO_TRY(stored, co_await store_.decisions(record.name, before, limit + 1));
  DecisionPage page;
  for (StoredDecision& one : stored) {
    if (static_cast<int>(page.decisions.size()) == limit) {
      page.next = page.decisions.back().id;
      break;
    }
    page.decisions.push_back(std::move(one.decision));
  }
  co_return page;
}

Awaitable<Result<Decision>> RolloutController::decision(std::string rollout, std::int64_t id) {
  CO_TRY(stored, co_await store_.decision(id));
  if (stored.decision.rollout != rollout)
    co_return fail(ErrorCode::not_found, fmt::format("'{}' has no decision {}", rollout, id));
  co_return std::move(stored.decision);
}

Awaitable<Result<Explanation>> RolloutController::do_explain(std::string rollout, std::int64_t id) {
  CO_TRY(stored, co_await store_.decision(id));
  const Decision& made = stored.decision;
  if (made.rollout != rollout)
    co_return fail(ErrorCode::not_found, fmt::format("'{}' has no decision {}", rollout, id));
  Explanation explanation{.decision = made};
  for (const auto* list : {&made.criteria, &made.triggers})
    for (const Judgement& one : *list) explanation.arithmetic.push_back(arithmetic_of(one));
  if (made.rollback_need > 0)
    explanation.arithmetic.push_back(fmt::format("all rates against their lines together: ln e = {:.4f}, needs {:.4f}",
                                                 made.rollback_log_e, made.rollback_need));
  const auto& inputs = stored.inputs;
  const auto text = co_await store_.plan(made.plan_hash);
  if (!inputs || !text) {
    explanation.difference = "it cannot be replayed: " +
                             (!text ? text.error().message
                                    : std::string("it changed nothing, and what it was made from is kept for 90 days"));
    co_return explanation;
  }
  auto [plan, problems] = tools_.read_plan(text->yaml);
  if (!problems.empty()) {
    explanation.difference = "it cannot be replayed: this version refuses its plan: " + problems.front().message;
    co_return explanation;
  }
  rollout::Judge judge(plan);
  const rollout::Evidence evidence{inputs->sums, inputs->facts};
  if (inputs->order) {
    auto again = judge.command(made.before, evidence, *inputs->order, made.at);
    explanation.difference =
        again ? difference(made, std::move(*again)) : "the order would be refused: " + again.error().message;
  } else {
    Decision again = judge.decide(made.before, evidence, made.at);
    if (is_mark(made.rule)) {
      again.action = made.action;
      again.rule = made.rule;
      again.sentence = made.sentence;
      again.recommended_only = made.recommended_only;
      again.actor = made.actor;
      again.person_reason = made.person_reason;
      again.after = made.after;
      again.to = made.to;
    }
    explanation.difference = difference(made, std::move(again));
  }
  explanation.replayed_equal = explanation.difference.empty();
  co_return explanation;
}

Awaitable<Result<bool>> RolloutController::add_evidence(ItemReport report) {
  const rollout::EvidenceItem item = report.item;
  CO_TRY(added, co_await store_.add_item(std::move(report)));
  if (added) {
    log_.info("evidence_added", {{"kind", item.kind}, {"severity", item.severity}});
    tell_evidence(feed_, item.kind, item.external_id, item.status.empty() ? "open" : item.status);
    wake();
  }
  co_return added;
}

Awaitable<Result<ItemRecord>> RolloutController::change_evidence(std::string kind, std::string external_id,
                                                                 ItemChange change) {
  CO_TRY(record, co_await store_.change_item(std::move(kind), std::move(external_id), std::move(change)));
  tell_evidence(feed_, record.item.kind, record.item.external_id, record.item.status);
  wake();
  co_return record;
}

Awaitable<Result<std::vector<ItemRecord>>> RolloutController::evidence(ItemFilter filter) {
  co_return co_await store_.items(std::move(filter));
}

}  // namespace callramp::engine
