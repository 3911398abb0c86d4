// How a rollout's state changes: the steps that decisions and people's commands share. Internal to decide.cpp and
// decide_command.cpp.
#pragma once

#include <string>

#include "core/rollout/compiled.hpp"

namespace callramp::rollout {

void enter_stage(const Scene& scene, Stage stage, std::string reason, RolloutState& state);
/// Ends the phase's open record, if there is one.
void close_phase(const Scene& scene, bool passed, bool despite_evidence, RolloutState& state);
/// With its percentage, its minimum duration, its watch, and no passes yet.
void open_phase(const Scene& scene, int phase, RolloutState& state);
/// To the percentage of the last phase passed below the present one, or to zero; never above what is in force. Opens
/// the incident. `cause`: the trigger's text; empty for a person's order.
void fall_back(const Scene& scene, bool to_zero, const std::string& cause, RolloutState& state);
Decision bare_decision(const Scene& scene);
/// The percentage that the flag is to have after the decision. It never rises while the rollout is holding, frozen or
/// rolled back, and while people have the flags in their hands it is left alone but for a rollback.
Percent wanted(const Scene& scene, const Decision& decision);

}  // namespace callramp::rollout
