// Rollouts' values as the tables hold them: exact texts that give back the same value, bit for bit.
//
// Not what the API says of them (that is for people, in milliseconds and rounded figures): here an instant is whole
// microseconds, a number the shortest text that reads back as the same number, and a word never changes because a
// display does. What a text does not have keeps its default, so that an older database stays readable.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::sql {

std::string to_text(const rollout::RolloutState& state);
std::string to_text(const rollout::Decision& decision);
std::string to_text(const DecisionInputs& inputs);
/// internal for what this program did not write.
Result<rollout::RolloutState> read_state(std::string_view text);
Result<rollout::Decision> read_decision(std::string_view text);
Result<DecisionInputs> read_inputs(std::string_view text);

/// "advance", "hold", "freeze", "roll_back", "complete".
std::string_view word(rollout::Action action) noexcept;

}  // namespace callramp::sql
