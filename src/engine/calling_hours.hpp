// CallingHours: when a callee may be called. One answer for the claim, which is the truth at the dial, and for a retry,
// which asks beforehand when that will be.
#pragma once

#include <map>
#include <vector>

#include "core/calls/campaign.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::engine {

class CallingHours {
 public:
  /// `windows` by kind; kinds not named may be called all day.
  CallingHours(std::map<CallKind, CallingWindow> windows, const PhoneDirectory& phones)
      : windows_(std::move(windows)), phones_(phones) {}

  /// The callee's clocks: in the zone that the contact states, else in every zone that the number may be in.
  std::vector<LocalClock> clocks(const Call& call, Instant at) const;
  /// The campaign's own window, else that of the call's kind. `campaign` may be null.
  const CallingWindow& window(const Call& call, const CampaignSettings* campaign) const;
  /// Whether the call's own business hours are open; nothing if it has none.
  std::optional<WindowVerdict> own_hours(const Call& call, Instant at) const;
  /// Whether the call may be dialed at `at`: by the window, and by its own business hours.
  WindowVerdict judge(const Call& call, const CampaignSettings* campaign, Instant at) const;
  /// The first instant from `from` on at which it may, as far as it can be foreseen. A window that never opens gives an
  /// instant far enough away; the claim says why it is closed then.
  Instant opening(const Call& call, const CampaignSettings* campaign, Instant from) const;

 private:
  std::map<CallKind, CallingWindow> windows_;
  const PhoneDirectory& phones_;
};

}  // namespace callramp::engine
