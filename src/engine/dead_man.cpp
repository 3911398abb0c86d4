#include "engine/dead_man.hpp"

namespace callramp::engine {

DeadMan::DeadMan(DeadManConfig config, SettingStore& store, std::function<Instant()> dialer_look,
                 std::function<Awaitable<Status>(Instant)> ping, async::Clock& clock, Log& log)
    : config_(config),
      store_(store),
      dialer_look_(std::move(dialer_look)),
      ping_(std::move(ping)),
      clock_(clock),
      log_(log) {}

Awaitable<void> DeadMan::run() {
  for (;;) {
    const Instant next = clock_.now() + config_.every;
    if (const Status living = co_await alive(); !living) {
      log_.error("heartbeat_withheld", {{"why", living.error().message}});
    } else if (const Status told = co_await ping_(clock_.now() + config_.deadline); !told) {
      log_.warn("heartbeat_not_told", {{"why", told.error().message}});
    }
    co_await clock_.sleep_until(next);
  }
}

// What a caller depends on: somebody looks for calls, and what happens can be stored.
Awaitable<Status> DeadMan::alive() {
  const Instant now = clock_.now();
  if (now - dialer_look_() > config_.look_age)
    co_return fail(ErrorCode::unavailable, "the dialer has not looked for calls for " + to_words(now - dialer_look_()));
  co_return co_await store_.put("alive_at", to_iso(now));
}

}  // namespace callramp::engine
