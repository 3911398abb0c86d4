// Alertmanager's webhook (payload version 4): an alert that carries the label `callramp_kind` is evidence from the
// moment it fires, resolved when it resolves. Idempotent by fingerprint and start, because Alertmanager sends an alert
// again with every repeat_interval and after every answer that is not 2xx.
//
// Its document is a foreign one that grows: fields that are not needed here are not looked at.
#include "api/answers.hpp"
#include "api/evidence_report.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "net/digest.hpp"

namespace callramp::api {
namespace {

constexpr std::string_view reporter = "alertmanager";

/// A text member of an object member: alert.labels.alertname.
std::string text_at(const json::object& alert, std::string_view object, std::string_view name) {
  const json::value* inner = alert.if_contains(object);
  const json::value* found = inner != nullptr && inner->is_object() ? inner->get_object().if_contains(name) : nullptr;
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}
std::string text_at(const json::object& alert, std::string_view name) {
  const json::value* found = alert.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// Rules everywhere write severity as critical, warning, info; a bug's severity is P1, P2, P3.
std::string severity_of(const json::object& alert, std::string_view kind) {
  std::string own = text_at(alert, "labels", "callramp_severity");
  if (!own.empty()) return own;
  const std::string usual = text_at(alert, "labels", "severity");
  if (kind != "bug") return kind == "ticket" ? "" : usual;
  if (usual == "critical" || usual == "page") return "P1";
  if (usual == "warning") return "P2";
  return usual == "info" || usual == "none" ? "P3" : usual;
}

struct Alert {
  rollout::EvidenceItem item;
  std::string note;
  std::optional<Instant> resolved_at;
};

/// Nothing: it is not meant for us.
Result<std::optional<Alert>> read_alert(const json::value& value, Instant now) {
  if (!value.is_object()) return fail(ErrorCode::invalid_request, "an alert is no object", "alerts");
  const json::object& alert = value.get_object();
  const std::string kind = text_at(alert, "labels", "callramp_kind");
  if (kind.empty()) return std::nullopt;
  const std::string name = text_at(alert, "labels", "alertname");
  const auto in_alert = [&](Error error) {
    return fail(ErrorCode::invalid_request, "alert '" + name.substr(0, 60) + "': " + error.message, "alerts");
  };
  const auto known_kind = parse_evidence_kind(kind);
  if (!known_kind) return in_alert(known_kind.error());
  const auto started = parse_iso(text_at(alert, "startsAt"));
  if (!started) return in_alert({.message = "startsAt: " + started.error().message});
  const std::string fingerprint = text_at(alert, "fingerprint");
  if (fingerprint.empty() || fingerprint.size() > max_external_id_bytes / 2)
    return in_alert({.message = "fingerprint is missing, or longer than 100 bytes"});
  Alert read;
  read.item = {.kind = *known_kind,
               .external_id = std::string(reporter) + ":" + fingerprint + ":" + to_iso(*started),
               .severity = severity_of(alert, kind),
               .status = {},
               .call_id = {},
               .at = *started,
               .system = {}};
  // The alert's name and not its annotations: those hold the latest value, and the same alert must stay the same.
  read.note = name.substr(0, max_reason_bytes);
  if (text_at(alert, "status") == "resolved") {
    const auto ended = parse_iso(text_at(alert, "endsAt"));
    read.resolved_at = ended ? *ended : now;
  }
  if (auto fits = check_report(read.item, false, now); !fits) return in_alert(fits.error());
  return read;
}

struct Taken {
  std::int64_t recorded = 0;
  std::int64_t resolved = 0;
};

Awaitable<Result<Taken>> take(const Deps& deps, Alert alert, std::string by) {
  const Instant now = deps.clock.now();
  Taken taken;
  // Also of one that arrives resolved: it happened, and a P1 that lasted a minute was a P1.
  auto added = co_await deps.rollouts.add_evidence({.item = alert.item, .note = alert.note, .by = by, .now = now});
  // Known with other content: somebody changed the rule's labels while it fires. What was recorded first stands.
  if (!added && added.error().code != ErrorCode::conflict) co_return std::unexpected(added.error());
  taken.recorded = added && *added ? 1 : 0;
  if (!alert.resolved_at) co_return taken;
  CO_TRY_VOID(co_await deps.rollouts.change_evidence(
      alert.item.kind, alert.item.external_id,
      {.at = now, .by = by, .status = "resolved", .reason = "the alert resolved at " + to_iso(*alert.resolved_at)}));
  taken.resolved = 1;
  co_return taken;
}

Awaitable<Result<net::Response>> alerts(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  if (text_at(body, "version") != "4")
    co_return fail(ErrorCode::invalid_request, "version is not \"4\"; this reads Alertmanager's webhook payload 4",
                   "version");
  const json::value* list = body.if_contains("alerts");
  if (list == nullptr || !list->is_array())
    co_return fail(ErrorCode::invalid_request, "alerts is missing, or no array", "alerts");
  // All are read before the first is taken: a document that is wrong changes nothing.
  std::vector<Alert> meant;
  for (const json::value& value : list->get_array()) {
    CO_TRY(alert, read_alert(value, deps.clock.now()));
    if (alert) meant.push_back(*std::move(alert));
  }
  const std::string by = exchange.actor.name.empty() ? std::string(reporter) : exchange.actor.name;
  const auto received = static_cast<std::int64_t>(list->get_array().size());
  const auto ignored = received - static_cast<std::int64_t>(meant.size());
  Taken all;
  for (Alert& alert : meant) {
    CO_TRY(taken, co_await take(deps, std::move(alert), by));
    all.recorded += taken.recorded;
    all.resolved += taken.resolved;
  }
  co_return json_response(
      200, json::object{
               {"received", received}, {"recorded", all.recorded}, {"resolved", all.resolved}, {"ignored", ignored}});
}

// Where a header cannot be set, the secret stands in the path, as with the carrier's webhooks.
Awaitable<Result<net::Response>> alerts_with_secret(const Deps& deps, Exchange& exchange) {
  if (deps.webhook_secret.empty() || !net::constant_time_equal(exchange.param("secret"), deps.webhook_secret))
    co_return fail(ErrorCode::not_found, "there is nothing at this path");
  co_return co_await alerts(deps, exchange);
}

}  // namespace

void add_alert_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"POST", "/webhooks/alertmanager", Role::operator_, false, with(alerts)});
  router.add({"POST", "/webhooks/alertmanager/{secret}", std::nullopt, false, with(alerts_with_secret)});
}

}  // namespace callramp::api
