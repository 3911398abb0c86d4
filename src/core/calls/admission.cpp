#include "core/calls/admission.hpp"

#include <algorithm>
#include <limits>

namespace callramp {
namespace {

constexpr double unpaced = 1e9;

std::optional<Hold> status_hold(const Campaign& campaign) {
  const std::string why = campaign.status_reason.empty() ? "" : ": " + campaign.status_reason;
  switch (campaign.status) {
    case CampaignStatus::active:
    case CampaignStatus::completed: return std::nullopt;
    case CampaignStatus::draft: return Hold{.by = HeldBy::status, .reason = "campaign is a draft; start it"};
    case CampaignStatus::scheduled:
      return Hold{.by = HeldBy::status,
                  .reason = "campaign starts at " + to_iso(campaign.start_at.value_or(Instant{})),
                  .until = campaign.start_at};
    case CampaignStatus::paused: return Hold{.by = HeldBy::status, .reason = "campaign is paused" + why};
    case CampaignStatus::cancelled: return Hold{.by = HeldBy::status, .reason = "campaign was cancelled" + why};
  }
  return std::nullopt;
}

int own_concurrency(const Campaign& campaign) {
  return campaign.max_concurrent > 0 ? campaign.max_concurrent : std::numeric_limits<int>::max();
}

}  // namespace

std::optional<Hold> campaign_hold(const Campaign& campaign, const CampaignLoad& load, Instant now) {
  if (auto hold = status_hold(campaign)) return hold;
  const CampaignBudget& budget = campaign.budget;
  if (budget.total && load.spent_micros >= budget.total->micros)
    return Hold{.by = HeldBy::budget, .reason = "budget of " + to_string(*budget.total) + " is spent; raise it"};
  if (budget.per_day && load.spent_today_micros >= budget.per_day->micros)
    return Hold{.by = HeldBy::day_budget,
                .reason = "the day's budget of " + to_string(*budget.per_day) + " is spent",
                .until = std::chrono::floor<std::chrono::days>(now) + std::chrono::days{1}};
  if (load.calling >= own_concurrency(campaign))
    return Hold{.by = HeldBy::concurrency,
                .reason = std::to_string(load.calling) + " of at most " + std::to_string(campaign.max_concurrent) +
                          " calls of the campaign are under way"};
  return std::nullopt;
}

int feed_room(const Campaign& campaign, const CampaignLoad& load, const FeedLimits& limits) {
  const double room =
      std::min({static_cast<double>(limits.free_lines), static_cast<double>(limits.ahead - load.undialed),
                static_cast<double>(own_concurrency(campaign)) - load.calling - load.undialed, limits.paced});
  return std::max(0, static_cast<int>(room));
}

std::optional<Hold> admit_contact(const Campaign& campaign, const CampaignLoad& load, const FeedLimits& limits,
                                  const CallingWindow& window, const std::vector<LocalClock>& local, Instant now) {
  if (auto hold = campaign_hold(campaign, load, now)) return hold;
  if (auto verdict = judge_window(window_of(campaign, window), local, campaign.settings.holidays); !verdict.open)
    return Hold{.by = HeldBy::window,
                .reason = std::move(verdict.reason),
                .until = std::chrono::floor<minutes>(now) + verdict.wait};
  if (limits.paced < 1)
    return Hold{.by = HeldBy::pacing,
                .reason = "the pace is " + std::to_string(campaign.calls_per_minute) + " calls a minute"};
  if (feed_room(campaign, load, limits) == 0)
    return Hold{.by = HeldBy::queue, .reason = "calls made before it are dialed first"};
  return std::nullopt;
}

double refill_pace(const Campaign& campaign, double saved, Duration passed) {
  if (campaign.calls_per_minute <= 0) return unpaced;
  const double per_second = campaign.calls_per_minute / 60.0;
  // One call and what two seconds bring: a cap at one alone would lose what a look brings beyond it.
  const double most = 1 + 2 * per_second;
  return std::min(most, std::min(saved, most) + std::chrono::duration<double>(passed).count() * per_second);
}

}  // namespace callramp
