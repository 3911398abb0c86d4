// CampaignRunner: makes calls of contacts, as many as can be dialed soon, and lets campaigns start and complete by
// themselves. It decides nothing: core/calls/admission does, and the claim asks again before every dial.
//
// Nothing lives between looks but the pace that was saved up: a runner that dies leaves contacts waiting and calls
// queued, and the next one goes on with them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "async/alarm.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "core/calls/admission.hpp"
#include "ports/campaign_store.hpp"
#include "ports/event_feed.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::engine {

struct CampaignRunnerConfig {
  int max_concurrent = 10;                    ///< the program's, all campaigns together
  double dials_per_second = 2.5;              ///< the dialer's
  std::map<CallKind, CallingWindow> windows;  ///< of kinds not named: all day
  Duration look = seconds{1};                 ///< between looks while somebody may be called
  Duration idle_look = seconds{5};            ///< while nobody may: orders wake it all the same
};

class CampaignRunner {
 public:
  /// `open_attempts`: dials under way in the whole program. `wake_dialer` is called when calls were made. All on
  /// `executor`.
  CampaignRunner(const Executor& executor, CampaignRunnerConfig config, CampaignStore& store,
                 const PhoneDirectory& phones, async::Clock& clock, Random& random, Log& log, EventFeed& feed,
                 std::function<int()> open_attempts, std::function<void()> wake_dialer);

  /// Until cancelled.
  Awaitable<void> run();
  /// Look now. Any thread.
  void wake();

 private:
  Awaitable<Instant> look_once(Instant now);
  Awaitable<void> advance(std::vector<FeedView>& views, Instant now);
  Awaitable<void> tell_alerts(Instant now);
  Duration until_paced(const Campaign& campaign) const;
  Instant look_again(const std::vector<FeedView>& views, Instant now) const;
  Awaitable<int> feed(const FeedView& view, int free_lines, Instant now);
  bool open_in(const std::string& zones, const Campaign& campaign, Instant now) const;
  int ahead() const;

  Executor executor_;
  CampaignRunnerConfig config_;
  CampaignStore& store_;
  const PhoneDirectory& phones_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
  EventFeed& feed_;
  std::function<int()> open_attempts_;
  std::function<void()> wake_dialer_;
  async::Alarm alarm_;

  struct Pace {
    double saved = 0;
    Instant at{};
  };
  std::map<CampaignId, Pace> paces_;
};

/// Of the live feed: where a campaign stands now.
FeedEvent campaign_event(const Campaign& campaign);

/// The callee's clock in each of `zones` (comma-separated IANA names); names that nobody knows are left out.
std::vector<LocalClock> clocks_in(const PhoneDirectory& phones, std::string_view zones, Instant now);

}  // namespace callramp::engine
