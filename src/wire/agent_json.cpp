#include "wire/agent_json.hpp"

#include "base/time.hpp"

namespace callramp::wire {

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

boost::json::object to_json(const Agent& agent) {
  boost::json::object body{{"id", agent.id.str()}};
  const boost::json::object rest = agent_body(agent);
  body.insert(rest.begin(), rest.end());
  body["createdAt"] = to_iso(agent.created_at);
  body["updatedAt"] = to_iso(agent.updated_at);
  return body;
}

}  // namespace callramp::wire
