// Calls: placing, finding, reading whole, cancelling.
#include <algorithm>

#include "api/answers.hpp"
#include "api/call_json.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "engine/settler.hpp"
#include "net/digest.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_phone_bytes = 64;
constexpr std::size_t max_id_bytes = 64;
constexpr std::size_t max_user_bytes = 256;
constexpr std::size_t max_idempotency_key_bytes = 255;
constexpr std::size_t most_calls = 1'000;  // product.md §5
constexpr std::int64_t most_concurrent = 100'000;
constexpr milliseconds most_delay{3'600'000};

// The same key for the same request, however its fields are ordered or spaced.
Result<std::optional<Idempotency>> read_idempotency(const Exchange& exchange, const json::object& body) {
  const auto key = exchange.request.headers.find("Idempotency-Key");
  if (!key) return std::nullopt;
  if (key->empty() || key->size() > max_idempotency_key_bytes ||
      !std::ranges::all_of(*key, [](char c) { return c > ' ' && c <= '~'; }))
    return fail(ErrorCode::invalid_request,
                "Idempotency-Key must be 1 to " + std::to_string(max_idempotency_key_bytes) +
                    " visible ASCII characters; a UUID is a good one",
                "Idempotency-Key");
  return Idempotency{.token = exchange.token ? exchange.token->id : TokenId(),
                     .key = std::string(*key),
                     .fingerprint = net::sha256_hex(canonical(body))};
}

engine::PlaceCall read_call(Fields& in) {
  engine::PlaceCall request{.phone = in.text("phoneNumber", max_phone_bytes),
                            .agent = AgentId{in.text("agentId", max_id_bytes)},
                            .user = in.maybe_text("userId", max_user_bytes)};
  if (const json::object* metadata = in.maybe_object("metadata")) request.metadata_json = json::serialize(*metadata);
  request.priority = in.maybe("priority", parse_priority).value_or(request.priority);
  request.kind = in.maybe("kind", parse_call_kind).value_or(request.kind);
  request.timezone = in.maybe_text("timezone", max_id_bytes).value_or("");
  request.test = in.maybe_boolean("test").value_or(false);
  return request;
}

Awaitable<Result<net::Response>> place_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(idempotency, read_idempotency(exchange, body));
  Fields in(body);
  engine::PlaceCall request = read_call(in);
  CO_TRY_VOID(in.finish());
  request.idempotency = std::move(idempotency);
  auto accepted = co_await deps.calls.place(std::move(request));
  if (!accepted) {
    // The service knows phones, agents and zones; the client knows fields.
    Error error = std::move(accepted).error();
    if (error.field.empty() && error.code == ErrorCode::invalid_phone_number) error.field = "phoneNumber";
    co_return std::unexpected(std::move(error));
  }
  const Call& call = accepted->call;
  if (!accepted->replayed) deps.feed.publish(engine::call_event(call));
  net::Response response =
      json_response(202, json::object{{"callLogId", call.id.str()},
                                      {"status", accepted->handed_back ? "handed_back" : "initiated"},
                                      {"system", to_string(call.accepted_system)},
                                      {"estimatedStartTime", to_iso(accepted->estimated_start)}});
  deps.call_metrics.response_time(call.accepted_system, deps.clock.now() - exchange.request.body_end);
  co_return response;
}

struct Bulk {
  engine::PlaceBulk calls;
  int max_concurrent = 0;  // 0: the program's alone
};

Result<Bulk> read_bulk(const json::object& body) {
  Fields in(body);
  Bulk bulk;
  if (const json::object* throttle = in.maybe_object("throttle")) {
    Fields limits(*throttle);
    bulk.max_concurrent = static_cast<int>(limits.maybe_integer("maxConcurrent", 1, most_concurrent).value_or(0));
    bulk.calls.delay_between =
        milliseconds{limits.maybe_integer("delayBetweenCalls", 0, most_delay.count()).value_or(0)};
    if (auto read = limits.finish(); !read)
      return fail(read.error().code, "throttle: " + read.error().message, "throttle." + read.error().field);
  }
  in.skip("calls");
  TRY_VOID(in.finish());
  const json::value* calls = body.if_contains("calls");
  if (calls == nullptr || !calls->is_array() || calls->get_array().empty() || calls->get_array().size() > most_calls)
    return fail(ErrorCode::invalid_request,
                "calls is a list of 1 to " + std::to_string(most_calls) + " calls; import a file for more", "calls");
  for (std::size_t i = 0; i < calls->get_array().size(); ++i) {
    const std::string at = "calls[" + std::to_string(i) + "]";
    const json::value& call = calls->get_array()[i];
    if (!call.is_object()) return fail(ErrorCode::invalid_request, at + " is no object", at);
    Fields fields(call.get_object());
    bulk.calls.calls.push_back(read_call(fields));
    if (auto read = fields.finish(); !read)
      return fail(read.error().code, at + ": " + read.error().message, at + "." + read.error().field);
  }
  return bulk;
}

// Calls that share a limit share a campaign, which is where limits are kept: a draft until they are stored, so that a
// crash in between calls nobody, and the same request again goes on with them.
Awaitable<Result<net::Response>> place_bulk(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(idempotency, read_idempotency(exchange, body));
  CO_TRY(bulk, read_bulk(body));
  bulk.calls.idempotency = std::move(idempotency);
  std::optional<CampaignId> made;
  if (bulk.max_concurrent > 0) {
    CO_TRY(campaign, co_await deps.campaigns.create({.name = "bulk of " + to_iso(deps.clock.now()),
                                                     .agent = bulk.calls.calls.front().agent,
                                                     .kind = bulk.calls.calls.front().kind,
                                                     .region = deps.default_region,
                                                     .max_concurrent = bulk.max_concurrent},
                                                    false, exchange.actor));
    made = bulk.calls.campaign = campaign.id;
  }
  auto stored = co_await deps.calls.place_bulk(std::move(bulk.calls));
  const auto campaign = stored ? stored->front().campaign : std::nullopt;
  if (made && campaign != made) (void)co_await deps.campaigns.remove(*made, exchange.actor);
  if (!stored) co_return std::unexpected(std::move(stored).error());
  if (campaign) {
    CO_TRY(state, co_await deps.campaigns.get(*campaign));
    if (state.status == CampaignStatus::draft)
      CO_TRY_VOID(co_await deps.campaigns.order(*campaign, CampaignOrder::start, "", std::nullopt, exchange.actor));
  }
  json::array ids;
  for (const Call& call : *stored) ids.emplace_back(call.id.str());
  co_return json_response(202,
                          json::object{{"batchId", stored->front().batch->str()},
                                       {"campaignId", campaign ? json::value(campaign->str()) : json::value(nullptr)},
                                       {"callLogIds", std::move(ids)}});
}

json::object page_json(const CallPage& page, const CallFilter& filter, Numbers numbers) {
  json::array rows;
  for (const Call& call : page.calls) rows.push_back(to_json(call, numbers));
  return {{"calls", std::move(rows)}, {"page", filter.page}, {"limit", filter.limit}, {"total", page.total}};
}

template <class AnyId>
std::optional<AnyId> maybe_id(Fields& in, std::string_view name) {
  auto text = in.maybe_text(name, max_id_bytes);
  return text ? std::optional(AnyId{*std::move(text)}) : std::nullopt;
}

Awaitable<Result<net::Response>> list_calls(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  CallFilter filter{.status = in.maybe("status", parse_call_status),
                    .outcome = in.maybe("outcome", parse_outcome),
                    .system = in.maybe("system", parse_system),
                    .agent = maybe_id<AgentId>(in, "agentId"),
                    .batch = maybe_id<BatchId>(in, "batchId"),
                    .campaign = maybe_id<CampaignId>(in, "campaignId"),
                    .user = in.maybe_text("userId", max_user_bytes),
                    .phone = std::nullopt,
                    .from = in.maybe("from", parse_iso),
                    .to = in.maybe("to", parse_iso)};
  const Page page = read_page(in);
  filter.page = page.page;
  filter.limit = page.limit;
  CO_TRY_VOID(in.finish());
  CO_TRY(found, co_await deps.calls.list(filter));
  co_return json_response(200, page_json(found, filter, numbers_for(exchange.actor)));
}

// A body and not a query: no phone number belongs in a URL, which proxies log.
Awaitable<Result<net::Response>> search_calls(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  CallFilter filter{.phone = in.required("phoneNumber", [&](std::string_view text) {
    return deps.phones.normalise(text, deps.default_region);
  })};
  filter.page = static_cast<int>(in.maybe_integer("page", 1, max_page).value_or(1));
  filter.limit = static_cast<int>(in.maybe_integer("limit", 1, max_limit).value_or(filter.limit));
  CO_TRY_VOID(in.finish());
  CO_TRY(found, co_await deps.calls.list(filter));
  co_return json_response(200, page_json(found, filter, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> get_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(detail, co_await deps.calls.get(CallId{exchange.param("id")}));
  co_return json_response(200, to_json(detail, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> cancel_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  CO_TRY_VOID(Fields(body).finish());
  CO_TRY(call, co_await deps.calls.cancel(CallId{exchange.param("id")}, exchange.actor));
  deps.feed.publish(engine::call_event(call));
  co_return json_response(200, to_json(call, numbers_for(exchange.actor)));
}

}  // namespace

void add_call_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"POST", "/api/v1/calls/outbound", Role::operator_, false, with(place_call)});
  router.add({"POST", "/api/v1/calls/outbound/bulk", Role::operator_, false, with(place_bulk)});
  router.add({"GET", "/api/v1/calls", Role::viewer, false, with(list_calls)});
  router.add({"POST", "/api/v1/calls/search", Role::operator_, false, with(search_calls)});
  router.add({"GET", "/api/v1/calls/{id}", Role::viewer, false, with(get_call)});
  router.add({"POST", "/api/v1/calls/{id}/cancel", Role::operator_, false, with(cancel_call)});
}

}  // namespace callramp::api
