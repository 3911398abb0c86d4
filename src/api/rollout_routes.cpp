// Rollouts: their plans, how they stand, and every decision with its arithmetic.
#include <algorithm>
#include <array>

#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/rollout_json.hpp"
#include "api/routes.hpp"
#include "wire/decision_json.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_file_name_bytes = 200;
constexpr std::size_t plan_hash_bytes = 64;  // SHA-256 in hex

Result<std::int64_t> parse_decision_id(std::string_view text) { return parse_count(text, 1, INT64_MAX); }

Result<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, 60)) + "' is neither true nor false");
}

// RFC 9512's name and the two that came before it.
Awaitable<Result<std::string>> read_yaml(Exchange& exchange) {
  static constexpr std::array types{"application/yaml", "application/x-yaml", "text/yaml"};
  std::string_view type = exchange.request.headers.find("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (!std::ranges::any_of(types, [&](std::string_view one) { return net::same_name(type, one); }))
    co_return fail(ErrorCode::unsupported_media_type,
                   "Content-Type is '" + std::string(type.substr(0, 60)) + "'; a plan is application/yaml");
  co_return co_await net::read_all(*exchange.request.body, max_body_bytes);
}

json::array changes_json(const std::vector<rollout::PlanChange>& changes) {
  json::array rows;
  for (const rollout::PlanChange& change : changes) rows.push_back(to_json(change));
  return rows;
}

json::array findings_json(const std::vector<Error>& findings) {
  json::array rows;
  for (const Error& finding : findings)
    rows.push_back(json::object{{"message", finding.message}, {"field", finding.field}});
  return rows;
}

// The whole list of what is wrong: a person mends a plan once, not once per line.
net::Response problems_response(const std::vector<Error>& problems, const std::string& request_id) {
  Error first = problems.front();
  first.code = ErrorCode::invalid_request;
  if (problems.size() > 1) first.message += " (and " + std::to_string(problems.size() - 1) + " more)";
  json::object body = error_body(first, request_id);
  body["error"].as_object()["details"].as_object()["problems"] = findings_json(problems);
  return error_response(first, std::move(body));
}

net::Response refusal_response(const engine::PlanReply& reply, const std::string& request_id) {
  const Error error{.code = ErrorCode::conflict, .message = reply.refusal};
  json::object body = error_body(error, request_id);
  body["error"].as_object()["details"].as_object()["changes"] = changes_json(reply.changes);
  return error_response(error, std::move(body));
}

Awaitable<Result<net::Response>> upload_plan(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  engine::PlanUpload upload{.yaml = {},
                            .file_name = in.maybe_text("file", max_file_name_bytes).value_or("the plan"),
                            .reason = in.maybe_text("reason", max_reason_bytes).value_or(""),
                            .dry_run = in.maybe("dryRun", parse_boolean).value_or(false)};
  CO_TRY_VOID(in.finish());
  CO_TRY(yaml, co_await read_yaml(exchange));
  upload.yaml = std::move(yaml);
  CO_TRY(reply, co_await deps.rollouts.upload(std::move(upload), exchange.actor));
  if (!reply.problems.empty()) co_return problems_response(reply.problems, exchange.request_id);
  if (!reply.refusal.empty()) co_return refusal_response(reply, exchange.request_id);
  co_return json_response(reply.applied ? 201 : 200, json::object{{"name", reply.name},
                                                                  {"hash", reply.hash},
                                                                  {"created", reply.created},
                                                                  {"applied", reply.applied},
                                                                  {"warnings", findings_json(reply.warnings)},
                                                                  {"changes", changes_json(reply.changes)}});
}

Awaitable<Result<net::Response>> list_rollouts(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(views, co_await deps.rollouts.list());
  json::array rows;
  for (const engine::RolloutView& view : views) rows.push_back(summary_json(view));
  co_return json_response(200, json::object{{"rollouts", std::move(rows)}});
}

Awaitable<Result<net::Response>> get_rollout(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(view, co_await deps.rollouts.view(exchange.param("name")));
  co_return json_response(200, to_json(view, deps.clock.now()));
}

Awaitable<Result<net::Response>> get_plan(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  auto hash = in.maybe_text("hash", plan_hash_bytes);
  CO_TRY_VOID(in.finish());
  CO_TRY(plan, co_await deps.rollouts.plan(exchange.param("name"), std::move(hash)));
  co_return json_response(200, json::object{{"name", plan.rollout},
                                            {"hash", plan.hash},
                                            {"yaml", plan.yaml},
                                            {"at", to_iso(plan.at)},
                                            {"by", plan.by},
                                            {"reason", plan.reason}});
}

Awaitable<Result<net::Response>> list_decisions(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  const auto before = in.maybe("before", parse_decision_id);
  const auto limit = in.maybe("limit", [](std::string_view text) { return parse_count(text, 1, max_limit); });
  CO_TRY_VOID(in.finish());
  CO_TRY(page, co_await deps.rollouts.decisions(exchange.param("name"), before,
                                                static_cast<int>(limit.value_or(default_limit))));
  json::array rows;
  for (const rollout::Decision& decision : page.decisions) rows.push_back(wire::brief_json(decision));
  co_return json_response(200, json::object{{"decisions", std::move(rows)}, {"next", or_null(page.next)}});
}

Awaitable<Result<net::Response>> get_decision(const Deps& deps, Exchange& exchange) {
  CO_TRY(id, parse_decision_id(exchange.param("id")));
  CO_TRY(decision, co_await deps.rollouts.decision(exchange.param("name"), id));
  co_return json_response(200, wire::to_json(decision));
}

Awaitable<Result<net::Response>> explain_decision(const Deps& deps, Exchange& exchange) {
  CO_TRY(id, parse_decision_id(exchange.param("id")));
  CO_TRY(explanation, co_await deps.rollouts.explain(exchange.param("name"), id));
  json::array lines;
  for (const std::string& line : explanation.arithmetic) lines.emplace_back(line);
  co_return json_response(200, json::object{{"decision", wire::to_json(explanation.decision)},
                                            {"arithmetic", std::move(lines)},
                                            {"replayedEqual", explanation.replayed_equal},
                                            {"difference", explanation.difference}});
}

}  // namespace

void add_rollout_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  const std::string one = "/api/v1/rollouts/{name}";
  router.add({"GET", "/api/v1/rollouts", Role::viewer, false, with(list_rollouts)});
  router.add({"POST", "/api/v1/rollouts", Role::admin, false, with(upload_plan)});
  router.add({"GET", one, Role::viewer, false, with(get_rollout)});
  router.add({"GET", one + "/plan", Role::viewer, false, with(get_plan)});
  router.add({"GET", one + "/decisions", Role::viewer, false, with(list_decisions)});
  router.add({"GET", one + "/decisions/{id}", Role::viewer, false, with(get_decision)});
  router.add({"GET", one + "/decisions/{id}/explain", Role::viewer, false, with(explain_decision)});
}

}  // namespace callramp::api
