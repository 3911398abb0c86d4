// Whose outage it is: ours alone, or the old system's too. A rollout rolls back for the first and freezes for the
// second.
#pragma once

#include "core/providers/selection.hpp"

namespace callramp::providers {

/// Calls of the old system lately, final ones.
struct OldRecord {
  int calls = 0;
  int failed = 0;
};

struct OutageGauges {
  bool down = false;    ///< only new has it
  bool shared = false;  ///< old has it too, or nobody can tell
};

/// `is_down`: none of the capability's providers works.
OutageGauges judge_outage(Capability capability, bool is_down, const OldRecord& old);

}  // namespace callramp::providers
