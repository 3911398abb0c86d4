#include "core/rollout/state.hpp"

#include <algorithm>

namespace callramp::rollout {
namespace {

constexpr std::array<std::string_view, 8> stages{"planned",     "running",  "holding",  "frozen",
                                                 "rolled_back", "complete", "watching", "succeeded"};
constexpr std::array<std::string_view, 9> commands{"start",    "advance",  "hold",    "extend",          "resume",
                                                   "rollback", "complete", "declare", "decommission-old"};

std::string listed(const auto& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::string_view to_string(Stage stage) noexcept { return stages[static_cast<std::size_t>(stage)]; }

Result<Stage> parse_stage(std::string_view text) {
  const auto at = std::ranges::find(stages, text);
  if (at == stages.end())
    return fail(ErrorCode::invalid_request, "state '" + std::string(text) + "' is none of " + listed(stages));
  return static_cast<Stage>(at - stages.begin());
}

std::string_view to_string(CommandKind kind) noexcept { return commands[static_cast<std::size_t>(kind)]; }

Result<CommandKind> parse_command(std::string_view text) {
  const auto at = std::ranges::find(commands, text);
  if (at == commands.end())
    return fail(ErrorCode::invalid_request, "command '" + std::string(text) + "' is none of " + listed(commands));
  return static_cast<CommandKind>(at - commands.begin());
}

std::optional<int> last_passed(const RolloutState& state, const Plan& plan, Percent below) {
  std::optional<int> last;
  for (const PhaseRecord& record : state.history) {
    if (!record.passed || plan.phases.at(static_cast<std::size_t>(record.phase)).percentage >= below) continue;
    last = last ? std::max(*last, record.phase) : record.phase;
  }
  return last;
}

int phase_to_resume(const RolloutState& state, const Plan& plan) {
  int phase = 0;
  for (const PhaseRecord& record : state.history) {
    const bool reached = plan.phases.at(static_cast<std::size_t>(record.phase)).percentage <= state.percentage;
    if (record.passed && reached) phase = std::max(phase, record.phase);
  }
  return phase;
}

}  // namespace callramp::rollout
