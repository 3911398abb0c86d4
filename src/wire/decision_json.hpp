// A decision as JSON: what the API answers, what webhooks carry, what the simulation prints. For people and programs,
// with times in ISO 8601; a decision is the same text wherever it is shown.
//
// Numbers are written as they are: infinities do not occur (core/rollout/decide.hpp), and what is not known is null.
#pragma once

#include <boost/json.hpp>

#include "core/rollout/decide.hpp"

namespace callramp::wire {

boost::json::object to_json(const rollout::Forecast& forecast);
boost::json::object to_json(const rollout::Judgement& judgement);
boost::json::object to_json(const rollout::RolloutState& state);
boost::json::object to_json(const rollout::Incident& incident);
/// With its judgements and the states before and after it.
boost::json::object to_json(const rollout::Decision& decision);
/// A line of the log: neither judgements nor states.
boost::json::object brief_json(const rollout::Decision& decision);

std::string_view to_string(rollout::Target target) noexcept;  ///< "previous_phase", "zero"
std::string_view to_string(rollout::Mode mode) noexcept;      ///< "manual", "guarded", "automatic"

}  // namespace callramp::wire
