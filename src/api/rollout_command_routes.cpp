// What people order of a rollout and what they sign. Safe directions need less than risky ones (definitions.md §4); the
// table at the end says who may, the rollout itself whether it may be done now.
#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/rollout_json.hpp"
#include "api/routes.hpp"
#include "wire/decision_json.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_condition_bytes = 200;
constexpr std::size_t max_link_bytes = 500;
constexpr int least_extension_days = 3;  // as the plan says: "extend 3-7 days"
constexpr int most_extension_days = 7;

Result<rollout::Target> parse_target(std::string_view text) {
  if (text == "previous_phase") return rollout::Target::previous_phase;
  if (text == "zero") return rollout::Target::zero;
  return fail(ErrorCode::invalid_request,
              "'" + std::string(text.substr(0, 60)) + "' is no target; it is previous_phase or zero");
}

/// A link that a page may show: nothing that runs when it is clicked.
Result<std::string> parse_link(std::string_view text) {
  if (text.size() > max_link_bytes || (!text.starts_with("https://") && !text.starts_with("http://")))
    return fail(ErrorCode::invalid_request,
                "a link starts with https:// and has at most " + std::to_string(max_link_bytes) + " bytes");
  return std::string(text);
}

Awaitable<Result<net::Response>> give_order(const Deps& deps, Exchange& exchange, rollout::CommandKind kind) {
  using rollout::CommandKind;
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  rollout::Command order{
      .kind = kind, .actor = exchange.actor.name, .reason = in.text("reason", max_reason_bytes), .by = {}};
  if (kind == CommandKind::extend)
    order.by = std::chrono::days{in.maybe_integer("days", least_extension_days, most_extension_days).value_or(0)};
  if (kind == CommandKind::extend && !in.has("days"))
    in.refuse("days",
              {.code = ErrorCode::invalid_request, .message = "days is missing; a phase is extended by 3 to 7 days"});
  if (kind == CommandKind::rollback)
    order.target = in.maybe("target", parse_target).value_or(rollout::Target::previous_phase);
  if (kind == CommandKind::advance) {
    order.despite_evidence = in.maybe_boolean("despiteEvidence").value_or(false);
    if (order.despite_evidence && exchange.actor.role < Role::admin)
      co_return fail(ErrorCode::forbidden,
                     "token '" + exchange.actor.name + "' is " + std::string(to_string(exchange.actor.role)) +
                         "; advancing despite the evidence needs admin",
                     "despiteEvidence");
  }
  const bool dry_run = in.maybe_boolean("dryRun").value_or(false);
  CO_TRY_VOID(in.finish());
  const std::string& name = exchange.param("name");
  CO_TRY(decision, dry_run ? co_await deps.rollouts.preview(name, std::move(order), exchange.actor)
                           : co_await deps.rollouts.command(name, std::move(order), exchange.actor));
  json::object answer = wire::to_json(decision);
  answer["dryRun"] = dry_run;
  answer["switches"] = nullptr;
  if (decision.from != decision.to) {
    // The order stands whether or not this can be counted.
    if (const auto switching = co_await deps.rollouts.switching(decision.from, decision.to))
      answer["switches"] = to_json(*switching);
  }
  co_return json_response(200, answer);
}

Awaitable<Result<net::Response>> drill(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  std::string reason = in.text("reason", max_reason_bytes);
  CO_TRY_VOID(in.finish());
  CO_TRY(receipt, co_await deps.rollouts.drill(exchange.param("name"), std::move(reason), exchange.actor));
  co_return json_response(200, to_json(receipt));
}

Awaitable<Result<net::Response>> waive(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  std::string criterion = in.text("criterion", max_condition_bytes);
  std::string reason = in.text("reason", max_reason_bytes);
  const Instant until = in.required("until", parse_iso);
  if (in.has("until") && until <= deps.clock.now())
    in.refuse("until", {.code = ErrorCode::invalid_request, .message = "this is over; a waiver ends in the future"});
  CO_TRY_VOID(in.finish());
  CO_TRY(waiver, co_await deps.rollouts.waive(exchange.param("name"), std::move(criterion), std::move(reason), until,
                                              exchange.actor));
  co_return json_response(200, json::object{{"criterion", waiver.condition},
                                            {"by", waiver.by},
                                            {"reason", waiver.reason},
                                            {"until", to_iso(waiver.until)}});
}

// The same pins as POST /api/v1/admin/pins, under the rollout whose evidence they are outside of.
Awaitable<Result<net::Response>> pin(const Deps& deps, Exchange& exchange) {
  CO_TRY_VOID(co_await deps.rollouts.view(exchange.param("name")));
  co_return co_await put_pin(deps, exchange);
}

engine::SignOff read_sign_off(Fields& in, const Exchange& exchange) {
  return {.rollout = exchange.param("name"),
          .note = in.maybe_text("note", max_reason_bytes).value_or(""),
          .link = in.maybe("link", parse_link).value_or(""),
          .actor = exchange.actor};
}

Awaitable<Result<net::Response>> approve(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  std::string criterion = in.text("criterion", max_condition_bytes);
  const auto decision = in.maybe_integer("decisionId", 1, INT64_MAX);
  if (!in.has("decisionId"))
    in.refuse("decisionId", {.code = ErrorCode::invalid_request,
                             .message = "decisionId is missing; an approval names the decision that was seen"});
  engine::SignOff by = read_sign_off(in, exchange);
  CO_TRY_VOID(in.finish());
  CO_TRY(signature, co_await deps.rollouts.approve(std::move(by), std::move(criterion), *decision));
  co_return json_response(201, to_json(signature));
}

Awaitable<Result<net::Response>> check_item(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  Fields in(body);
  engine::SignOff by = read_sign_off(in, exchange);
  const bool done = in.maybe_boolean("done").value_or(true);
  CO_TRY_VOID(in.finish());
  CO_TRY(item, co_await deps.rollouts.check(std::move(by), exchange.param("list"), exchange.param("item"), done));
  co_return json_response(200, to_json(item));
}

Awaitable<Result<net::Response>> confirm(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  Fields in(body);
  engine::SignOff by = read_sign_off(in, exchange);
  CO_TRY_VOID(in.finish());
  CO_TRY(signature, co_await deps.rollouts.confirm(std::move(by), exchange.param("confirmation")));
  co_return json_response(201, to_json(signature));
}

Awaitable<Result<net::Response>> close_item(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  const std::string note = in.text("note", max_reason_bytes);
  engine::SignOff by = read_sign_off(in, exchange);
  CO_TRY_VOID(in.finish());
  by.note = note;
  const std::string& item = exchange.param("item");
  // The one item that is a go-ahead.
  if (item == "approved-to-resume" && exchange.actor.role < Role::approver)
    co_return fail(ErrorCode::forbidden, "token '" + exchange.actor.name + "' is " +
                                             std::string(to_string(exchange.actor.role)) +
                                             "; approving to resume needs approver");
  CO_TRY(incident, co_await deps.rollouts.close_incident_item(std::move(by), item));
  co_return json_response(200, wire::to_json(incident));
}

}  // namespace

void add_rollout_command_routes(Router& router, const Deps& deps) {
  using rollout::CommandKind;
  struct Right {
    const char* path;
    CommandKind kind;
    Role role;
  };
  static constexpr Right rights[] = {{"start", CommandKind::start, Role::approver},
                                     {"advance", CommandKind::advance, Role::approver},
                                     {"hold", CommandKind::hold, Role::operator_},
                                     {"extend", CommandKind::extend, Role::operator_},
                                     {"resume", CommandKind::resume, Role::approver},
                                     {"rollback", CommandKind::rollback, Role::operator_},
                                     {"complete", CommandKind::complete, Role::approver},
                                     {"declare", CommandKind::declare, Role::approver},
                                     {"decommission-old", CommandKind::decommission_old, Role::admin}};
  const std::string one = "/api/v1/rollouts/{name}/";
  for (const Right& right : rights)
    router.add({"POST", one + right.path, right.role, false,
                [&deps, kind = right.kind](Exchange& exchange) { return give_order(deps, exchange, kind); }});
  const auto with = bound_to(deps);
  router.add({"POST", one + "drill", Role::approver, false, with(drill)});
  router.add({"POST", one + "waive", Role::admin, false, with(waive)});
  router.add({"POST", one + "pin", Role::operator_, false, with(pin)});  // to new: an approver, as FlagService says
  router.add({"POST", one + "approvals", Role::approver, false, with(approve)});
  router.add({"POST", one + "checklists/{list}/{item}", Role::operator_, false, with(check_item)});
  router.add({"POST", one + "confirmations/{confirmation}", Role::operator_, false, with(confirm)});
  router.add({"POST", one + "incident/{item}", Role::operator_, false, with(close_item)});
}

}  // namespace callramp::api
