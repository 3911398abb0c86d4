// Retries: what a finished attempt is followed by, as the transaction of its ending asks for it.
#pragma once

#include <functional>

#include "base/random.hpp"
#include "core/calls/retry.hpp"
#include "engine/calling_hours.hpp"

namespace callramp::engine {

class Retries {
 public:
  /// `usual` is the policy of calls whose campaign has none. `random` must be safe from every thread that finishes.
  Retries(RetryPolicy usual, const CallingHours& hours, Random& random)
      : usual_(usual), hours_(hours), random_(random) {}

  /// The decision of one ending at `now`; its jitter is drawn here, so that it may be asked on the store's thread.
  std::function<RetryVerdict(const RetryCandidate&)> judge(Instant now) const {
    return [this, now, jitter = random_.uniform()](const RetryCandidate& candidate) {
      const CampaignSettings* const campaign = candidate.campaign ? &candidate.campaign->settings : nullptr;
      return judge_retry(candidate, usual_, {.now = now, .jitter = jitter, .opening = [&](Instant from) {
                                               return hours_.opening(candidate.call, campaign, from);
                                             }});
    };
  }

 private:
  RetryPolicy usual_;
  const CallingHours& hours_;
  Random& random_;
};

}  // namespace callramp::engine
