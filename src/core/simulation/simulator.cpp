// Our rule: evidence by RunFold, decisions by Judge, people and levels by FactBook.
#include "core/simulation/simulator.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ensure.hpp"

namespace callramp::simulation {
namespace {

using rollout::Stage;
using rollout::Verdict;

constexpr std::array<std::string_view, 6> by_people{"approval",   "approved_by",  "checklist",
                                                    "confirmed(", "criteria_met", "targets_met"};

bool holds_open(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::not_applicable || verdict == Verdict::waived;
}

bool has_volume(const rollout::Plan& plan) {
  return std::ranges::any_of(
      plan.phases, [](const rollout::Phase& phase) { return phase.expected_volume && phase.percentage > Percent{}; });
}

}  // namespace

Result<Simulator> Simulator::create(const rollout::Plan& plan, const Truth& truth, const Setup& setup) {
  if (plan.phases.empty()) return fail(ErrorCode::invalid_request, "the plan has no phases: nothing to simulate");
  if (setup.history == nullptr && !has_volume(plan))
    return fail(ErrorCode::invalid_request,
                "no phase of the plan says how many calls it expects: add expected_volume: 50-100/day, or give old's "
                "calls with --history",
                "phases.expected_volume");
  if (plan.mode == rollout::Mode::manual)
    return fail(ErrorCode::invalid_request,
                "the plan's mode is manual, in which nothing happens without a person: write mode: guarded to see what "
                "the rollout would do",
                "mode");
  Simulator simulator{plan, truth, setup};
  if (setup.naive) {
    TRY_VOID(simulator.find_lines());
  } else {
    TRY_VOID(simulator.start());
  }
  return simulator;
}

Simulator::Simulator(const rollout::Plan& plan, const Truth& truth, const Setup& setup)
    : plan_(&plan),
      setup_(setup),
      calendar_(std::make_unique<Calendar>(plan, truth)),
      timeline_(std::make_unique<Timeline>(plan, truth, *calendar_, setup.history)) {
  if (setup.naive)
    window_.emplace(*setup.naive, calendar_->slot_length());
  else
    facts_ = std::make_unique<FactBook>(plan, truth, *calendar_);
}

// The start is the same for every run.
Status Simulator::start() {
  judge_.emplace(*plan_);
  const Instant now = calendar_->start(calendar_->opening());
  facts_->begin_run(0, 0, {.run = true, .users = 1'000'000}, now);
  facts_->begin_phase(0, Percent{}, now);
  facts_->advance_to(calendar_->opening() - 1, now);
  rollout::RunFold nothing{*plan_};
  rollout::RolloutState state = planned(*plan_, now);
  const rollout::Evidence evidence{.run = nothing.sums(), .facts = facts_->facts()};
  facts_->sign(now, judge_->standing(state, evidence, now));
  const rollout::Command order{.kind = rollout::CommandKind::start, .actor = "simulated", .reason = "simulation"};
  TRY(decision, judge_->command(state, evidence, order, now));
  started_ = std::move(decision.after);
  for (std::size_t phase = 0; phase < plan_->phases.size(); ++phase) {
    state.stage = Stage::running;
    state.phase = static_cast<int>(phase);
    std::vector<char>& measured = measured_.emplace_back();
    for (const std::string& text : judge_->criteria(state))
      measured.push_back(std::ranges::none_of(by_people, [&](std::string_view who) { return text.starts_with(who); }));
  }
  return {};
}

RunResult Simulator::run(std::uint64_t seed, std::uint64_t number, std::vector<DiaryEntry>* diary) {
  if (setup_.naive) return run_naive(seed, number, diary);
  const Outlet outlet{.diary = diary};
  return run_ours(seed, number, outlet);
}

Record Simulator::record(std::uint64_t seed, std::uint64_t number, int day) {
  ENSURE(!setup_.naive, "a record is of our rule's evidence");
  Record record;
  run_ours(seed, number, {.record = &record, .until = day * calendar_->slots_a_day() - 1});
  return record;
}

void Simulator::begin_run(std::uint64_t seed, std::uint64_t number) {
  timeline_->begin_run(seed, number);
  seen_.assign(static_cast<std::size_t>(timeline_->traffic().users()), 0);
  users_seen_ = 0;
  blocker_ = -1;
}

void Simulator::note_users() {
  for (const UserCall& call : timeline_->begun().by_user) {
    users_seen_ += seen_[call.user] == 0;
    seen_[call.user] = 1;
  }
}

std::int64_t Simulator::exposed() const { return seen_.empty() ? timeline_->traffic().calls_of_new() : users_seen_; }

RunResult Simulator::run_ours(std::uint64_t seed, std::uint64_t number, const Outlet& outlet) {
  begin_run(seed, number);
  const std::int64_t opening = calendar_->opening();
  const Instant begins = calendar_->start(opening);
  fold_.emplace(*plan_);
  state_ = started_;
  facts_->begin_run(seed, number, timeline_->traffic().a_a(plan_->phases.front().percentage), begins);
  facts_->begin_phase(state_.phase, state_.percentage, begins);
  RunResult result;
  const std::int64_t hour = std::max<std::int64_t>(1, calendar_->slots_a_day() / 24);
  Instant now = begins;
  for (std::int64_t slot = opening; slot <= outlet.until; ++slot) {
    timeline_->advance(slot, state_.phase, state_.percentage);
    if (calendar_->in_hours(slot)) {
      facts_->begun(timeline_->begun(), slot);
      note_users();
    }
    now = calendar_->look(slot);
    const bool news = take_evidence(now, outlet.record);
    if (!news && (slot + 1) % hour != 0) continue;
    facts_->advance_to(slot, now);
    look(now, outlet, result);
    if (over(now)) break;
  }
  if (state_.stage != Stage::complete && !result.rolled_back) close_gate(now, state_.phase, result);
  if (outlet.record == nullptr) return result;
  facts_->advance_to(calendar_->slot_at(now) - 1, now);
  outlet.record->facts = facts_->facts();
  outlet.record->state = state_;
  outlet.record->decision = judge_->decide(state_, {.run = fold_->sums(), .facts = facts_->facts()}, now);
  return result;
}

bool Simulator::take_evidence(Instant now, Record* record) {
  bool news = false;
  if (const rollout::Bucket* first = timeline_->first()) {
    fold_->add_first(*first);
    if (record != nullptr) record->first.push_back({.at = now, .bucket = *first});
    news = first->fresh.total > 0;
  }
  for (const Whole& whole : timeline_->calls()) {
    fold_->add_calls(whole.calls);
    if (record != nullptr) record->calls.push_back({.at = now, .bucket = whole.calls});
    if (whole.calls.fresh.total == 0) continue;
    facts_->closed(whole.calls, whole.by_user);
    news = true;
  }
  for (const PendingChange& change : timeline_->pending()) {
    facts_->pending(change.calls, change.phase);
    news = true;
  }
  return news;
}

void Simulator::Outlet::tell(const rollout::Decision& decision) const {
  if (diary != nullptr) diary->push_back({.at = decision.at, .sentence = decision.sentence});
  if (record != nullptr) record->told.push_back(decision);
}

void Simulator::look(Instant now, const Outlet& outlet, RunResult& result) {
  if (outlet.record != nullptr) outlet.record->looks.push_back(now);
  const rollout::Evidence evidence{.run = fold_->sums(), .facts = facts_->facts()};
  const rollout::Look* look = &judge_->look(state_, evidence, now);
  if (look->waits_for_people && state_.stage == Stage::running) {
    facts_->sign(now, judge_->standing(state_, evidence, now));
    look = &judge_->look(state_, evidence, now);
  }
  if (state_.stage == Stage::running) note_blocker(*look);
  earliest_ = state_.earliest_advance;
  if (look->news) step(now, look->rule, outlet, result);
  if (state_.stage == Stage::frozen && now - state_.stage_since >= plan_->pace.day) lift_freeze(now, outlet);
}

// A person has looked for a day and lets it go on: what is really bad is rolled back, and cannot pass its gate.
void Simulator::lift_freeze(Instant now, const Outlet& outlet) {
  const auto lifted =
      judge_->command(state_, {.run = fold_->sums(), .facts = facts_->facts()},
                      {.kind = rollout::CommandKind::resume, .actor = "on-call", .reason = "looked at for a day"}, now);
  if (!lifted) return;
  outlet.tell(*lifted);
  state_ = lifted->after;
}

void Simulator::step(Instant now, rollout::Rule rule, const Outlet& outlet, RunResult& result) {
  const rollout::Evidence evidence{.run = fold_->sums(), .facts = facts_->facts()};
  const Stage stage = state_.stage;
  const int phase = state_.phase;
  const Instant stable_since = state_.stable_since;
  if (outlet.wants_words()) {
    rollout::Decision decision = judge_->decide(state_, evidence, now);
    outlet.tell(decision);
    state_ = std::move(decision.after);
  } else {
    state_ = judge_->after(state_, evidence, now);
  }
  facts_->in_force(state_.percentage);
  if (state_.stage == Stage::rolled_back) {
    result.rolled_back = true;
    result.by = to_string(rule);
    result.people_exposed = exposed();
    result.calls_to_rollback =
        rule == rollout::Rule::trigger_versus ? fold_->sums().total_first().total : fold_->sums().total().total;
    return;
  }
  result.froze = result.froze || (state_.stage == Stage::frozen && stage != Stage::frozen);
  if (state_.phase == phase && state_.stage != Stage::complete) {
    result.resets += state_.stable_since != stable_since;
    return;
  }
  ++result.gates_passed;
  close_gate(now, phase, result);
  blocker_ = -1;
  if (state_.stage == Stage::complete) return;
  facts_->begin_phase(state_.phase, state_.percentage, now);
  if (state_.percentage.basis_points() == 10'000 && !result.reached_full) {
    result.reached_full = true;
    result.days_to_full = std::chrono::duration<double>(now - state_.run_started_at) / plan_->pace.day;
  }
}

// The last criterion that holds a gate is the slowest. It stays until it passes, then the next that does not is taken.
void Simulator::note_blocker(const rollout::Look& look) {
  const std::vector<char>& measured = measured_[static_cast<std::size_t>(state_.phase)];
  const auto blocks = [&](std::size_t i) { return measured[i] != 0 && !holds_open(look.criteria[i].verdict); };
  if (blocker_ >= 0 && blocks(static_cast<std::size_t>(blocker_))) return;
  for (std::size_t i = 0; i < look.criteria.size(); ++i) {
    if (!blocks(i)) continue;
    blocker_ = static_cast<int>(i);
    return;
  }
}

void Simulator::close_gate(Instant now, int phase, RunResult& result) const {
  const Duration late = now - earliest_;  // state_ may stand in the next phase already
  if (blocker_ < 0 || late <= result.slowest) return;
  result.slowest = late;
  result.slowest_phase = phase;
  result.slowest_criterion = blocker_;
}

bool Simulator::over(Instant now) const {
  switch (state_.stage) {
    case Stage::running: return false;
    case Stage::frozen:
      return now >= std::max(state_.phase_started_at + plan_->decide.phase_cap, state_.earliest_advance);
    default: return true;
  }
}

std::string Simulator::criterion(int phase, int index) const {
  rollout::RolloutState state;
  state.stage = Stage::running;
  state.phase = phase;
  return judge_->criteria(state).at(static_cast<std::size_t>(index));
}

}  // namespace callramp::simulation
