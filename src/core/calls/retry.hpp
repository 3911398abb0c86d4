// Whether a finished attempt is followed by another, and when: the decision that the transaction of its ending carries
// out.
//
// Pure: flag, policy, window and the draw of the jitter are arguments, so every outcome is a row of a test.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/calls/campaign.hpp"
#include "core/calls/retry_policy.hpp"
#include "core/calls/transition.hpp"
#include "core/calls/types.hpp"

namespace callramp {

/// What the transaction that stores an attempt's ending knows of its call.
struct RetryCandidate {
  Call call;
  Ending ending;                                    ///< of the attempt that is over
  bool enabled = true;                              ///< the flag enableRetryLogic, as the transaction reads it
  std::optional<Campaign> campaign = std::nullopt;  ///< that the call belongs to
};

/// Dial it again, not before `at`.
struct RetryAt {
  Instant at{};
  std::string reason;  ///< "nobody answered; retry 1 of 3 at 2026-11-24T07:05:12.000Z"
};
/// The attempt's outcome is the call's.
struct NoRetry {
  std::string reason;  ///< the ending's own, and why nothing follows where something might have
};
using RetryVerdict = std::variant<RetryAt, NoRetry>;

/// What changes from call to call and is nobody's decision.
struct RetryTimes {
  Instant now{};
  double jitter = 0.5;  ///< a draw from [0, 1): 0 is 10 % earlier, 1 would be 10 % later
  /// The first instant from the given one on at which the callee's window is open, as far as it can be foreseen.
  std::function<Instant(Instant)> opening;
};

/// The rule for what ended so; none if that is never dialed again. What the network could not reach (`unreachable`)
/// counts as a failure of the network. Never: a person who answered, a machine (unless its campaign says so), a number
/// that does not exist, a mistake of our own, and `unknown`, where nobody can say that the number did not ring.
const RetryRule* rule_for(const RetryPolicy& policy, const Ending& ending);

/// Wait before the `nth` retry (1, 2, …), without jitter; at most a week.
Duration backoff(const RetryRule& rule, int nth);

RetryVerdict judge_retry(const RetryCandidate& candidate, const RetryPolicy& usual, const RetryTimes& times);

/// "5m x2, 3 tries" or "never"; units s, m, h, d. The bounds are RetryRule's.
Result<RetryRule> parse_retry_rule(std::string_view text);
std::string to_string(const RetryRule& rule);

}  // namespace callramp
