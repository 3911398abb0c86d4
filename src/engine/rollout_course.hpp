// What RolloutController knows of a rollout between two looks: copies of what the store has, made again at a restart.
// Internal to rollout_*.cpp.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/rollout_controller.hpp"

namespace callramp::engine {

struct RolloutController::Course {
  std::string name;
  RolloutRecord record;  // as read last
  std::shared_ptr<const rollout::Plan> plan;
  std::unique_ptr<rollout::Judge> judge;  // borrows the plan
  std::optional<rollout::RunFold> fold;
  int folded_run = 0;
  std::int64_t through = 0;  // seq of the last bucket folded
  std::optional<Instant> closed_at;
  std::optional<rollout::Decision> last;  // the newest one stored
  std::optional<Receipt> receipt;         // of the last rollback or drill of this run
  std::optional<Instant> compared_at;     // A/A
};

struct RolloutController::Scene {
  Course* course = nullptr;
  rollout::Facts facts;
  Instant now{};

  const rollout::RolloutState& state() const { return course->record.state; }
  rollout::Evidence evidence() const { return {course->fold->sums(), facts}; }
};

/// A drill's two decisions.
inline constexpr std::string_view drill_rule = "drill.kill_switch";
inline constexpr std::string_view drill_over_rule = "drill.restored";

inline bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Whether evidence is gathered and looked at: in all stages between planned and succeeded.
inline bool is_under_way(rollout::Stage stage) {
  return stage != rollout::Stage::planned && stage != rollout::Stage::succeeded;
}

}  // namespace callramp::engine
