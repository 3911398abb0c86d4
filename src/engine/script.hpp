// From an agent and a call to what the voice floor needs: a script and the contact's fields.
#pragma once

#include <functional>
#include <string>

#include "core/calls/types.hpp"
#include "voice/conversation.hpp"

namespace callramp::engine {

/// Reads a call's metadata (a JSON object) into fields; given from above, because this floor reads no JSON.
using ReadFields = std::function<voice::Fields(const std::string& metadata_json)>;

voice::AgentScript script_of(const Agent& agent);
voice::ConversationLimits limits_of(const Agent& agent);

/// The fixed sentences of one call, its contact's fields filled in; known before the phone rings.
struct CallPhrases {
  std::string opening;  ///< disclosure and greeting
  std::string goodbye;
  std::string apology;
};
CallPhrases phrases_of(const Agent& agent, const voice::Fields& fields);

}  // namespace callramp::engine
