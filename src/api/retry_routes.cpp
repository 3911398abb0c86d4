// Retries of a call: what was tried and when it is tried again, by hand at once, or not any more.
#include "api/answers.hpp"
#include "api/call_json.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "engine/settler.hpp"

namespace callramp::api {
namespace {

json::object history(const CallDetail& detail) {
  json::array attempts;
  for (const AttemptDetail& entry : detail.attempts) {
    const Attempt& attempt = entry.attempt;
    attempts.push_back(json::object{{"id", attempt.id.str()},
                                    {"number", attempt.number},
                                    {"manual", attempt.manual_retry},
                                    {"system", to_string(attempt.system)},
                                    {"startedAt", to_iso(attempt.started_at)},
                                    {"endedAt", iso_or_null(attempt.ended_at)},
                                    {"outcome", attempt.outcome ? json::value(to_string(*attempt.outcome)) : nullptr},
                                    {"reason", attempt.reason}});
  }
  json::array calls;
  for (const CallId& id : detail.retried_as) calls.push_back(json::value(id.str()));
  return {{"callId", detail.call.id.str()}, {"status", to_string(detail.call.status)},
          {"retries", detail.call.retries}, {"retryAt", iso_or_null(detail.call.retry_at)},
          {"reason", detail.call.reason},   {"attempts", std::move(attempts)},
          {"retriedAs", std::move(calls)}};
}

Awaitable<Result<net::Response>> get_retries(const Deps& deps, Exchange& exchange) {
  CO_TRY(detail, co_await deps.calls.get(CallId{exchange.param("id")}));
  co_return json_response(200, history(detail));
}

Awaitable<Result<net::Response>> drop_retry(const Deps& deps, Exchange& exchange) {
  CO_TRY(call, co_await deps.calls.drop_retry(CallId{exchange.param("id")}, exchange.actor));
  deps.call_metrics.call_final(call);
  deps.feed.publish(engine::call_event(call));
  co_return json_response(200, to_json(call, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> retry_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  CO_TRY_VOID(Fields(body).finish());
  CO_TRY(call, co_await deps.calls.retry(CallId{exchange.param("id")}, exchange.actor));
  deps.feed.publish(engine::call_event(call));
  co_return json_response(202, to_json(call, numbers_for(exchange.actor)));
}

}  // namespace

void add_retry_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/calls/{id}/retries", Role::viewer, false, with(get_retries)});
  router.add({"DELETE", "/api/v1/calls/{id}/retries", Role::operator_, false, with(drop_retry)});
  router.add({"POST", "/api/v1/calls/{id}/retry", Role::operator_, false, with(retry_call)});
}

}  // namespace callramp::api
