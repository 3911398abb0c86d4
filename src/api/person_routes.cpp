// What people may ask about themselves, and why a dial was allowed. Numbers are in bodies: a URL is logged by every
// proxy on its way.
#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"

namespace callramp::api {
namespace {

auto phone_reader(const Deps& deps) {
  return [&deps](std::string_view text) { return deps.phones.normalise(text, deps.default_region); };
}

json::object to_json(const PersonSummary& summary) {
  return {{"doNotCall", summary.do_not_call},
          {"calls", summary.calls},
          {"attempts", summary.attempts},
          {"transcriptLines", summary.transcript_lines},
          {"contacts", summary.contacts},
          {"reportedOutcomes", summary.reported_outcomes},
          {"evidenceItems", summary.evidence_items},
          {"importErrors", summary.import_errors},
          {"webhookDeliveries", summary.deliveries}};
}

struct Asked {
  PhoneNumber phone;
  std::string reason;
};

enum class Reason { none, required };

Awaitable<Result<Asked>> read_asked(const Deps& deps, Exchange& exchange, Reason reason) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  Asked asked{.phone = in.required("phoneNumber", phone_reader(deps)), .reason = {}};
  if (reason == Reason::required) asked.reason = in.text("reason", max_reason_bytes);
  CO_TRY_VOID(in.finish());
  co_return asked;
}

Awaitable<Result<net::Response>> show(const Deps& deps, Exchange& exchange) {
  CO_TRY(asked, co_await read_asked(deps, exchange, Reason::none));
  CO_TRY(summary, co_await deps.persons.show(std::move(asked.phone)));
  co_return json_response(200, to_json(summary));
}

// Audited: whoever reads all of it reads what somebody said on the phone.
Awaitable<Result<net::Response>> export_person(const Deps& deps, Exchange& exchange) {
  CO_TRY(asked, co_await read_asked(deps, exchange, Reason::required));
  CO_TRY_VOID(co_await deps.audit.append({.at = deps.clock.now(),
                                          .actor = exchange.actor.name,
                                          .action = "person.export",
                                          .subject = asked.phone.masked(),
                                          .reason = asked.reason}));
  CO_TRY(everything, co_await deps.persons.everything(std::move(asked.phone)));
  co_return json_text(200, std::move(everything));
}

Awaitable<Result<net::Response>> stop(const Deps& deps, Exchange& exchange) {
  CO_TRY(asked, co_await read_asked(deps, exchange, Reason::required));
  CO_TRY(ended, co_await deps.persons.stop(std::move(asked.phone), std::move(asked.reason), exchange.actor));
  co_return json_response(200, json::object{{"doNotCall", true}, {"callsEnded", ended}});
}

Awaitable<Result<net::Response>> erase(const Deps& deps, Exchange& exchange) {
  CO_TRY(asked, co_await read_asked(deps, exchange, Reason::required));
  CO_TRY(erased, co_await deps.persons.erase(std::move(asked.phone), std::move(asked.reason), exchange.actor));
  co_return json_response(200, to_json(erased));
}

// Of every attempt of the call: what was checked before it was dialed, and what the callee heard first.
Awaitable<Result<net::Response>> permission(const Deps& deps, Exchange& exchange) {
  CO_TRY(detail, co_await deps.calls.get(CallId{exchange.param("id")}));
  json::array attempts;
  for (const AttemptDetail& attempt : detail.attempts)
    attempts.push_back(json::object{{"attemptId", attempt.attempt.id.str()},
                                    {"number", attempt.attempt.number},
                                    {"at", to_iso(attempt.attempt.started_at)},
                                    {"callerId", attempt.attempt.caller_id},
                                    {"permission", stored_json(attempt.attempt.permission_json)}});
  co_return json_response(200, json::object{{"callId", detail.call.id.str()},
                                            {"kind", to_string(detail.call.kind)},
                                            {"attempts", std::move(attempts)}});
}

}  // namespace

void add_person_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"POST", "/api/v1/person/show", Role::operator_, false, with(show)});
  router.add({"POST", "/api/v1/person/export", Role::admin, false, with(export_person)});
  router.add({"POST", "/api/v1/person/stop", Role::operator_, false, with(stop)});
  // There is no way back.
  router.add({"POST", "/api/v1/person/erase", Role::admin, false, with(erase)});
  router.add({"GET", "/api/v1/calls/{id}/permission", Role::viewer, false, with(permission)});
}

}  // namespace callramp::api
