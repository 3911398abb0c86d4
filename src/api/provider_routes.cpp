// What stands of each provider, and the orders that people give at night.
#include "api/provider_routes.hpp"

#include <charconv>

#include "api/answers.hpp"
#include "api/call_json.hpp"
#include "api/fields.hpp"

namespace callramp::api {
namespace {

using engine::ProviderBoard;
using engine::ProviderState;

// An order that is meant to hold for longer than a month is a matter of the configuration.
constexpr std::chrono::days longest_order{31};

// "30m", "2h", "90s", "1d".
Result<Duration> parse_lasting(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t unit_seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86'400 : 0;
  constexpr std::int64_t most = std::chrono::seconds{longest_order}.count();
  if (error != std::errc{} || unit_seconds == 0 || count < 1 || count > most / unit_seconds)
    return fail(ErrorCode::invalid_request,
                "'" + std::string(text.substr(0, 40)) + "' is no time of at most 31 days like 30m, 2h or 1d", "for");
  return Duration{seconds{count * unit_seconds}};
}

json::value millis_or_null(const std::optional<Duration>& span) {
  if (!span) return nullptr;
  return static_cast<double>(span->count()) / 1000.0;
}

json::value order_json(const std::optional<providers::Order>& order) {
  if (!order) return nullptr;
  return json::object{{"kind", order->kind == providers::Order::Kind::disabled ? "disabled" : "preferred"},
                      {"by", order->actor},
                      {"at", to_iso(order->at)},
                      {"until", iso_or_null(order->until)},
                      {"reason", order->reason}};
}

std::string_view state_word(const ProviderState& state) {
  if (state.order && state.order->kind == providers::Order::Kind::disabled) return "disabled";
  switch (state.circuit) {
    case providers::Circuit::closed: return "up";
    case providers::Circuit::half_open: return "recovering";
    case providers::Circuit::open: return "down";
  }
  return "down";
}

json::object to_json(const ProviderState& state) {
  json::array spent;
  for (const Money& sum : state.spent) spent.push_back(money_json(sum));
  return {{"name", state.name},
          {"capability", providers::to_string(state.capability)},
          {"state", state_word(state)},
          {"order", or_null(state.place)},
          {"breaker", providers::to_string(state.circuit)},
          {"since", iso_or_null(state.since)},
          {"why", state.why},
          {"probeAt", iso_or_null(state.probe_at)},
          {"command", order_json(state.order)},
          {"requests", state.figures.requests},
          {"errors", state.figures.errors},
          {"errorShare", or_null(state.figures.error_share())},
          {"latencyP50Ms", millis_or_null(state.figures.p50)},
          {"latencyP95Ms", millis_or_null(state.figures.p95)},
          {"spent", std::move(spent)}};
}

net::Response board_response(const ProviderDeps& deps) {
  json::array rows;
  for (const ProviderState& state : deps.board.states()) rows.push_back(to_json(state));
  return json_response(200, json::object{{"windowSeconds", 900}, {"providers", std::move(rows)}});
}

using Order = Awaitable<Status> (ProviderBoard::*)(ProviderBoard::Command, SettingStore&, AuditStore&);

Awaitable<Result<net::Response>> give(const ProviderDeps& deps, Exchange& exchange, Order order, bool may_last) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  Fields in(body);
  ProviderBoard::Command command{.name = std::string(exchange.param("name")),
                                 .lasts = std::nullopt,
                                 .actor = exchange.actor.name,
                                 .reason = in.maybe_text("reason", max_reason_bytes).value_or("")};
  if (may_last) command.lasts = in.maybe("for", parse_lasting);
  CO_TRY_VOID(in.finish());
  CO_TRY_VOID(co_await (deps.board.*order)(std::move(command), deps.settings, deps.audit));
  co_return board_response(deps);
}

}  // namespace

void add_provider_routes(Router& router, ProviderDeps deps) {
  router.add({"GET", "/api/v1/providers", Role::viewer, false,
              [deps](Exchange&) -> Awaitable<Result<net::Response>> { co_return board_response(deps); }});
  const auto add = [&](const std::string& verb, Order order, bool may_last) {
    router.add({"POST", "/api/v1/providers/{name}/" + verb, Role::operator_, false,
                [deps, order, may_last](Exchange& exchange) { return give(deps, exchange, order, may_last); }});
  };
  add("disable", &ProviderBoard::disable, true);
  add("prefer", &ProviderBoard::prefer, true);
  add("enable", &ProviderBoard::enable, false);
}

}  // namespace callramp::api
