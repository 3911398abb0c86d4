// Evidence that machines cannot see: bugs, complaints, security issues, satisfaction, tickets, labels. Idempotent by
// kind and external id, with its history.
#include "api/answers.hpp"
#include "api/evidence_report.hpp"
#include "api/fields.hpp"
#include "api/rollout_json.hpp"
#include "api/routes.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_severity_bytes = 40;
constexpr std::size_t max_id_bytes = 64;

Awaitable<Result<net::Response>> add_evidence(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  const Instant now = deps.clock.now();
  Fields in(body);
  ItemReport report;
  report.item.kind = in.required("kind", parse_evidence_kind);
  report.item.external_id = in.text("externalId", max_external_id_bytes);
  report.item.severity = in.maybe_text("severity", max_severity_bytes).value_or("");
  const auto value = in.maybe_number("value");
  report.item.value = value.value_or(0);
  report.item.critical = in.maybe_boolean("critical").value_or(false);
  report.item.call_id = in.maybe_text("callId", max_id_bytes).value_or("");
  report.item.at = in.required("at", parse_iso);
  report.note = in.maybe_text("note", max_reason_bytes).value_or("");
  report.by = exchange.actor.name;
  report.now = now;
  CO_TRY_VOID(in.finish());
  CO_TRY_VOID(check_report(report.item, value.has_value(), now));
  CO_TRY(is_new, co_await deps.rollouts.add_evidence(std::move(report)));
  co_return json_response(is_new ? 201 : 200, json::object{{"recorded", is_new}});
}

Awaitable<Result<net::Response>> change_evidence(const Deps& deps, Exchange& exchange) {
  CO_TRY(kind, parse_evidence_kind(exchange.param("kind")));
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  ItemChange change{.at = deps.clock.now(),
                    .by = exchange.actor.name,
                    .status = in.required("status", parse_evidence_status),
                    .reason = in.text("reason", max_reason_bytes)};
  CO_TRY_VOID(in.finish());
  // What is rejected never counts: that takes evidence away, the risky direction.
  if (change.status == "rejected" && exchange.actor.role < Role::approver)
    co_return fail(ErrorCode::forbidden, "token '" + exchange.actor.name + "' is " +
                                             std::string(to_string(exchange.actor.role)) +
                                             "; rejecting evidence needs approver");
  CO_TRY(record,
         co_await deps.rollouts.change_evidence(std::move(kind), exchange.param("externalId"), std::move(change)));
  co_return json_response(200, to_json(record));
}

Awaitable<Result<net::Response>> list_evidence(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  ItemFilter filter{.kind = in.maybe("kind", parse_evidence_kind),
                    .status = in.maybe("status", parse_evidence_status),
                    .rollout = in.maybe_text("rollout", max_id_bytes)};
  const Page page = read_page(in);
  CO_TRY_VOID(in.finish());
  filter.page = page.page;
  filter.limit = page.limit;
  CO_TRY(records, co_await deps.rollouts.evidence(std::move(filter)));
  json::array rows;
  for (const ItemRecord& record : records) rows.push_back(to_json(record));
  co_return json_response(200, json::object{{"evidence", std::move(rows)}, {"page", page.page}, {"limit", page.limit}});
}

}  // namespace

void add_evidence_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/evidence", Role::viewer, false, with(list_evidence)});
  router.add({"POST", "/api/v1/evidence", Role::operator_, false, with(add_evidence)});
  router.add({"PATCH", "/api/v1/evidence/{kind}/{externalId}", Role::operator_, false, with(change_evidence)});
}

}  // namespace callramp::api
