// Whether a contact may become a call now: what the feeder asks before it makes one, what the claim asks again before
// the dial, and what `why` tells people. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/calls/campaign.hpp"

namespace callramp {

enum class HeldBy { status, budget, day_budget, concurrency, window, queue, pacing };

struct Hold {
  HeldBy by = HeldBy::status;
  std::string reason;              ///< "campaign is paused: budget of 5000.00 INR is spent"
  std::optional<Instant> until{};  ///< when it may be over by itself; unset: somebody has to act, or a call to end
};

/// What holds every call of the campaign, whoever it goes to: where it stands, its budgets, its concurrency. A
/// completed campaign does not hold: a call of its that somebody retries by hand may go.
std::optional<Hold> campaign_hold(const Campaign& campaign, const CampaignLoad& load, Instant now);

/// What there is of the program for this campaign now.
struct FeedLimits {
  int free_lines = 0;  ///< dials that the program's own concurrency has room for
  int ahead = 5;       ///< calls made and not dialed yet, at most: enough to keep the dialer busy until the next look
  double paced = 0;    ///< first dials that the campaign's pace allows; see refill_pace
};

/// How many contacts may become calls: 0 or more.
int feed_room(const Campaign& campaign, const CampaignLoad& load, const FeedLimits& limits);

/// Everything that a contact has to pass. `window` is of campaigns that have none of their own; `local` holds the
/// contact's clock in every zone that it may be in.
std::optional<Hold> admit_contact(const Campaign& campaign, const CampaignLoad& load, const FeedLimits& limits,
                                  const CallingWindow& window, const std::vector<LocalClock>& local, Instant now);

/// The window in which a campaign's contacts may be called.
inline const CallingWindow& window_of(const Campaign& campaign, const CallingWindow& otherwise) {
  return campaign.settings.window ? *campaign.settings.window : otherwise;
}

/// First dials that a campaign has saved up: at its rate, never more than one and two seconds' worth. Without a pace as
/// many as anybody could want.
double refill_pace(const Campaign& campaign, double saved, Duration passed);

}  // namespace callramp
