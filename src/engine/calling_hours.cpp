#include "engine/calling_hours.hpp"

namespace callramp::engine {
namespace {

constexpr CallingWindow all_day{.from = minutes{0}, .to = minutes{24 * 60}};
// A change to or from summer time moves an opening that was foreseen, once; holidays in a row move it day by day.
constexpr int most_looks = 16;

}  // namespace

std::vector<LocalClock> CallingHours::clocks(const Call& call, Instant at) const {
  std::vector<LocalClock> clocks;
  const auto add = [&](std::string_view zone) {
    if (auto local = phones_.local_clock(zone, at)) clocks.push_back(std::move(*local));
  };
  if (!call.timezone.empty()) {
    add(call.timezone);
  } else {
    for (const std::string& zone : phones_.zones(call.phone)) add(zone);
  }
  return clocks;
}

const CallingWindow& CallingHours::window(const Call& call, const CampaignSettings* campaign) const {
  if (campaign != nullptr && campaign->window) return *campaign->window;
  const auto found = windows_.find(call.kind);
  return found == windows_.end() ? all_day : found->second;
}

std::optional<WindowVerdict> CallingHours::own_hours(const Call& call, Instant at) const {
  if (!call.hours) return std::nullopt;
  std::vector<LocalClock> local;
  if (auto clock = phones_.local_clock(call.hours_zone, at)) local.push_back(*std::move(clock));
  return judge_window(*call.hours, local);
}

WindowVerdict CallingHours::judge(const Call& call, const CampaignSettings* campaign, Instant at) const {
  const std::vector<LocalClock> local = clocks(call, at);
  WindowVerdict verdict = campaign == nullptr ? judge_window(window(call, campaign), local)
                                              : judge_window(window(call, campaign), local, campaign->holidays);
  if (!verdict.open) return verdict;
  return own_hours(call, at).value_or(verdict);
}

Instant CallingHours::opening(const Call& call, const CampaignSettings* campaign, Instant from) const {
  for (int look = 0; look < most_looks; ++look) {
    const WindowVerdict verdict = judge(call, campaign, from);
    if (verdict.open) return from;
    // Local clocks are read to the minute, so the opening is a whole minute from this one's start.
    from = std::chrono::floor<minutes>(from) + std::max(verdict.wait, minutes{1});
  }
  return from;
}

}  // namespace callramp::engine
