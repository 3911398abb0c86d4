// Why a campaign is dialing nobody, or not everybody, in one sentence that an operator can act on. From counts; pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/calls/admission.hpp"

namespace callramp {

/// Waiting contacts that are in the same zones, and what their window says now.
struct WaitingGroup {
  std::string zones;
  std::int64_t contacts = 0;
};
struct JudgedGroup {
  WaitingGroup group;
  WindowVerdict verdict;
};
/// Calls of a campaign that wait, by the reason that they were last given.
struct WaitingReason {
  std::string reason;
  std::int64_t calls = 0;
  std::optional<Instant> until;  ///< the earliest look again
};

struct WhyFacts {
  Campaign campaign;
  CampaignLoad load;
  std::vector<JudgedGroup> groups;
  std::vector<WaitingReason> calls;
  std::int64_t removed = 0;               ///< contacts that will not be called: do-not-call, or taken out
  std::optional<std::string> no_carrier;  ///< "no carrier since 14:02", if nobody can dial
  int program_limit = 0;                  ///< calls at once, all campaigns
  int program_calling = 0;
  Instant now{};
};

struct WhyReason {
  std::string reason;
  std::int64_t count = 0;  ///< contacts or calls that it holds; 0 of what holds the campaign as a whole
  std::optional<Instant> until = std::nullopt;
};
struct Why {
  bool dialing = false;
  std::string sentence;
  std::vector<WhyReason> reasons;  ///< the largest first
};

Why why(const WhyFacts& facts);

}  // namespace callramp
