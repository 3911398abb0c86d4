// Campaigns as the platform puts them together: who feeds the dialer, and who answers people about it.
#pragma once

#include "adapters/sql/stores.hpp"
#include "engine/campaign_runner.hpp"
#include "engine/campaign_service.hpp"
#include "engine/dialer.hpp"

namespace callramp::app {

struct CampaignParts {
  struct Needs {
    const Executor& executor;
    engine::DialerConfig limits;  ///< the dialer's own: lines and pace are its
    std::map<CallKind, CallingWindow> windows;
    Currency currency;  ///< costs are kept in it
    sql::SqlStores& stores;
    engine::CallService& calls;
    engine::Dialer& dialer;
    engine::LiveCalls& live_calls;
    const PhoneDirectory& phones;
    async::Clock& clock;
    Random& random;
    Log& log;
    EventFeed& feed;
  };
  explicit CampaignParts(const Needs& needs)
      : service({.windows = needs.windows, .max_concurrent = needs.limits.max_concurrent, .currency = needs.currency},
                needs.stores.campaigns(), needs.calls, needs.phones, needs.clock, needs.random, needs.log, needs.feed),
        runner(
            needs.executor,
            {.max_concurrent = needs.limits.max_concurrent,
             .dials_per_second = needs.limits.dials_per_second,
             .windows = needs.windows},
            needs.stores.campaigns(), needs.phones, needs.clock, needs.random, needs.log, needs.feed,
            [&dialer = needs.dialer] { return dialer.open_attempts(); }, [&dialer = needs.dialer] { dialer.wake(); }) {
    service.set_live_calls(needs.live_calls);
    service.set_open_attempts([&dialer = needs.dialer] { return dialer.open_attempts(); });
    // A pause wakes the dialer, too: what it was told to wait for may be over.
    service.set_waker([this, &dialer = needs.dialer] {
      runner.wake();
      dialer.wake();
    });
  }

  engine::CampaignService service;
  engine::CampaignRunner runner;
};

}  // namespace callramp::app
