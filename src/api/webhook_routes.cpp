// Webhooks: who is told of what happens here, and what became of telling them.
#include <algorithm>

#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_url_bytes = 2000;

json::array event_names(const std::vector<EventKind>& events) {
  json::array names;
  for (const EventKind event : events) names.emplace_back(to_string(event));
  return names;
}

json::object to_json(const Webhook& webhook) {
  return {{"id", webhook.id.str()},
          {"url", webhook.url},
          {"events", event_names(webhook.events)},
          {"createdAt", to_iso(webhook.created_at)},
          {"createdBy", webhook.created_by}};
}

json::object to_json(const Delivery& delivery) {
  const bool pending = delivery.state == DeliveryState::pending;
  return {{"id", delivery.parcel.seq},
          {"eventId", delivery.parcel.event_id},
          {"type", delivery.parcel.event},
          {"subject", delivery.parcel.subject},
          {"state", to_string(delivery.state)},
          {"tries", delivery.parcel.tries},
          {"createdAt", to_iso(delivery.created_at)},
          {"nextTryAt", pending ? json::value(to_iso(delivery.due_at)) : json::value(nullptr)},
          {"settledAt", iso_or_null(delivery.settled_at)},
          {"lastError", delivery.last_error}};
}

// "events": ["call.final", …], each once; without the field everything.
Result<std::optional<std::vector<EventKind>>> read_events(const json::object& body) {
  const json::value* given = body.if_contains("events");
  if (given == nullptr) return std::nullopt;
  const auto wrong = [](std::string message) { return fail(ErrorCode::invalid_request, std::move(message), "events"); };
  if (!given->is_array() || given->get_array().empty())
    return wrong("events is a list of at least one event's name, such as [\"call.final\"]");
  std::vector<EventKind> events;
  for (const json::value& name : given->get_array()) {
    if (!name.is_string()) return wrong("events is a list of names");
    auto event = parse_event_kind(name.get_string());
    if (!event) return wrong(std::move(event).error().message);
    if (std::ranges::find(events, *event) == events.end()) events.push_back(*event);
  }
  return events;
}

Awaitable<Result<net::Response>> list_webhooks(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(standings, co_await deps.outbox.webhooks());
  json::array rows;
  for (const WebhookStanding& standing : standings) {
    json::object row = to_json(standing.webhook);
    row["pending"] = standing.pending;
    row["dead"] = standing.dead;
    row["lastDeliveredAt"] = iso_or_null(standing.last_delivered_at);
    rows.push_back(std::move(row));
  }
  co_return json_response(200, json::object{{"webhooks", std::move(rows)}});
}

Awaitable<Result<net::Response>> create_webhook(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  Webhook webhook{.url = in.text("url", max_url_bytes)};
  in.skip("events");
  CO_TRY_VOID(in.finish());
  CO_TRY(events, read_events(body));
  CO_TRY_VOID(co_await deps.check_webhook_url(webhook.url));
  webhook.events = events.value_or(std::vector(every_event.begin(), every_event.end()));
  webhook.created_at = deps.clock.now();
  webhook.created_by = exchange.actor.name;
  webhook.id = make_id<WebhookId>(webhook.created_at, deps.random);
  webhook.secret = "whsec_" + deps.random.hex(32);
  CO_TRY_VOID(co_await deps.outbox.add_webhook(webhook, exchange.actor.name));
  json::object row = to_json(webhook);
  row["secret"] = webhook.secret;
  co_return json_response(201, row);
}

Awaitable<Result<net::Response>> get_webhook(const Deps& deps, Exchange& exchange) {
  CO_TRY(webhook, co_await deps.outbox.webhook(WebhookId{exchange.param("id")}));
  co_return json_response(200, to_json(webhook));
}

Awaitable<Result<net::Response>> change_webhook(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  WebhookChange change{.id = WebhookId{exchange.param("id")}, .url = in.maybe_text("url", max_url_bytes)};
  in.skip("events");
  CO_TRY_VOID(in.finish());
  CO_TRY(events, read_events(body));
  change.events = std::move(events);
  if (change.url) CO_TRY_VOID(co_await deps.check_webhook_url(*change.url));
  CO_TRY(webhook, co_await deps.outbox.change_webhook(std::move(change), exchange.actor.name, deps.clock.now()));
  co_return json_response(200, to_json(webhook));
}

Awaitable<Result<net::Response>> remove_webhook(const Deps& deps, Exchange& exchange) {
  CO_TRY_VOID(
      co_await deps.outbox.remove_webhook(WebhookId{exchange.param("id")}, exchange.actor.name, deps.clock.now()));
  co_return no_content();
}

Awaitable<Result<net::Response>> list_deliveries(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  DeliveryFilter filter{.webhook = WebhookId{exchange.param("id")}, .state = in.maybe("state", parse_delivery_state)};
  filter.before = in.maybe("before", [](std::string_view text) { return parse_count(text, 1, INT64_MAX); });
  filter.limit = static_cast<int>(
      in.maybe("limit", [](std::string_view text) { return parse_count(text, 1, max_limit); }).value_or(default_limit));
  CO_TRY_VOID(in.finish());
  CO_TRY(deliveries, co_await deps.outbox.deliveries(filter));
  json::array rows;
  for (const Delivery& delivery : deliveries) rows.push_back(to_json(delivery));
  co_return json_response(200, json::object{{"deliveries", std::move(rows)}});
}

Awaitable<Result<net::Response>> redeliver(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  Fields in(body);
  const auto delivery = in.maybe_integer("deliveryId", 1, INT64_MAX);
  CO_TRY_VOID(in.finish());
  CO_TRY(again, co_await deps.outbox.redeliver(WebhookId{exchange.param("id")}, delivery, DeliveryRetry{}.patience,
                                               exchange.actor.name, deps.clock.now()));
  co_return json_response(202, json::object{{"deliveries", again}});
}

}  // namespace

void add_webhook_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  // A receiver's URL may have a secret of its own in it: no viewer sees it.
  router.add({"GET", "/api/v1/webhooks", Role::operator_, false, with(list_webhooks)});
  router.add({"POST", "/api/v1/webhooks", Role::admin, false, with(create_webhook)});
  router.add({"GET", "/api/v1/webhooks/{id}", Role::operator_, false, with(get_webhook)});
  router.add({"PATCH", "/api/v1/webhooks/{id}", Role::admin, false, with(change_webhook)});
  router.add({"DELETE", "/api/v1/webhooks/{id}", Role::admin, false, with(remove_webhook)});
  router.add({"GET", "/api/v1/webhooks/{id}/deliveries", Role::operator_, false, with(list_deliveries)});
  router.add({"POST", "/api/v1/webhooks/{id}/redeliver", Role::operator_, false, with(redeliver)});
}

}  // namespace callramp::api
