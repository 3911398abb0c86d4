#include "app/agent_json.hpp"

namespace callramp::app {

boost::json::object agent_body(const Agent& agent) {
  return {{"name", agent.name},
          {"greeting", agent.greeting},
          {"disclosure", agent.disclosure},
          {"prompt", agent.prompt},
          {"goodbye", agent.goodbye},
          {"apology", agent.apology},
          {"language", agent.language},
          {"voice", agent.voice},
          {"model", agent.model},
          {"sttModel", agent.stt_model},
          {"maxDurationSeconds", agent.max_duration.count()},
          {"maxTurns", agent.max_turns}};
}

}  // namespace callramp::app
