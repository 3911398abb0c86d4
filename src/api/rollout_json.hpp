// A rollout as the API writes it: where it stands, what the evidence says, and what a person still owes.
#pragma once

#include <boost/json.hpp>

#include "engine/rollout_service.hpp"

namespace callramp::api {

/// Everything that the page and `callramp rollout status` show. `now` for the forecast.
boost::json::object to_json(const engine::RolloutView& view, Instant now);
/// One line of a list of rollouts.
boost::json::object summary_json(const engine::RolloutView& view);

boost::json::object to_json(const rollout::Signature& signature);
boost::json::object to_json(const engine::ChecklistItemView& item);
boost::json::object to_json(const engine::Receipt& receipt);
boost::json::object to_json(const Switching& switching);
boost::json::object to_json(const rollout::PlanChange& change);
boost::json::object to_json(const ItemRecord& record);

}  // namespace callramp::api
