// The permission record of a dial (definitions.md §5): what was checked before it, written with the intent, and what
// the callee heard first, written with the ending. JSON in attempts.permission; it outlives the transcript.
#pragma once

#include <string>
#include <vector>

#include "adapters/sql/db.hpp"
#include "core/calls/types.hpp"

namespace callramp::sql {

/// With "consent": what the contact's list says about it, null if it says nothing.
std::string with_consent(Db& db, const std::string& permission, const Call& call);
/// Adds "disclosure": "played", "interrupted" or "not_played". The agent's first words are the disclosure.
void note_disclosure(Db& db, const Attempt& attempt, const std::vector<TranscriptLine>& transcript);

}  // namespace callramp::sql
