// Platform: the composition root. Builds every part from the config, starts them in order, and stops them in the other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "async/executor.hpp"
#include "base/log.hpp"
#include "engine/rollout_service.hpp"

namespace callramp::app {

class Platform {
 public:
  struct Options {
    bool open_page = false;  ///< viewers on loopback need no token; the demo's page
    Duration gauges_every = minutes{1};  ///< levels are read; shorter where a plan's day is
    Duration look_every = seconds{10};   ///< rollouts are looked at, at least
  };
  /// Opens the database, makes the first admin token, applies the environment's order. The error says what to do.
  static Result<std::unique_ptr<Platform>> create(const Config& config, Options options, Log& log);
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  /// Listens and dials.
  Status start();
  /// Stops dialing, lets calls end until the config's drain time has passed, ends the rest with an apology, and leaves.
  /// Blocks.
  void stop();
  std::uint16_t port() const noexcept;
  /// For whoever acts from within the process, by run_blocking on `executor`; as long as the platform runs.
  engine::RolloutService& rollouts() noexcept;
  Executor executor() const;
  /// Of the first start, or nothing if an admin token existed already.
  const std::string& admin_token_file() const noexcept;

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace callramp::app
