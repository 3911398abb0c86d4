// An agent as JSON: what the API answers, and what it takes.
#pragma once

#include <boost/json.hpp>

#include "core/calls/types.hpp"

namespace callramp::wire {

/// What PUT /api/v1/agents/{id} takes: everything but the id and the server's own times.
boost::json::object agent_body(const Agent& agent);
/// All of it.
boost::json::object to_json(const Agent& agent);

}  // namespace callramp::wire
