// Flags, their history, pins, and the question which system a user is on.
#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"

namespace callramp::api {
namespace {

constexpr int history_limit = 100;

json::object five_fields(const FeatureFlags& flags) {
  return {{"outboundCallsEnabled", flags.outbound_calls_enabled},
          {"outboundCallsPercentage", percent_number(flags.outbound_calls_percentage)},
          {"enableRetryLogic", flags.enable_retry_logic},
          {"enableVoicemailDetection", flags.enable_voicemail_detection},
          {"enableBulkImport", flags.enable_bulk_import}};
}

net::Response flags_response(const FlagState& state, const std::vector<NodeId>& unconfirmed) {
  json::object body = five_fields(state.flags);
  body["version"] = state.version;
  body["updatedAt"] = to_iso(state.changed_at);
  body["updatedBy"] = state.changed_by;
  json::array nodes;
  for (const NodeId& node : unconfirmed) nodes.emplace_back(node.str());
  body["unconfirmedNodes"] = std::move(nodes);
  net::Response response = json_response(200, body);
  response.headers.add("ETag", "\"" + std::to_string(state.version) + "\"");
  return response;
}

Awaitable<Result<net::Response>> patch_flags(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(if_version, read_if_match(exchange.request));
  Fields in(body);
  FlagPatch patch{.outbound_calls_enabled = in.maybe_boolean("outboundCallsEnabled"),
                  .outbound_calls_percentage = std::nullopt,
                  .enable_retry_logic = in.maybe_boolean("enableRetryLogic"),
                  .enable_voicemail_detection = in.maybe_boolean("enableVoicemailDetection"),
                  .enable_bulk_import = in.maybe_boolean("enableBulkImport")};
  if (const auto number = in.maybe_number("outboundCallsPercentage")) {
    const auto percentage = Percent::from_number(*number);
    if (percentage)
      patch.outbound_calls_percentage = *percentage;
    else
      in.refuse("outboundCallsPercentage", percentage.error());
  }
  const std::string reason = in.maybe_text("reason", max_reason_bytes).value_or("");
  const bool hang_up = in.maybe_boolean("hangUpActive").value_or(false);
  if (hang_up && patch.outbound_calls_enabled != false)
    in.refuse("hangUpActive", {.code = ErrorCode::invalid_request,
                               .message = "hangUpActive is true; it goes only with outboundCallsEnabled false"});
  CO_TRY_VOID(in.finish());
  CO_TRY(reply, co_await deps.flags.patch(patch, if_version, exchange.actor, "api", reason));
  if (hang_up) deps.live_calls.hang_up_all(engine::Parting::apology);
  co_return flags_response(reply.state, reply.unconfirmed_nodes);
}

Awaitable<Result<net::Response>> undo_flags(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  CO_TRY(if_version, read_if_match(exchange.request));
  Fields in(body);
  const std::string reason = in.maybe_text("reason", max_reason_bytes).value_or("");
  CO_TRY_VOID(in.finish());
  CO_TRY(reply, co_await deps.flags.undo(if_version, exchange.actor, reason));
  co_return flags_response(reply.state, reply.unconfirmed_nodes);
}

Awaitable<Result<net::Response>> flag_history(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(changes, co_await deps.flags.history(history_limit));
  json::array rows;
  for (const FlagChange& change : changes)
    rows.push_back(json::object{{"version", change.version},
                                {"at", to_iso(change.at)},
                                {"actor", change.actor},
                                {"source", change.source},
                                {"reason", change.reason},
                                {"from", five_fields(change.from)},
                                {"to", five_fields(change.to)}});
  co_return json_response(200, json::object{{"changes", std::move(rows)}});
}

json::object to_json(const Pin& pin) {
  return {{"userId", pin.user.str()}, {"system", to_string(pin.system)},     {"reason", pin.reason},
          {"pinnedBy", pin.actor},    {"createdAt", to_iso(pin.created_at)}, {"until", iso_or_null(pin.until)}};
}

Awaitable<Result<net::Response>> list_pins(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(pins, co_await deps.flags.pins());
  json::array rows;
  for (const Pin& pin : pins) rows.push_back(to_json(pin));
  co_return json_response(200, json::object{{"pins", std::move(rows)}});
}

// Clients that hold evaluated flags have to ask again.
void tell_pins_changed(const Deps& deps) { deps.feed.publish({"pins", "{}"}); }

Awaitable<Result<net::Response>> remove_pin(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  const UserId user = in.required("userId", parse_user_id);
  const std::string reason = in.text("reason", max_reason_bytes);
  CO_TRY_VOID(in.finish());
  CO_TRY_VOID(co_await deps.flags.unpin(user, reason, exchange.actor));
  tell_pins_changed(deps);
  co_return no_content();
}

void append_number(std::string& out, std::int64_t number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

// Written by hand: this is asked before every call that anybody places. A user id holds no control characters, so two
// characters need escaping.
net::Response route_response(const Deps& deps, std::string_view user) {
  const RouteDecision decision = deps.flags.route(user);
  std::string out;
  out.reserve(192 + user.size());
  out += "{\"userId\":\"";
  for (const char c : user) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out.append("\",\"system\":\"").append(to_string(decision.system)).append("\",\"bucket\":");
  append_number(out, decision.bucket);
  out += ",\"position\":";
  append_number(out, decision.position_hundredths / 100);
  const int hundredths = decision.position_hundredths % 100;
  out += '.';
  out += static_cast<char>('0' + hundredths / 10);
  out += static_cast<char>('0' + hundredths % 10);
  out.append(",\"percentage\":").append(to_string(decision.percentage));
  out.append(",\"reason\":\"").append(to_string(decision.reason)).append("\",\"flagVersion\":");
  append_number(out, decision.flag_version);
  out += '}';
  return json_text(200, std::move(out));
}

Awaitable<Result<net::Response>> route_get(const Deps& deps, Exchange& exchange) {
  CO_TRY(user, parse_user_id(exchange.param("userId")));
  co_return route_response(deps, user.str());
}

Awaitable<Result<net::Response>> route_post(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  const UserId user = in.required("userId", parse_user_id);
  CO_TRY_VOID(in.finish());
  co_return route_response(deps, user.str());
}

}  // namespace

Awaitable<Result<net::Response>> put_pin(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  const UserId user = in.required("userId", parse_user_id);
  const System system = in.required("system", parse_system);
  const std::string reason = in.text("reason", max_reason_bytes);
  const auto until = in.maybe("until", parse_iso);
  CO_TRY_VOID(in.finish());
  CO_TRY_VOID(co_await deps.flags.pin(user, system, reason, until, exchange.actor));
  tell_pins_changed(deps);
  co_return json_response(200, to_json(Pin{.user = user,
                                           .system = system,
                                           .reason = reason,
                                           .actor = exchange.actor.name,
                                           .created_at = deps.clock.now(),
                                           .until = until}));
}

void add_flag_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/admin/feature-flags", Role::viewer, false,
              [&deps](Exchange&) -> Awaitable<Result<net::Response>> {
                co_return flags_response(deps.flags.current().flags, {});
              }});
  // Who may do what is judged by the change: lowering and killing need less than raising (definitions.md §4).
  router.add({"PATCH", "/api/v1/admin/feature-flags", Role::operator_, false, with(patch_flags)});
  router.add({"GET", "/api/v1/admin/feature-flags/history", Role::viewer, false, with(flag_history)});
  router.add({"POST", "/api/v1/admin/feature-flags/undo", Role::operator_, false, with(undo_flags)});
  router.add({"GET", "/api/v1/admin/pins", Role::viewer, false, with(list_pins)});
  router.add({"POST", "/api/v1/admin/pins", Role::operator_, false, with(put_pin)});
  router.add({"POST", "/api/v1/admin/pins/remove", Role::approver, false, with(remove_pin)});
  router.add({"GET", "/api/v1/route/{userId}", Role::viewer, false, with(route_get)});
  router.add({"POST", "/api/v1/route", Role::viewer, false, with(route_post)});
}

}  // namespace callramp::api
