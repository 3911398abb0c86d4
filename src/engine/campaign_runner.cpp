#include "engine/campaign_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cmath>

namespace callramp::engine {
namespace {

// Contacts on the do-not-call list are passed over in one look as long as it takes no more than this many reads.
constexpr int most_refills = 50;

const CallingWindow all_day{.from = minutes{0}, .to = minutes{24 * 60}};

}  // namespace

FeedEvent campaign_event(const Campaign& campaign) {
  // Ids, words and numbers: nothing here needs escaping.
  return {"campaign", fmt::format(R"({{"id":"{}","status":"{}","version":{},"at":"{}"}})", campaign.id.str(),
                                  to_string(campaign.status), campaign.version, to_iso(campaign.updated_at))};
}

std::vector<LocalClock> clocks_in(const PhoneDirectory& phones, std::string_view zones, Instant now) {
  std::vector<LocalClock> clocks;
  while (!zones.empty()) {
    const auto comma = zones.find(',');
    if (auto clock = phones.local_clock(zones.substr(0, comma), now)) clocks.push_back(*std::move(clock));
    zones.remove_prefix(comma == std::string_view::npos ? zones.size() : comma + 1);
  }
  return clocks;
}

CampaignRunner::CampaignRunner(const Executor& executor, CampaignRunnerConfig config, CampaignStore& store,
                               const PhoneDirectory& phones, async::Clock& clock, Random& random, Log& log,
                               EventFeed& feed, std::function<int()> open_attempts, std::function<void()> wake_dialer)
    : executor_(executor),
      config_(std::move(config)),
      store_(store),
      phones_(phones),
      clock_(clock),
      random_(random),
      log_(log),
      feed_(feed),
      open_attempts_(std::move(open_attempts)),
      wake_dialer_(std::move(wake_dialer)),
      alarm_(executor, clock) {}

void CampaignRunner::wake() {
  asio::post(executor_, [this] { alarm_.ring(); });
}

Awaitable<void> CampaignRunner::run() {
  for (;;) {
    co_await alarm_.wait_until(co_await look_once(clock_.now()));
  }
}

// Enough to keep the dialer busy until the look after the next.
int CampaignRunner::ahead() const {
  return std::clamp(static_cast<int>(std::ceil(config_.dials_per_second * 2)), 2, std::max(2, config_.max_concurrent));
}

bool CampaignRunner::open_in(const std::string& zones, const Campaign& campaign, Instant now) const {
  const auto by_kind = config_.windows.find(campaign.kind);
  const CallingWindow& window = window_of(campaign, by_kind == config_.windows.end() ? all_day : by_kind->second);
  return judge_window(window, clocks_in(phones_, zones, now), campaign.settings.holidays).open;
}

// Until a slow campaign's pace allows its next call; nothing for those without one.
Duration CampaignRunner::until_paced(const Campaign& campaign) const {
  const auto pace = paces_.find(campaign.id);
  if (campaign.calls_per_minute <= 0 || pace == paces_.end() || pace->second.saved >= 1) return Duration::zero();
  return std::chrono::ceil<Duration>(
      std::chrono::duration<double>((1 - pace->second.saved) * 60 / campaign.calls_per_minute));
}

// A list whose windows are all closed is looked at seldom, all night long.
Instant CampaignRunner::look_again(const std::vector<FeedView>& views, Instant now) const {
  Instant again = now + config_.idle_look;
  for (const FeedView& view : views) {
    if (view.campaign.status == CampaignStatus::scheduled) {
      again = std::min(again, std::max(view.campaign.start_at.value_or(now), now + milliseconds{50}));
    } else if (view.campaign.status == CampaignStatus::active) {
      const bool open =
          std::ranges::any_of(view.zones, [&](const std::string& zones) { return open_in(zones, view.campaign, now); });
      if (open || view.zones.empty()) again = std::min(again, now + std::max(config_.look, until_paced(view.campaign)));
    }
  }
  return again;
}

Awaitable<Instant> CampaignRunner::look_once(Instant now) {
  auto views = co_await store_.running(now);
  if (!views) {
    log_.error("campaigns_not_read", {{"error", views.error().message}});
    co_return now + config_.look;
  }
  co_await advance(*views, now);
  co_await tell_alerts(now);
  std::erase_if(paces_, [&](const auto& pace) {
    return std::ranges::none_of(*views, [&](const FeedView& view) { return view.campaign.id == pace.first; });
  });
  int free_lines = config_.max_concurrent - open_attempts_();
  for (const FeedView& view : *views) free_lines -= view.load.undialed;
  // The important first; among equals whoever has least, so that no campaign waits for another's end.
  std::ranges::sort(*views, [](const FeedView& a, const FeedView& b) {
    if (a.campaign.priority != b.campaign.priority) return a.campaign.priority > b.campaign.priority;
    return a.load.calling + a.load.undialed < b.load.calling + b.load.undialed;
  });
  int made = 0;
  for (const FeedView& view : *views)
    if (view.campaign.status == CampaignStatus::active) made += co_await feed(view, free_lines - made, now);
  if (made > 0 && wake_dialer_) wake_dialer_();
  co_return look_again(*views, now);
}

Awaitable<void> CampaignRunner::advance(std::vector<FeedView>& views, Instant now) {
  const bool due = std::ranges::any_of(views, [&](const FeedView& view) {
    if (view.campaign.status == CampaignStatus::scheduled) return view.campaign.start_at <= now;
    return view.campaign.status == CampaignStatus::active && view.zones.empty();
  });
  if (!due) co_return;
  const auto moved = co_await store_.advance(now);
  if (!moved) {
    log_.error("campaigns_not_advanced", {{"error", moved.error().message}});
    co_return;
  }
  for (const Campaign& campaign : *moved) {
    log_.info("campaign_moved", {{"campaign_id", campaign.id}, {"status", to_string(campaign.status)}});
    feed_.publish(campaign_event(campaign));
  }
  if (moved->empty()) co_return;
  if (auto again = co_await store_.running(now)) views = *std::move(again);
}

// Told at least once: a crash between telling and marking tells again, and the alert itself is written once.
Awaitable<void> CampaignRunner::tell_alerts(Instant now) {
  const auto alerts = co_await store_.untold_alerts();
  if (!alerts) co_return;
  for (const BudgetAlert& alert : *alerts) {
    log_.warn("campaign_budget", {{"campaign_id", alert.campaign},
                                  {"name", alert.campaign_name},
                                  {"of", alert.of_day ? "day" : "total"},
                                  {"percent", alert.threshold},
                                  {"spent", to_string(alert.spent)},
                                  {"budget", to_string(alert.budget)}});
    feed_.publish(
        {"campaign_budget", fmt::format(R"({{"id":"{}","of":"{}","percent":{},"spent":"{}","budget":"{}","at":"{}"}})",
                                        alert.campaign.str(), alert.of_day ? "day" : "total", alert.threshold,
                                        to_string(alert.spent), to_string(alert.budget), to_iso(alert.at))});
    if (const auto told = co_await store_.mark_told(alert, now); !told)
      log_.error("campaign_alert_not_marked", {{"campaign_id", alert.campaign}, {"error", told.error().message}});
  }
}

Awaitable<int> CampaignRunner::feed(const FeedView& view, int free_lines, Instant now) {
  const Campaign& campaign = view.campaign;
  Pace& pace = paces_.try_emplace(campaign.id, Pace{.saved = 1, .at = now}).first->second;
  pace.saved = refill_pace(campaign, pace.saved, now - pace.at);
  pace.at = now;
  // A line that is not free now is held by a call, whose end is what the contact waits for.
  const auto hold = campaign_hold(campaign, view.load, now);
  if (hold) co_return 0;
  FeedRequest request{.campaign = campaign.id, .now = now};
  for (const std::string& zones : view.zones)
    if (open_in(zones, campaign, now)) request.zones.push_back(zones);
  int made = 0;
  CampaignLoad load = view.load;
  for (int refill = 0; refill < most_refills && !request.zones.empty(); ++refill) {
    const int room =
        feed_room(campaign, load, {.free_lines = free_lines - made, .ahead = ahead(), .paced = pace.saved});
    if (room == 0) break;
    request.ids.clear();
    for (int i = 0; i < room; ++i) request.ids.push_back(make_id<CallId>(now, random_));
    const auto fed = co_await store_.feed(request);
    if (!fed) {
      log_.error("campaign_not_fed", {{"campaign_id", campaign.id}, {"error", fed.error().message}});
      break;
    }
    const int calls = static_cast<int>(fed->calls.size());
    made += calls;
    load.undialed += calls;
    pace.saved -= calls;
    if (fed->stopped || fed->removed == 0) break;
  }
  co_return made;
}

}  // namespace callramp::engine
