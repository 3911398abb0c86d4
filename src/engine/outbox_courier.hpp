// OutboxCourier: carries what is in the outbox to whoever asked for it, in order per subject, until it has arrived or a
// day has passed. What to carry is in the database alone: a process that dies in between loses nothing, and what it had
// in hand is tried again when its lease is over.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/alarm.hpp"
#include "async/task_scope.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "ports/metrics.hpp"
#include "ports/outbox.hpp"

namespace callramp::engine {

struct OutboxConfig {
  Duration tick = milliseconds{500};
  Duration deadline = seconds{10};  ///< for one try; below the lease
  Duration lease = seconds{60};
  int events_per_look = 100;
  int under_way = 64;
  int under_way_per_target = 8;
  DeliveryRetry retry;
};

class OutboxCourier {
 public:
  /// `couriers` outlive this; one for each kind of parcel.
  OutboxCourier(const Executor& executor, OutboxConfig config, OutboxStore& store, std::vector<Courier*> couriers,
                async::Clock& clock, Random& random, Log& log, Metrics& metrics);

  /// Until cancelled. What is under way then is tried again by the next run.
  Awaitable<void> run();
  const OutboxConfig& config() const noexcept { return config_; }

 private:
  Awaitable<bool> look(async::TaskScope& scope);
  Awaitable<void> carry(Parcel parcel);
  Awaitable<void> settle(Parcel parcel, Status arrived);
  Counter& counted(const Parcel& parcel, std::string_view result);

  OutboxConfig config_;
  OutboxStore& store_;
  std::vector<Courier*> couriers_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
  Metrics& metrics_;
  async::Alarm alarm_;
  std::map<std::pair<std::string, std::string>, int> under_way_;
  int total_under_way_ = 0;
};

}  // namespace callramp::engine
