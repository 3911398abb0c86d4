// DeadMan: tells somebody outside once a minute that this program lives, and keeps silent when it does not: a program
// that hangs raises no alarm of its own. Whoever is told (a monitor of the heartbeat kind) alarms when nothing came.
#pragma once

#include <functional>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "ports/admin_store.hpp"

namespace callramp::engine {

struct DeadManConfig {
  Duration every = seconds{60};
  Duration look_age = seconds{10};  ///< a dialer that has not looked for longer is stuck
  Duration deadline = seconds{10};
};

class DeadMan {
 public:
  /// `ping` tells; `dialer_look` says when the dialer last looked for calls.
  DeadMan(DeadManConfig config, SettingStore& store, std::function<Instant()> dialer_look,
          std::function<Awaitable<Status>(Instant deadline)> ping, async::Clock& clock, Log& log);

  /// Until cancelled.
  Awaitable<void> run();

 private:
  Awaitable<Status> alive();

  DeadManConfig config_;
  SettingStore& store_;
  std::function<Instant()> dialer_look_;
  std::function<Awaitable<Status>(Instant)> ping_;
  async::Clock& clock_;
  Log& log_;
};

}  // namespace callramp::engine
