// The outbox over SQL. What an event says is read when it is written out, in the same transaction (outbox_events.cpp).
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/outbox.hpp"

namespace callramp::sql {

class SqlOutboxStore final : public OutboxStore {
 public:
  explicit SqlOutboxStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Status> add_webhook(Webhook webhook, std::string actor) override;
  Awaitable<Result<Webhook>> webhook(WebhookId id) override;
  Awaitable<Result<std::vector<WebhookStanding>>> webhooks() override;
  Awaitable<Result<Webhook>> change_webhook(WebhookChange change, std::string actor, Instant now) override;
  Awaitable<Status> remove_webhook(WebhookId id, std::string actor, Instant now) override;
  Awaitable<Result<std::vector<Delivery>>> deliveries(DeliveryFilter filter) override;
  Awaitable<Result<std::int64_t>> redeliver(WebhookId id, std::optional<std::int64_t> seq, Duration patience,
                                            std::string actor, Instant now) override;
  Awaitable<Result<bool>> has_work(Instant now) override;
  Awaitable<Result<int>> write_out(int limit, Duration patience, Instant now) override;
  Awaitable<Result<std::vector<Parcel>>> take(TakeRequest request) override;
  Awaitable<Status> settle(DeliveryEnd end) override;
  Awaitable<Result<std::int64_t>> dead_letters() override;

 private:
  DbExecutor& executor_;
};

/// One event as the trigger wrote it.
struct EventRow {
  std::int64_t seq = 0;
  std::string kind;
  std::string subject;
  Instant at{};
};
/// What is sent of an event, and within which subject its order is kept.
struct EventText {
  std::string id;
  std::string subject;
  std::string body;
};
/// Nothing if what it tells of is gone meanwhile: a person was erased, a campaign removed.
std::optional<EventText> event_text(Db& db, const EventRow& event);

}  // namespace callramp::sql
