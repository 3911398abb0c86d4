#include "engine/script.hpp"

namespace callramp::engine {

voice::AgentScript script_of(const Agent& agent) {
  return {.greeting = agent.greeting,
          .prompt = agent.prompt,
          .language = agent.language,
          .disclosure = agent.disclosure,
          .farewell = agent.goodbye,
          .fault_farewell = agent.apology};
}

voice::ConversationLimits limits_of(const Agent& agent) {
  return {.max_turns = agent.max_turns, .max_duration = agent.max_duration};
}

CallPhrases phrases_of(const Agent& agent, const voice::Fields& fields) {
  return {.opening = voice::Conversation(script_of(agent), fields, limits_of(agent)).greeting(),
          .goodbye = voice::fill(agent.goodbye, fields).text,
          .apology = voice::fill(agent.apology, fields).text};
}

}  // namespace callramp::engine
