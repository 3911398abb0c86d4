// Outbox: events that other systems are told of, and who carries them. An event is written in the transaction that it
// tells of, so that none is lost and none tells of what never happened.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/executor.hpp"
#include "core/outbox/outbox.hpp"

namespace callramp {

/// A subscription: who is told of what. The secret signs what is sent and is shown once, when it is made.
struct Webhook {
  WebhookId id;
  std::string url;
  std::vector<EventKind> events;
  std::string secret;
  Instant created_at{};
  std::string created_by;
};

struct WebhookStanding {
  Webhook webhook;
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::optional<Instant> last_delivered_at;
};

struct WebhookChange {
  WebhookId id;
  std::optional<std::string> url;
  std::optional<std::vector<EventKind>> events;
};

/// One message to one receiver.
struct Parcel {
  std::int64_t seq = 0;  ///< of the delivery; grows with the order of what happened
  std::string kind;      ///< whose courier carries it: "webhook"
  std::string target;    ///< of that courier: a webhook's id
  std::string event_id;  ///< the same at every receiver and at every try
  std::string event;     ///< "call.final"
  std::string subject;   ///< what it is about, and within which its order is kept
  std::string body;
  int tries = 0;  ///< this one included
  Instant give_up_at{};
};

struct Delivery {
  Parcel parcel;  ///< without its body
  DeliveryState state = DeliveryState::pending;
  Instant created_at{};
  Instant due_at{};  ///< of the next try, while it is pending
  std::optional<Instant> settled_at;
  std::string last_error;
};

struct DeliveryFilter {
  WebhookId webhook;
  std::optional<DeliveryState> state;
  std::optional<std::int64_t> before;  ///< seq
  int limit = 20;                      ///< 1 … 100
};

struct TakeRequest {
  Instant now{};
  Duration lease = seconds{60};  ///< what is not settled by then is tried again: its courier died
  int limit = 64;
  int per_target = 8;  ///< under way at one receiver, so that one that hangs holds up nobody else
  std::map<std::pair<std::string, std::string>, int> under_way;  ///< by kind and target
};

/// How a try ended.
struct DeliveryEnd {
  std::int64_t seq = 0;
  int tries = 0;  ///< of the parcel: a try that outlived its lease settles nothing
  DeliveryState state = DeliveryState::delivered;
  std::optional<Instant> due_at;  ///< of a pending one
  std::string error;
  Instant now{};
};

/// Every method is one transaction.
class OutboxStore {
 public:
  virtual ~OutboxStore() = default;

  virtual Awaitable<Status> add_webhook(Webhook webhook, std::string actor) = 0;  ///< audited
  virtual Awaitable<Result<Webhook>> webhook(WebhookId id) = 0;                   ///< not_found
  virtual Awaitable<Result<std::vector<WebhookStanding>>> webhooks() = 0;
  virtual Awaitable<Result<Webhook>> change_webhook(WebhookChange change, std::string actor,
                                                    Instant now) = 0;  ///< audited
  /// With everything that waits for it. Audited.
  virtual Awaitable<Status> remove_webhook(WebhookId id, std::string actor, Instant now) = 0;
  /// Newest first.
  virtual Awaitable<Result<std::vector<Delivery>>> deliveries(DeliveryFilter filter) = 0;
  /// Sends again: the one, whatever became of it, or every dead one. Returns how many. Audited.
  virtual Awaitable<Result<std::int64_t>> redeliver(WebhookId id, std::optional<std::int64_t> seq, Duration patience,
                                                    std::string actor, Instant now) = 0;

  /// Whether there is an event to write out or a delivery that is due.
  virtual Awaitable<Result<bool>> has_work(Instant now) = 0;
  /// Writes up to `limit` events out as deliveries, one for each webhook that wants it. Returns how many events.
  virtual Awaitable<Result<int>> write_out(int limit, Duration patience, Instant now) = 0;
  /// Takes what is due, counts the try and leases it. Of one target and subject only the first that is pending.
  virtual Awaitable<Result<std::vector<Parcel>>> take(TakeRequest request) = 0;
  virtual Awaitable<Status> settle(DeliveryEnd end) = 0;
  virtual Awaitable<Result<std::int64_t>> dead_letters() = 0;
};

/// Carries one kind of parcel. A try that may or may not have arrived counts as failed: receivers know an event by its
/// id.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual std::string_view kind() const noexcept = 0;
  /// not_found: there is no such receiver any more, and trying again is pointless. Any other error: later.
  virtual Awaitable<Status> deliver(Parcel parcel, Instant deadline) = 0;
};

}  // namespace callramp
