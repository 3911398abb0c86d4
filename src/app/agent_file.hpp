// An agent as a YAML file: the persona that `agents put` sends and the demonstration speaks with.
#pragma once

#include <string>
#include <string_view>

#include "core/calls/types.hpp"

namespace callramp::app {

/// The keys are Agent's fields (`max_duration` in seconds); id, name, greeting, disclosure and prompt are required, the
/// others have Agent's defaults. The error names the file, the line, the key and what is expected. created_at and
/// updated_at are the server's.
Result<Agent> parse_agent(std::string_view yaml, const std::string& file);
Result<Agent> load_agent(const std::string& file);
/// The example that comes with the program: examples/agent.yaml.
Agent example_agent();

}  // namespace callramp::app
