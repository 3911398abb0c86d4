// An agent as the API's JSON body.
#pragma once

#include <boost/json.hpp>

#include "core/calls/types.hpp"

namespace callramp::app {

/// What PUT /api/v1/agents/{id} takes: everything but the id and the server's own times.
boost::json::object agent_body(const Agent& agent);

}  // namespace callramp::app
