// The usual rules, on the same calls and with the same lag of evidence.
#include "core/simulation/simulator.hpp"

#include <algorithm>

#include "core/rollout/metric.hpp"

namespace callramp::simulation {
namespace {

bool is_success(const rollout::Condition& condition) {
  return condition.metric == "call_success_rate" && condition.baseline == rollout::Baseline::none;
}

}  // namespace

Status Simulator::find_lines() {
  for (const rollout::Phase& phase : plan_->phases) {
    const auto criterion = std::ranges::find_if(phase.advance_when, is_success);
    const auto trigger = std::ranges::find_if(phase.roll_back_when, is_success, &rollout::Trigger::condition);
    if (criterion == phase.advance_when.end() || trigger == phase.roll_back_when.end())
      return fail(ErrorCode::invalid_request,
                  "phase '" + phase.name +
                      "' has no call_success_rate as a criterion and as a trigger: the usual rules need both lines",
                  "phases." + phase.name);
    lines_.push_back({.advance = criterion->value.number, .roll_back = trigger->condition.value.number});
  }
  return {};
}

RunResult Simulator::run_naive(std::uint64_t seed, std::uint64_t number, std::vector<DiaryEntry>* diary) {
  begin_run(seed, number);
  window_->begin_run();
  const std::int64_t opening = calendar_->opening();
  const Instant begins = calendar_->start(opening);
  const std::int64_t hour = std::max<std::int64_t>(1, calendar_->slots_a_day() / 24);
  RunResult result;
  std::size_t phase = 0;
  Instant phase_started = begins;
  std::int64_t calls = 0;  // of new in evidence
  const auto tell = [&](Instant now, const std::string& sentence) {
    if (diary != nullptr) diary->push_back({.at = now, .sentence = sentence});
  };
  for (std::int64_t slot = opening;; ++slot) {
    timeline_->advance(slot, static_cast<int>(phase), plan_->phases[phase].percentage);
    note_users();
    bool news = false;
    for (const Whole& whole : timeline_->calls()) {
      if (whole.calls.fresh.total == 0) continue;
      window_->add(whole.calls.fresh, whole.calls.phase == static_cast<int>(phase));
      calls += whole.calls.fresh.total;
      news = true;
    }
    if (news || (slot + 1) % hour == 0) {
      const Instant now = calendar_->look(slot);
      const auto estimate = window_->estimate();
      const Duration lasted = now - phase_started;
      if (estimate && *estimate < lines_[phase].roll_back) {
        result.rolled_back = true;
        result.by = "point-estimate";
        result.calls_to_rollback = calls;
        result.people_exposed = exposed();
        tell(now, "Rolled back from " + plan_->phases[phase].name + ": the estimate is below its line.");
        return result;
      }
      if (estimate && *estimate > lines_[phase].advance && lasted >= plan_->phases[phase].min_duration) {
        ++result.gates_passed;
        tell(now, "Passed " + plan_->phases[phase].name + ": the estimate is above its line.");
        if (++phase == plan_->phases.size()) return result;
        phase_started = now;
        window_->begin_phase();
        if (plan_->phases[phase].percentage.basis_points() == 10'000 && !result.reached_full) {
          result.reached_full = true;
          result.days_to_full = std::chrono::duration<double>(now - begins) / plan_->pace.day;
        }
      } else if (lasted >= std::max(plan_->decide.phase_cap, plan_->phases[phase].min_duration)) {
        tell(now, "Stalled in " + plan_->phases[phase].name + ": a person has to decide.");
        return result;
      }
    }
    window_->next_slot();
  }
}

}  // namespace callramp::simulation
