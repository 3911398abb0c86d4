// FakeRollouts: one rollout in the middle of its first phase, as a value that a test may change; what was ordered of it
// is kept. Refuses what it is told to refuse.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/rollout_service.hpp"

namespace callramp::api {

inline rollout::Condition condition_of(std::string_view text) { return rollout::parse_condition(text).value(); }

/// Week 1 at 5 %, three days old; the success rate is undecided, an approval and a checklist's item are owed.
inline engine::RolloutView view_of_week_1(Instant now) {
  const std::chrono::days day{1};
  auto plan = std::make_shared<rollout::Plan>();
  plan->name = "outbound-calls";
  plan->approvers = {{.role = "stakeholder", .tokens = {"asha", "rahul"}}};
  plan->phases.resize(2);
  plan->phases[0].name = "week-1";
  plan->phases[0].percentage = Percent::parse("5").value();
  plan->phases[0].min_duration = 7 * day;
  plan->phases[0].expected_volume = rollout::Volume{50, 100};
  plan->phases[1].name = "week-2";
  plan->phases[1].percentage = Percent::parse("10").value();
  plan->checklists = {{.name = "phase-end", .gate = "phase-end", .items = {{.id = "metrics", .text = "Reviewed"}}}};
  plan->hash = "ab12";

  engine::RolloutView view;
  view.plan = plan;
  view.state.stage = rollout::Stage::running;
  view.state.run = 1;
  view.state.percentage = plan->phases[0].percentage;
  view.state.run_started_at = view.state.phase_started_at = now - 3 * day;
  view.state.earliest_advance = now + 4 * day;
  view.state.watch_until = now - 2 * day;
  view.state.stable_since = now - hours{20};
  view.state.stable_reset = "new binary 1.4.2";
  view.state.history = {{.run = 1, .phase = 0, .started_at = now - 3 * day, .ended_at = {}}};

  rollout::Decision& look = view.look;
  look.at = now;
  look.rollout = plan->name;
  look.run = 1;
  look.sentence = "Success rate: undecided.";
  rollout::Judgement rate;
  rate.condition = condition_of("call_success_rate > 70%");
  rate.verdict = rollout::Verdict::undecided;
  rate.good = 152;
  rate.bad = 62;
  rate.estimate = 0.71;
  rate.lo = 0.611;
  rate.hi = 0.799;
  rate.line_pass = 0.65;
  rate.forecast = rollout::Forecast{.q10 = 53, .q50 = 185, .q90 = -1, .p_never = 0.36, .horizon = 311};
  rollout::Judgement stable;
  stable.condition = condition_of("stable_for >= 48h");
  stable.kind = rollout::Kind::clock;
  stable.verdict = rollout::Verdict::undecided;
  stable.until = now + hours{28};
  rollout::Judgement approval;
  approval.condition = condition_of("approved_by(stakeholder)");
  approval.kind = rollout::Kind::person;
  approval.verdict = rollout::Verdict::undecided;
  approval.reason = "Nobody has approved.";
  look.criteria = {rate, stable, approval};
  rollout::Judgement p1;
  p1.condition = condition_of("open_bugs(P1) >= 1");
  p1.kind = rollout::Kind::latch;
  p1.is_trigger = true;
  p1.target = rollout::Target::zero;
  p1.verdict = rollout::Verdict::undecided;
  look.triggers = {p1};
  look.from = look.to = view.state.percentage;
  look.before = look.after = view.state;
  view.latest = look;
  view.latest->id = 41;

  view.counts.calls = {.total = 214, .completed = 131, .voicemail_left = 21, .failed = 18};
  view.counts.first.total = 214;
  view.counts.first_old.total = 4066;
  view.counts.last_closed = now - minutes{20};
  auto facts = std::make_shared<rollout::Facts>();
  facts->open_calls = 5;
  facts->pending_calls = 1;
  facts->percentage = view.state.percentage;
  facts->flag_version = 12;
  view.facts = facts;
  view.checklists = {{.checklist = "phase-end",
                      .gate = "phase-end",
                      .item = "metrics",
                      .text = "Reviewed",
                      .done = false,
                      .by_itself = false,
                      .why = {},
                      .signed_off = {}}};
  return view;
}

class FakeRollouts final : public engine::RolloutService {
 public:
  template <class T>
  using Answer = Awaitable<Result<T>>;

  explicit FakeRollouts(Instant now) : now_(now), current(view_of_week_1(now)) {}

 private:
  Instant now_;

 public:
  engine::RolloutView current;
  engine::PlanReply reply{.name = "outbound-calls", .hash = "ab12", .created = true, .applied = true};
  std::optional<Error> refusal;  ///< of whatever is asked next
  std::vector<std::string> asked;
  std::optional<rollout::Command> ordered;
  std::map<std::pair<std::string, std::string>, ItemRecord> items;

  Answer<std::vector<engine::RolloutView>> list() override { co_return std::vector{current}; }
  Answer<engine::RolloutView> view(std::string name) override {
    CO_TRY_VOID(known(name));
    co_return current;
  }
  Answer<engine::PlanReply> upload(engine::PlanUpload upload, Actor actor) override {
    note("upload " + std::to_string(upload.yaml.size()) + " " + upload.file_name + " " + upload.reason +
         (upload.dry_run ? " dry " : " ") + actor.name);
    CO_TRY_VOID(refused());
    co_return reply;
  }
  Answer<PlanText> plan(std::string name, std::optional<std::string> hash) override {
    CO_TRY_VOID(known(name));
    co_return PlanText{.rollout = name,
                       .hash = hash.value_or("ab12"),
                       .yaml = "rollout: outbound-calls\n",
                       .at = now_,
                       .by = "admin",
                       .reason = ""};
  }
  Answer<rollout::Decision> command(std::string name, rollout::Command order, Actor) override {
    CO_TRY_VOID(known(name));
    ordered = order;
    rollout::Decision decision = *current.latest;
    decision.id = 42;
    decision.rule = "command." + std::string(to_string(order.kind));
    decision.actor = order.actor;
    decision.person_reason = order.reason;
    co_return decision;
  }
  Answer<rollout::Decision> preview(std::string name, rollout::Command order, Actor actor) override {
    auto decision = co_await command(std::move(name), std::move(order), std::move(actor));
    if (decision) decision->id = 0;
    co_return decision;
  }
  Answer<Switching> switching(Percent, Percent) override { co_return Switching{.users = 312, .open = 14}; }
  Answer<engine::Receipt> drill(std::string name, std::string reason, Actor) override {
    CO_TRY_VOID(known(name));
    note("drill " + reason);
    co_return engine::Receipt{.percentage = {},
                              .since = now_,
                              .nodes_confirmed = 1,
                              .nodes = 1,
                              .last_new_dial = {},
                              .still_talking = 0,
                              .latest_end = {},
                              .sentence = "0 % on 1/1 nodes"};
  }
  Answer<rollout::Waiver> waive(std::string name, std::string condition, std::string reason, Instant until,
                                Actor actor) override {
    CO_TRY_VOID(known(name));
    co_return rollout::Waiver{.condition = condition, .by = actor.name, .reason = reason, .until = until};
  }
  Answer<rollout::Signature> approve(engine::SignOff by, std::string criterion, std::int64_t decision) override {
    CO_TRY_VOID(known(by.rollout));
    co_return signature(by, criterion, decision);
  }
  Answer<engine::ChecklistItemView> check(engine::SignOff by, std::string list, std::string item, bool done) override {
    CO_TRY_VOID(known(by.rollout));
    engine::ChecklistItemView view = current.checklists[0];
    if (view.checklist != list || view.item != item)
      co_return fail(ErrorCode::not_found, "checklist '" + list + "' has no item '" + item + "'");
    view.done = done;
    if (done) view.signed_off = signature(by, list + "/" + item, 0);
    co_return view;
  }
  Answer<rollout::Signature> confirm(engine::SignOff by, std::string name) override {
    CO_TRY_VOID(known(by.rollout));
    co_return signature(by, "confirmed(" + name + ")", 0);
  }
  Answer<rollout::Incident> close_incident_item(engine::SignOff by, std::string item) override {
    CO_TRY_VOID(known(by.rollout));
    co_return rollout::Incident{.id = "INC-1",
                                .opened_at = now_,
                                .decision = 41,
                                .items = {{.name = item, .by = by.actor.name, .note = by.note, .at = now_},
                                          {.name = "re-tested", .by = {}, .note = {}}}};
  }
  Answer<engine::DecisionPage> decisions(std::string name, std::optional<std::int64_t> before, int limit) override {
    CO_TRY_VOID(known(name));
    note("decisions before " + std::to_string(before.value_or(0)) + " limit " + std::to_string(limit));
    co_return engine::DecisionPage{.decisions = {*current.latest}, .next = 41};
  }
  Answer<rollout::Decision> decision(std::string name, std::int64_t id) override {
    CO_TRY_VOID(known(name));
    if (id != 41) co_return fail(ErrorCode::not_found, "there is no decision " + std::to_string(id));
    co_return *current.latest;
  }
  Answer<engine::Explanation> explain(std::string name, std::int64_t id) override {
    CO_TRY(found, co_await decision(name, id));
    co_return engine::Explanation{
        .decision = found, .replayed_equal = true, .difference = {}, .arithmetic = {"log e = 2.1"}};
  }
  Answer<bool> add_evidence(ItemReport report) override {
    CO_TRY_VOID(refused());
    ItemRecord record{.item = report.item,
                      .rollout = {},
                      .note = report.note,
                      .reported_by = report.by,
                      .reported_at = report.now,
                      .history = {}};
    record.item.status = "open";
    record.item.phase = -1;
    record.history = {{.at = report.now, .by = report.by, .status = "open", .reason = ""}};
    const auto [at, is_new] = items.try_emplace({report.item.kind, report.item.external_id}, record);
    if (!is_new && (at->second.note != report.note || at->second.item.severity != report.item.severity))
      co_return fail(ErrorCode::conflict, "known with other content");
    co_return is_new;
  }
  Answer<ItemRecord> change_evidence(std::string kind, std::string external_id, ItemChange change) override {
    const auto found = items.find({kind, external_id});
    if (found == items.end()) co_return fail(ErrorCode::not_found, "there is no " + kind + " '" + external_id + "'");
    if (found->second.item.status != change.status) found->second.history.push_back(change);
    found->second.item.status = change.status;
    co_return found->second;
  }
  Answer<std::vector<ItemRecord>> evidence(ItemFilter filter) override {
    std::vector<ItemRecord> found;
    for (const auto& [key, record] : items)
      if (!filter.kind || *filter.kind == key.first) found.push_back(record);
    co_return found;
  }

 private:
  void note(std::string what) { asked.push_back(std::move(what)); }
  Status refused() {
    if (refusal) return std::unexpected(*std::exchange(refusal, std::nullopt));
    return {};
  }
  Status known(const std::string& name) {
    if (name != current.plan->name) return fail(ErrorCode::not_found, "there is no rollout '" + name + "'");
    return refused();
  }
  rollout::Signature signature(const engine::SignOff& by, const std::string& subject, std::int64_t decision) {
    return {.subject = subject,
            .by = by.actor.name,
            .note = by.note,
            .link = by.link,
            .at = now_,
            .decision = decision,
            .standing = {}};
  }
};

}  // namespace callramp::api
