// OpenFeature's remote evaluation: the same answers as /route and the flags, for clients that speak OFREP 0.3.
#include <algorithm>

#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "net/digest.hpp"
#include "net/sse.hpp"

namespace callramp::api {
namespace {

constexpr std::string_view system_flag = "outbound-calls-system";
constexpr std::string_view five_flags[] = {"outboundCallsEnabled", "outboundCallsPercentage", "enableRetryLogic",
                                           "enableVoicemailDetection", "enableBulkImport"};

/// What OFREP calls a failure: an errorCode of its own beside the text.
struct Refusal {
  int status = 400;
  std::string code;
  std::string details;
};
template <class T>
using Evaluated = std::expected<T, Refusal>;

json::object to_json(const Refusal& refusal, std::optional<std::string_view> key) {
  json::object body{{"errorCode", refusal.code}, {"errorDetails", refusal.details}};
  if (key) body["key"] = *key;
  return body;
}

/// The context of the request; a body that is missing counts as one without a context, as other servers take it.
Awaitable<Evaluated<json::object>> read_context(Exchange& exchange) {
  auto body = co_await read_object_or_nothing(exchange);
  if (!body) {
    const bool parse = body.error().code == ErrorCode::invalid_request;
    co_return std::unexpected(
        Refusal{http_status(body.error().code), parse ? "PARSE_ERROR" : "GENERAL", body.error().message});
  }
  const json::value* context = body->if_contains("context");
  if (context == nullptr) co_return json::object{};
  if (!context->is_object())
    co_return std::unexpected(Refusal{400, "INVALID_CONTEXT", "context must be an object with targetingKey"});
  co_return context->get_object();
}

json::object evaluate_system(const RouteDecision& decision) {
  const bool split =
      decision.reason == RouteReason::below_percentage || decision.reason == RouteReason::at_or_above_percentage;
  const bool disabled = decision.reason == RouteReason::outbound_calls_disabled;
  return {{"key", system_flag},
          {"value", to_string(decision.system)},
          {"variant", metric_label(decision.system)},
          {"reason", split      ? "SPLIT"
                     : disabled ? "DISABLED"
                                : "TARGETING_MATCH"},
          {"metadata", json::object{{"bucket", decision.bucket},
                                    {"percentage", percent_number(decision.percentage)},
                                    {"routeReason", to_string(decision.reason)},
                                    {"flagVersion", decision.flag_version}}}};
}

json::object evaluate_setting(std::string_view key, const FlagState& state) {
  const FeatureFlags& flags = state.flags;
  json::object body{{"key", key}, {"reason", "STATIC"}, {"metadata", json::object{{"flagVersion", state.version}}}};
  if (key == "outboundCallsPercentage") {
    body["value"] = percent_number(flags.outbound_calls_percentage);
    body["variant"] = to_string(flags.outbound_calls_percentage);
    return body;
  }
  const bool on = key == "outboundCallsEnabled"       ? flags.outbound_calls_enabled
                  : key == "enableRetryLogic"         ? flags.enable_retry_logic
                  : key == "enableVoicemailDetection" ? flags.enable_voicemail_detection
                                                      : flags.enable_bulk_import;
  body["value"] = on;
  body["variant"] = on ? "on" : "off";
  return body;
}

Evaluated<json::object> evaluate(const Deps& deps, std::string_view key, const json::object& context) {
  if (std::ranges::find(five_flags, key) != std::end(five_flags))
    return evaluate_setting(key, deps.flags.current().flags);
  if (key != system_flag)
    return std::unexpected(
        Refusal{404, "FLAG_NOT_FOUND", "there is no flag '" + std::string(key.substr(0, 100)) + "'"});
  const json::value* user = context.if_contains("targetingKey");
  if (user == nullptr || (user->is_string() && user->get_string().empty()))
    return std::unexpected(
        Refusal{400, "TARGETING_KEY_MISSING", "outbound-calls-system is decided by targetingKey, the user's id"});
  if (!user->is_string()) return std::unexpected(Refusal{400, "INVALID_CONTEXT", "targetingKey must be a string"});
  const auto parsed = parse_user_id(std::string_view(user->get_string()));
  if (!parsed) return std::unexpected(Refusal{400, "INVALID_CONTEXT", "targetingKey: " + parsed.error().message});
  return evaluate_system(deps.flags.route(parsed->str()));
}

Awaitable<Result<net::Response>> evaluate_one(const Deps& deps, Exchange& exchange) {
  const std::string key = exchange.param("key");
  const auto context = co_await read_context(exchange);
  if (!context) co_return json_response(context.error().status, to_json(context.error(), key));
  const auto value = evaluate(deps, key, *context);
  if (!value) co_return json_response(value.error().status, to_json(value.error(), key));
  co_return json_response(200, *value);
}

// Changes with every flag and pin, for whomever they are: what the event stream tells.
std::string configuration_etag(const RoutingState& state) {
  std::vector<std::string> pins;
  for (const auto& [user, pin] : state.pins) {
    std::string line = user + '\n' + std::string(to_string(pin.system));
    if (pin.until) line += '\n' + to_iso(*pin.until);
    pins.push_back(std::move(line));
  }
  std::ranges::sort(pins);
  std::string text = std::to_string(state.flags.version);
  for (const std::string& pin : pins) text += '\n' + pin;
  return "\"" + net::sha256_hex(text).substr(0, 32) + "\"";
}

bool matches(std::string_view if_none_match, std::string_view etag) {
  if (if_none_match == "*") return true;
  while (!if_none_match.empty()) {
    auto one = if_none_match.substr(0, if_none_match.find(','));
    if_none_match.remove_prefix(std::min(if_none_match.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);  // If-None-Match compares weakly (RFC 9110 §13.1.2)
    if (one == etag) return true;
  }
  return false;
}

Awaitable<Result<net::Response>> evaluate_all(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  const auto known_configuration = in.maybe_text("flagConfigEtag", max_reason_bytes);
  in.maybe_text("flagConfigLastModified", max_reason_bytes);
  CO_TRY_VOID(in.finish());
  const auto context = co_await read_context(exchange);
  if (!context) co_return json_response(context.error().status, to_json(context.error(), std::nullopt));

  json::array flags;
  const auto add = [&](std::string_view key) {
    const auto value = evaluate(deps, key, *context);
    flags.push_back(value ? *value : to_json(value.error(), key));
  };
  add(system_flag);
  for (const std::string_view key : five_flags) add(key);

  // The context is part of it: otherwise a user who logs in gets "not modified" for somebody else's flags.
  const RoutingState& state = deps.flags.current();
  const std::string etag = "\"" +
                           net::sha256_hex(std::to_string(state.flags.version) + "\n" + canonical(*context) + "\n" +
                                           json::serialize(flags)) +
                           "\"";
  const auto if_none_match = exchange.request.headers.find("If-None-Match");
  // A client that was told of a configuration that is not ours (any more) gets the whole answer.
  const bool up_to_date = !known_configuration || *known_configuration == configuration_etag(state);
  net::Response response;
  if (if_none_match && up_to_date && matches(*if_none_match, etag)) {
    response.status = 304;
  } else {
    response = json_response(
        200, json::object{{"flags", std::move(flags)},
                          {"eventStreams",
                           json::array{json::object{{"type", "sse"},
                                                    {"endpoint", json::object{{"requestUri", "/ofrep/v1/events"}}}}}}});
  }
  response.headers.add("ETag", etag);
  co_return response;
}

std::string refetch(const RoutingState& state) {
  const std::string etag = configuration_etag(state);
  const auto changed = std::chrono::floor<seconds>(state.flags.changed_at).time_since_epoch().count();
  return net::format_sse(
      {.event = "message",
       .data = json::serialize(json::object{{"type", "refetchEvaluation"}, {"etag", etag}, {"lastModified", changed}}),
       .id = etag.substr(1, etag.size() - 2)});
}

Awaitable<Result<net::Response>> notify(const Deps& deps, const TokenGuard& guard, Exchange& exchange) {
  CO_TRY(watcher, deps.feed.watch(co_await asio::this_coro::executor, deps.clock));
  std::string greeting = ": flags and pins\n\n";
  const auto last = exchange.request.headers.find("Last-Event-ID");
  if (last && configuration_etag(deps.flags.current()) != "\"" + std::string(*last) + "\"")
    greeting += refetch(deps.flags.current());
  co_return event_stream(
      std::move(watcher), deps.clock, std::move(greeting),
      [&deps](const LiveFeed::Seen& seen) -> std::optional<std::string> {
        if (seen.event.kind != "flags" && seen.event.kind != "pins") return std::nullopt;
        return refetch(deps.flags.current());
      },
      still_allowed(exchange, guard));
}

}  // namespace

void add_ofrep_routes(Router& router, const Deps& deps, const TokenGuard& guard) {
  const auto with = bound_to(deps);
  router.add({"POST", "/ofrep/v1/evaluate/flags/{key}", Role::viewer, false, with(evaluate_one)});
  router.add({"POST", "/ofrep/v1/evaluate/flags", Role::viewer, false, with(evaluate_all)});
  router.add({"GET", "/ofrep/v1/events", Role::viewer, false,
              [&deps, &guard](Exchange& exchange) { return notify(deps, guard, exchange); }});
}

}  // namespace callramp::api
