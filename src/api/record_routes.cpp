// Records: the do-not-call list, outcomes that others report, the statistics over outcomes, and the audit.
#include <map>

#include "api/answers.hpp"
#include "api/call_json.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"

namespace callramp::api {
namespace {

constexpr std::chrono::days default_span{30};

auto phone_reader(const Deps& deps) {
  return [&deps](std::string_view text) { return deps.phones.normalise(text, deps.default_region); };
}

json::object to_json(const DoNotCallEntry& entry, Numbers numbers) {
  return {{"phoneNumber", written(entry.phone, numbers)},
          {"reason", entry.reason},
          {"addedBy", entry.actor},
          {"createdAt", to_iso(entry.created_at)}};
}

Awaitable<Result<net::Response>> list_do_not_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  const Page page = read_page(in);
  CO_TRY_VOID(in.finish());
  CO_TRY(entries, co_await deps.do_not_call.list(page.page, page.limit));
  json::array rows;
  for (const DoNotCallEntry& entry : entries) rows.push_back(to_json(entry, numbers_for(exchange.actor)));
  co_return json_response(200, json::object{{"entries", std::move(rows)}, {"page", page.page}, {"limit", page.limit}});
}

Awaitable<Result<net::Response>> add_do_not_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  DoNotCallEntry entry{.phone = in.required("phoneNumber", phone_reader(deps)),
                       .reason = in.text("reason", max_reason_bytes),
                       .actor = exchange.actor.name,
                       .created_at = deps.clock.now()};
  CO_TRY_VOID(in.finish());
  CO_TRY(ended, co_await deps.persons.stop(entry.phone, entry.reason, exchange.actor));
  json::object row = to_json(entry, numbers_for(exchange.actor));
  row["callsEnded"] = ended;
  co_return json_response(201, row);
}

Awaitable<Result<net::Response>> remove_do_not_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  const PhoneNumber phone = in.required("phoneNumber", phone_reader(deps));
  const std::string reason = in.text("reason", max_reason_bytes);
  CO_TRY_VOID(in.finish());
  CO_TRY_VOID(co_await deps.persons.allow(phone, reason, exchange.actor));
  co_return no_content();
}

Awaitable<Result<net::Response>> check_do_not_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  const PhoneNumber phone = in.required("phoneNumber", phone_reader(deps));
  CO_TRY_VOID(in.finish());
  CO_TRY(entry, co_await deps.do_not_call.find(phone));
  co_return json_response(200, json::object{{"listed", entry.has_value()},
                                            {"entry", entry ? json::value(to_json(*entry, numbers_for(exchange.actor)))
                                                            : json::value(nullptr)}});
}

Result<Outcome> parse_reported_outcome(std::string_view text) {
  TRY(outcome, parse_outcome(text));
  if (outcome == Outcome::unknown)
    return fail(ErrorCode::invalid_request,
                "'unknown' is no outcome of a call; report it when it is known, or as failed");
  return outcome;
}

Awaitable<Result<net::Response>> report_outcome(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  const Instant now = deps.clock.now();
  Fields in(body);
  ReportedOutcome reported{.external_id = in.text("externalId", max_external_id_bytes),
                           .user = in.required("userId", parse_user_id),
                           .system = in.required("system", parse_system),
                           .phone = in.maybe("phoneNumber", phone_reader(deps)),
                           .started_at = in.required("startedAt", parse_iso),
                           .outcome = in.required("outcome", parse_reported_outcome)};
  // A day: no call lasts longer, and what says so mixed up its units.
  if (const auto span = in.maybe_integer("durationSeconds", 0, 86'400)) reported.duration = seconds{*span};
  if (reported.started_at > now + clock_skew)
    in.refuse("startedAt", {.code = ErrorCode::invalid_request,
                            .message = "this is in the future; a call that was made is reported"});
  CO_TRY_VOID(in.finish());
  CO_TRY(is_new, co_await deps.outcomes.report(std::move(reported), now));
  co_return json_response(is_new ? 201 : 200, json::object{{"recorded", is_new}});
}

/// Sums of one system. A rate without calls is null: no evidence is never success.
struct Sums {
  std::int64_t calls = 0;
  std::int64_t successful = 0;
  std::int64_t failed = 0;
  std::int64_t connected = 0;
  json::object outcomes;

  void add(const OutcomeCount& count) {
    outcomes[std::string(to_string(count.outcome))] = count.calls;
    if (!is_counted(count.outcome)) return;
    calls += count.calls;
    connected += count.connected;
    if (is_success(count.outcome)) successful += count.calls;
    if (count.outcome == Outcome::failed) failed += count.calls;
  }
  json::object to_json() const {
    const auto rate = [&](std::int64_t part) {
      return calls == 0 ? json::value(nullptr) : json::value(static_cast<double>(part) / static_cast<double>(calls));
    };
    return {{"calls", calls},         {"successful", successful},        {"failed", failed},
            {"connected", connected}, {"successRate", rate(successful)}, {"errorRate", rate(failed)}};
  }
};

Awaitable<Result<net::Response>> statistics(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  const Instant to = in.maybe("to", parse_iso).value_or(deps.clock.now());
  const Instant from = in.maybe("from", parse_iso).value_or(to - default_span);
  if (from >= to) in.refuse("from", {.code = ErrorCode::invalid_request, .message = "this is not before to"});
  CO_TRY_VOID(in.finish());
  CO_TRY(counts, co_await deps.outcomes.counts(from, to));
  std::map<System, Sums> systems{{System::new_system, {}}, {System::old_system, {}}};
  Sums all;
  for (const OutcomeCount& count : counts) {
    systems[count.system].add(count);
    all.add(count);
  }
  json::object by_system;
  for (const auto& [system, sums] : systems) {
    json::object row = sums.to_json();
    row["outcomes"] = sums.outcomes;
    by_system[std::string(to_string(system))] = std::move(row);
  }
  json::object body = all.to_json();
  body["from"] = to_iso(from);
  body["to"] = to_iso(to);
  body["systems"] = std::move(by_system);
  co_return json_response(200, body);
}

Awaitable<Result<net::Response>> list_audit(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  const auto before = in.maybe("before", [](std::string_view text) { return parse_count(text, 1, INT64_MAX); });
  const auto limit = in.maybe("limit", [](std::string_view text) { return parse_count(text, 1, max_limit); });
  CO_TRY_VOID(in.finish());
  CO_TRY(entries, co_await deps.audit.list(before, static_cast<int>(limit.value_or(default_limit))));
  json::array rows;
  for (const AuditEntry& entry : entries)
    rows.push_back(json::object{{"seq", entry.seq},
                                {"at", to_iso(entry.at)},
                                {"actor", entry.actor},
                                {"action", entry.action},
                                {"subject", entry.subject},
                                {"reason", entry.reason},
                                {"details", stored_json(entry.details_json)}});
  co_return json_response(200, json::object{{"entries", std::move(rows)}});
}

}  // namespace

void add_record_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/do-not-call", Role::viewer, false, with(list_do_not_call)});
  router.add({"POST", "/api/v1/do-not-call", Role::operator_, false, with(add_do_not_call)});
  // The risky direction: the number may be dialed again.
  router.add({"POST", "/api/v1/do-not-call/remove", Role::approver, false, with(remove_do_not_call)});
  router.add({"POST", "/api/v1/do-not-call/check", Role::viewer, false, with(check_do_not_call)});
  router.add({"POST", "/api/v1/outcomes", Role::operator_, false, with(report_outcome)});
  router.add({"GET", "/api/v1/stats/outbound", Role::viewer, false, with(statistics)});
  router.add({"GET", "/api/v1/audit", Role::viewer, false, with(list_audit)});
}

}  // namespace callramp::api
