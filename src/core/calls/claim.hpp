// Whether a due call may be dialed now: the decision that the dialer's claim transaction carries out.
//
// Pure: everything it looks at is in its arguments, so each reason is a row of a test. The order of the checks is the
// order in which a person would want to hear of them.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/calls/campaign.hpp"
#include "core/calls/transition.hpp"
#include "core/calls/types.hpp"
#include "core/flags/flags.hpp"

namespace callramp {

/// The call's campaign as the claim transaction reads it: an order that was committed before is in force here.
struct CampaignAtClaim {
  Campaign campaign;
  CampaignLoad load;
};

/// What the claim transaction knows about one due call.
struct ClaimCandidate {
  Call call;
  bool number_has_open_attempt = false;  ///< of any call
  bool on_do_not_call = false;
  std::int64_t do_not_call_version = 0;
  bool agent_exists = true;
  std::optional<CampaignAtClaim> campaign = std::nullopt;  ///< of a call that belongs to one
  std::optional<Ending> last = std::nullopt;  ///< of the last attempt that was really made; none before the first
  bool manual_retry = false;                  ///< a person asked for the retry that waits: nothing automatic stops it
  /// When the number was dialed in the last 25 h, for any call and on any system; as many as there are, at most 64.
  std::vector<Instant> recent_dials = {};
};

struct ClaimLimits {
  bool old_system_available = false;   ///< an adapter is configured
  Duration expires_after = hours{48};  ///< a call, or its retry, still undialed this long after due_at is expired
  /// Dials of one number in a day of the callee's, whatever campaigns and retries say; 0: as many as they like.
  int max_per_number_per_day = 0;
  std::optional<WindowVerdict> own_hours = std::nullopt;  ///< of a call that has business hours of its own
};

/// Dial it, on this system; `route` says why.
struct DialNow {
  System system = System::new_system;
  RouteDecision route;
};
/// Look again at `until`, not before.
struct WaitUntil {
  Instant until{};
  std::string reason;
};
/// It will never be dialed (again).
struct EndNow {
  Outcome outcome = Outcome::expired;
  std::optional<Fault> fault;
  std::string reason;
  bool by_last_attempt = false;  ///< the outcome is that of its last attempt
};
using ClaimVerdict = std::variant<DialNow, WaitUntil, EndNow>;

/// `window` is of calls whose campaign has none of its own. `local` holds the callee's local clock in every zone that
/// the number may be in; the window must be open in all.
ClaimVerdict judge_claim(const ClaimCandidate& candidate, const RoutingState& routing, const CallingWindow& window,
                         const std::vector<LocalClock>& local, const ClaimLimits& limits, Instant now);

}  // namespace callramp
