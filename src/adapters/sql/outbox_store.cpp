#include "adapters/sql/outbox_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

constexpr std::string_view webhook_kind = "webhook";
constexpr std::string_view webhook_columns = "id, url, events, secret, created_at, created_by";
constexpr std::string_view webhook_kinds = "ttttnt";

// "call.final,batch.done", between commas of its own, so that a look for ",call.final," finds it.
std::string events_text(const std::vector<EventKind>& events) {
  std::string text = ",";
  for (const EventKind event : events) text += std::string(to_string(event)) + ",";
  return text;
}

std::vector<EventKind> read_events(const std::string& text) {
  std::vector<EventKind> events;
  for (const EventKind event : every_event)
    if (text.find("," + std::string(to_string(event)) + ",") != std::string::npos) events.push_back(event);
  return events;
}

Webhook read_webhook(Row& row) {
  return Webhook{.id = row.id<WebhookId>(),
                 .url = row.text(),
                 .events = read_events(row.text()),
                 .secret = row.text(),
                 .created_at = row.instant(),
                 .created_by = row.text()};
}

Result<Webhook> required_webhook(Db& db, const WebhookId& id) {
  static const std::string sql = select(webhook_columns, "webhooks", "where id = :id");
  auto webhook = db.one(sql, webhook_kinds, {id}, read_webhook);
  if (!webhook)
    return fail(ErrorCode::not_found, "there is no webhook '" + id.str() + "'; `callramp webhooks list` shows them");
  return *std::move(webhook);
}

constexpr std::string_view parcel_columns = "seq, kind, target, event_id, event, subject, tries, give_up_at";
Parcel read_parcel(Row& row) {
  return Parcel{.seq = row.number(),
                .kind = row.text(),
                .target = row.text(),
                .event_id = row.text(),
                .event = row.text(),
                .subject = row.text(),
                .body = {},
                .tries = row.integer(),
                .give_up_at = row.instant()};
}

Result<int> write_events_out(Db& db, int limit, Duration patience, Instant now) {
  const auto events = db.all(
      "select seq, kind, subject, at from events order by seq limit :limit", "nttn", {limit}, +[](Row& row) {
        return EventRow{.seq = row.number(), .kind = row.text(), .subject = row.text(), .at = row.instant()};
      });
  for (const EventRow& event : events) {
    if (const auto text = event_text(db, event))
      db.run(
          "insert into outbox (kind, target, subject, event_id, event, body, created_at, due_at, give_up_at) select "
          ":kind, id, :subject, :event_id, :event, :body, :created, :due, :give_up from webhooks where events like "
          ":wanted order by id",
          {webhook_kind, text->subject, text->id, event.kind, text->body, event.at, now, now + patience,
           "%," + event.kind + ",%"});
    db.run("delete from events where seq = :seq", {event.seq});
  }
  return static_cast<int>(events.size());
}

struct Target {
  std::string kind;
  std::string name;
};

// Those with something pending. One step of the index each, however much waits.
std::vector<Target> targets(Db& db) {
  std::vector<Target> found;
  const auto next = [&](std::string_view sql, std::initializer_list<Param> after) {
    return db.one(sql, "tt", after, +[](Row& row) { return Target{.kind = row.text(), .name = row.text()}; });
  };
  auto target = next("select kind, target from outbox where state = 'pending' order by kind, target limit 1", {});
  while (target) {
    found.push_back(*target);
    target = next(
        "select kind, target from outbox where state = 'pending' and (kind, target) > (:kind, :target) order by kind, "
        "target limit 1",
        {found.back().kind, found.back().name});
  }
  return found;
}

std::vector<Parcel> take_due(Db& db, const TakeRequest& request) {
  static const std::string due = fmt::format(
      "select {} from outbox o where kind = :kind and target = :target and state = 'pending' and due_at <= :now and "
      "not exists (select 1 from outbox e where e.kind = o.kind and e.target = o.target and e.subject = o.subject and "
      "e.state = 'pending' and e.seq < o.seq) order by due_at, seq limit :limit",
      parcel_columns);
  std::vector<Parcel> taken;
  for (const Target& target : targets(db)) {
    const auto under_way = request.under_way.find({target.kind, target.name});
    const int room = std::min(request.per_target - (under_way == request.under_way.end() ? 0 : under_way->second),
                              request.limit - static_cast<int>(taken.size()));
    if (room <= 0) continue;
    for (Parcel& parcel : db.all(due,
                                 "nttttt"
                                 "nn",
                                 {target.kind, target.name, request.now, room}, read_parcel))
      taken.push_back(std::move(parcel));
  }
  for (Parcel& parcel : taken) {
    ++parcel.tries;
    db.run("update outbox set due_at = :until, tries = :tries where seq = :seq",
           {request.now + request.lease, parcel.tries, parcel.seq});
    parcel.body =
        db.one(
              "select body from outbox where seq = :seq", "t", {parcel.seq}, +[](Row& row) { return row.text(); })
            .value_or("");
  }
  return taken;
}

}  // namespace

Awaitable<Status> SqlOutboxStore::add_webhook(Webhook webhook, std::string actor) {
  return executor_.write<void>([webhook = std::move(webhook), actor = std::move(actor)](Db& db) -> Status {
    db.run(
        "insert into webhooks (id, url, events, secret, created_at, created_by) values (:id, :url, :events, :secret, "
        ":created, :by)",
        {webhook.id, webhook.url, events_text(webhook.events), webhook.secret, webhook.created_at, webhook.created_by});
    append_audit(db, {.at = webhook.created_at,
                      .actor = actor,
                      .action = "webhook.create",
                      .subject = webhook.id.str(),
                      .reason = events_text(webhook.events)});
    return {};
  });
}

Awaitable<Result<Webhook>> SqlOutboxStore::webhook(WebhookId id) {
  return executor_.read<Webhook>([id = std::move(id)](Db& db) { return required_webhook(db, id); });
}

Awaitable<Result<std::vector<WebhookStanding>>> SqlOutboxStore::webhooks() {
  using Standings = std::vector<WebhookStanding>;
  return executor_.read<Standings>([](Db& db) -> Result<Standings> {
    static const std::string sql = select(webhook_columns, "webhooks", "order by created_at, id");
    Standings standings;
    for (Webhook& webhook : db.all(sql, webhook_kinds, {}, read_webhook)) {
      WebhookStanding standing{.webhook = std::move(webhook)};
      const WebhookId& id = standing.webhook.id;
      standing.pending = db.number(
                               "select count(*) from outbox where kind = 'webhook' and target = :id and state = "
                               "'pending'",
                               {id})
                             .value_or(0);
      standing.dead =
          db.number("select count(*) from outbox where kind = 'webhook' and target = :id and state = 'dead'", {id})
              .value_or(0);
      db.select(
          "select settled_at from outbox where kind = 'webhook' and target = :id and state = 'delivered' order by seq "
          "desc limit 1",
          "n", {id}, [&](Row& row) { standing.last_delivered_at = row.instant(); });
      standings.push_back(std::move(standing));
    }
    return standings;
  });
}

Awaitable<Result<Webhook>> SqlOutboxStore::change_webhook(WebhookChange change, std::string actor, Instant now) {
  return executor_.write<Webhook>([=](Db& db) -> Result<Webhook> {
    TRY(webhook, required_webhook(db, change.id));
    if (change.url) webhook.url = *change.url;
    if (change.events) webhook.events = *change.events;
    db.run("update webhooks set url = :url, events = :events where id = :id",
           {webhook.url, events_text(webhook.events), change.id});
    append_audit(db, {.at = now,
                      .actor = actor,
                      .action = "webhook.change",
                      .subject = change.id.str(),
                      .reason = events_text(webhook.events)});
    return webhook;
  });
}

Awaitable<Status> SqlOutboxStore::remove_webhook(WebhookId id, std::string actor, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    TRY_VOID(required_webhook(db, id));
    const std::int64_t dropped =
        db.run("delete from outbox where kind = 'webhook' and target = :id and state = 'pending'", {id});
    db.run("delete from outbox where kind = 'webhook' and target = :id", {id});
    db.run("delete from webhooks where id = :id", {id});
    append_audit(db, {.at = now,
                      .actor = actor,
                      .action = "webhook.remove",
                      .subject = id.str(),
                      .details_json = fmt::format("{{\"undelivered\":{}}}", dropped)});
    return {};
  });
}

Awaitable<Result<std::vector<Delivery>>> SqlOutboxStore::deliveries(DeliveryFilter filter) {
  using Deliveries = std::vector<Delivery>;
  return executor_.read<Deliveries>([filter = std::move(filter)](Db& db) -> Result<Deliveries> {
    TRY_VOID(required_webhook(db, filter.webhook));
    static const std::string sql = fmt::format(
        "select {}, state, created_at, due_at, settled_at, last_error from outbox where kind = 'webhook' and target = "
        ":target and seq < :before and state like :state order by seq desc limit :limit",
        parcel_columns);
    return db.all(
        sql,
        "nttttt"
        "nn"
        "tnnnt",
        {filter.webhook, filter.before.value_or(INT64_MAX), filter.state ? to_string(*filter.state) : "%",
         filter.limit},
        +[](Row& row) {
          return Delivery{.parcel = read_parcel(row),
                          .state = row.word(parse_delivery_state),
                          .created_at = row.instant(),
                          .due_at = row.instant(),
                          .settled_at = row.maybe(&Row::instant),
                          .last_error = row.text()};
        });
  });
}

Awaitable<Result<std::int64_t>> SqlOutboxStore::redeliver(WebhookId id, std::optional<std::int64_t> seq,
                                                          Duration patience, std::string actor, Instant now) {
  return executor_.write<std::int64_t>([=](Db& db) -> Result<std::int64_t> {
    TRY_VOID(required_webhook(db, id));
    std::int64_t again = 0;
    if (seq) {
      again = db.run(
          "update outbox set state = 'pending', settled_at = null, tries = 0, due_at = :now, give_up_at = :give_up "
          "where kind = 'webhook' and target = :id and seq = :seq",
          {now, now + patience, id, *seq});
      if (again == 0)
        return fail(ErrorCode::not_found, fmt::format("webhook '{}' has no delivery {}", id.str(), *seq), "deliveryId");
    } else {
      again = db.run(
          "update outbox set state = 'pending', settled_at = null, tries = 0, due_at = :now, give_up_at = :give_up "
          "where kind = 'webhook' and target = :id and state = 'dead'",
          {now, now + patience, id});
    }
    append_audit(db, {.at = now,
                      .actor = actor,
                      .action = "webhook.redeliver",
                      .subject = id.str(),
                      .details_json = fmt::format("{{\"deliveries\":{}}}", again)});
    return again;
  });
}

Awaitable<Result<bool>> SqlOutboxStore::has_work(Instant now) {
  return executor_.read<bool>([now](Db& db) -> Result<bool> {
    return db.exists("select 1 from events limit 1", {}) ||
           db.exists("select 1 from outbox where state = 'pending' and due_at <= :now limit 1", {now});
  });
}

Awaitable<Result<int>> SqlOutboxStore::write_out(int limit, Duration patience, Instant now) {
  return executor_.write<int>([=](Db& db) { return write_events_out(db, limit, patience, now); });
}

Awaitable<Result<std::vector<Parcel>>> SqlOutboxStore::take(TakeRequest request) {
  return executor_.write<std::vector<Parcel>>(
      [request = std::move(request)](Db& db) -> Result<std::vector<Parcel>> { return take_due(db, request); });
}

Awaitable<Status> SqlOutboxStore::settle(DeliveryEnd end) {
  return executor_.write<void>([end = std::move(end)](Db& db) -> Status {
    const bool pending = end.state == DeliveryState::pending;
    db.run(
        "update outbox set state = :state, settled_at = :settled, due_at = :due, last_error = :error where seq = :seq "
        "and tries = :tries and state = 'pending'",
        {to_string(end.state), pending ? std::nullopt : std::optional(end.now), end.due_at.value_or(end.now), end.error,
         end.seq, end.tries});
    return {};
  });
}

Awaitable<Result<std::int64_t>> SqlOutboxStore::dead_letters() {
  return executor_.read<std::int64_t>([](Db& db) -> Result<std::int64_t> {
    return db.number("select count(*) from outbox where state = 'dead'", {}).value_or(0);
  });
}

}  // namespace callramp::sql
