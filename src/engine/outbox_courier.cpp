#include "engine/outbox_courier.hpp"

#include <algorithm>

namespace callramp::engine {

OutboxCourier::OutboxCourier(const Executor& executor, OutboxConfig config, OutboxStore& store,
                             std::vector<Courier*> couriers, async::Clock& clock, Random& random, Log& log,
                             Metrics& metrics)
    : config_(std::move(config)),
      store_(store),
      couriers_(std::move(couriers)),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      alarm_(executor, clock) {}

Awaitable<void> OutboxCourier::run() {
  under_way_.clear();
  total_under_way_ = 0;
  co_await async::with_scope([this](async::TaskScope& scope) -> Awaitable<void> {
    for (;;) {
      const bool more = co_await look(scope);
      co_await alarm_.wait_until(more ? clock_.now() : clock_.now() + config_.tick);
    }
  });
}

// True if there may be more to do at once.
Awaitable<bool> OutboxCourier::look(async::TaskScope& scope) {
  const Instant now = clock_.now();
  const auto work = co_await store_.has_work(now);
  if (!work || !*work) co_return false;
  const auto written = co_await store_.write_out(config_.events_per_look, config_.retry.patience, now);
  if (!written) log_.error("outbox_not_written", {{"error", written.error().message}});
  const int room = config_.under_way - total_under_way_;
  if (room <= 0) co_return false;
  auto parcels = co_await store_.take({.now = now,
                                       .lease = config_.lease,
                                       .limit = room,
                                       .per_target = config_.under_way_per_target,
                                       .under_way = under_way_});
  if (!parcels) {
    log_.error("outbox_not_read", {{"error", parcels.error().message}});
    co_return false;
  }
  for (Parcel& parcel : *parcels) {
    ++under_way_[{parcel.kind, parcel.target}];
    ++total_under_way_;
    scope.spawn(carry(std::move(parcel)));
  }
  co_return !parcels->empty() || written.value_or(0) == config_.events_per_look;
}

Awaitable<void> OutboxCourier::carry(Parcel parcel) {
  const auto courier =
      std::ranges::find_if(couriers_, [&](const Courier* each) { return each->kind() == parcel.kind; });
  Status arrived = fail(ErrorCode::not_found, "nobody carries parcels of the kind '" + parcel.kind + "'");
  if (courier != couriers_.end()) arrived = co_await (*courier)->deliver(parcel, clock_.now() + config_.deadline);
  const std::pair target{parcel.kind, parcel.target};
  co_await settle(std::move(parcel), std::move(arrived));
  if (--under_way_[target] == 0) under_way_.erase(target);
  --total_under_way_;
  alarm_.ring();
}

Awaitable<void> OutboxCourier::settle(Parcel parcel, Status arrived) {
  DeliveryEnd end{.seq = parcel.seq, .tries = parcel.tries, .now = clock_.now()};
  if (!arrived) {
    end.error = arrived.error().message;
    if (arrived.error().code != ErrorCode::not_found)
      end.due_at = next_delivery(config_.retry, parcel.tries, parcel.give_up_at, end.now, random_.uniform());
    end.state = end.due_at ? DeliveryState::pending : DeliveryState::dead;
  }
  counted(parcel, arrived ? "delivered" : end.due_at ? "failed" : "dead").add();
  if (end.state == DeliveryState::dead)
    log_.warn("outbox_dead_letter", {{"kind", parcel.kind},
                                     {"target", parcel.target},
                                     {"event", parcel.event},
                                     {"event_id", parcel.event_id},
                                     {"tries", parcel.tries},
                                     {"error", end.error}});
  // Not stored: the lease runs out and it is sent once more, which receivers know by its id.
  if (const Status stored = co_await store_.settle(std::move(end)); !stored)
    log_.error("outbox_not_settled", {{"seq", parcel.seq}, {"error", stored.error().message}});
}

Counter& OutboxCourier::counted(const Parcel& parcel, std::string_view result) {
  return metrics_.counter("callramp_outbox_deliveries_total", "Tries to deliver, by what came of them.",
                          {{"kind", parcel.kind}, {"result", std::string(result)}});
}

}  // namespace callramp::engine
