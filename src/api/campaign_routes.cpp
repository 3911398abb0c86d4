// Campaigns: made, changed, ordered about, and asked why they dial nobody. Their contacts are in
// campaign_contact_routes.
#include <algorithm>

#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "wire/campaign_json.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_name_bytes = 200;
constexpr std::size_t max_id_bytes = 64;
constexpr std::int64_t most_calls_per_minute = 60'000;
constexpr std::int64_t most_concurrent = 100'000;

// What wire::read_settings reads is taken out, so that Fields does not call it unknown.
json::object without_settings(json::object body) {
  for (const std::string_view name : wire::setting_names) body.erase(name);
  return body;
}

// null takes a date or a budget back, what is not there leaves it.
template <class T, class Parse>
void replace(Fields& in, const json::object& body, std::string_view name, std::optional<T>& value, Parse parse) {
  const json::value* given = body.if_contains(name);
  if (given != nullptr && given->is_null()) {
    in.skip(name);
    value.reset();
  } else if (auto read = in.maybe(name, parse)) {
    value = *std::move(read);
  }
}

Status read_budget(const json::object& body, CampaignBudget& budget) {
  Fields in(body);
  replace(in, body, "total", budget.total, parse_money);
  replace(in, body, "perDay", budget.per_day, parse_money);
  auto read = in.finish();
  if (!read) {
    read.error().field = "budget." + read.error().field;
    read.error().message = "budget: " + read.error().message;
  }
  return read;
}

struct CampaignRequest {
  Campaign campaign;
  bool start = false;
};

// `before` with what the body says; of a new one name and agent must be said.
Result<CampaignRequest> read_campaign(const json::object& body, Campaign before, bool is_new) {
  const json::object plain = without_settings(body);
  Fields in(plain);
  CampaignRequest request{.campaign = std::move(before)};
  Campaign& campaign = request.campaign;
  if (is_new || in.has("name")) campaign.name = in.text("name", max_name_bytes);
  if (is_new || in.has("agentId")) campaign.agent = AgentId{in.text("agentId", max_id_bytes)};
  if (!is_new) {
    in.skip("name");
    in.skip("agentId");
  }
  campaign.kind = in.maybe("kind", parse_call_kind).value_or(campaign.kind);
  campaign.priority = in.maybe("priority", parse_priority).value_or(campaign.priority);
  campaign.region = in.maybe("region", parse_region).value_or(campaign.region);
  campaign.max_concurrent =
      static_cast<int>(in.maybe_integer("maxConcurrent", 0, most_concurrent).value_or(campaign.max_concurrent));
  campaign.calls_per_minute = static_cast<int>(
      in.maybe_integer("callsPerMinute", 0, most_calls_per_minute).value_or(campaign.calls_per_minute));
  replace(in, plain, "startAt", campaign.start_at, parse_iso);
  const json::object* budget = in.maybe_object("budget");
  if (is_new) request.start = in.maybe_boolean("start").value_or(false);
  TRY_VOID(in.finish());
  if (budget != nullptr) TRY_VOID(read_budget(*budget, campaign.budget));
  TRY(settings, wire::read_settings(body, campaign.settings));
  campaign.settings = std::move(settings);
  return request;
}

net::Response campaign_response(int status, const Campaign& campaign, const CampaignProgress* progress, Instant now) {
  json::object body = wire::to_json(campaign);
  if (progress != nullptr) body["progress"] = wire::to_json(*progress, now);
  net::Response response = json_response(status, body);
  response.headers.add("ETag", "\"" + std::to_string(campaign.version) + "\"");
  return response;
}

Awaitable<Result<net::Response>> list_campaigns(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  CampaignFilter filter{.status = in.maybe("status", parse_campaign_status)};
  const Page page = read_page(in);
  filter.page = page.page;
  filter.limit = page.limit;
  CO_TRY_VOID(in.finish());
  CO_TRY(found, co_await deps.campaigns.list(filter));
  json::array rows;
  for (const Campaign& campaign : found.campaigns) rows.push_back(wire::to_json(campaign));
  co_return json_response(
      200, json::object{
               {"campaigns", std::move(rows)}, {"page", filter.page}, {"limit", filter.limit}, {"total", found.total}});
}

Awaitable<Result<net::Response>> create_campaign(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(request, read_campaign(body, Campaign{.region = deps.default_region}, true));
  CO_TRY(created, co_await deps.campaigns.create(std::move(request.campaign), request.start, exchange.actor));
  co_return campaign_response(201, created, nullptr, deps.clock.now());
}

Awaitable<Result<net::Response>> get_campaign(const Deps& deps, Exchange& exchange) {
  const CampaignId id{exchange.param("id")};
  CO_TRY(campaign, co_await deps.campaigns.get(id));
  CO_TRY(progress, co_await deps.campaigns.progress(id));
  co_return campaign_response(200, campaign, &progress, deps.clock.now());
}

Awaitable<Result<net::Response>> change_campaign(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(version, read_if_match(exchange.request));
  CO_TRY(before, co_await deps.campaigns.get(CampaignId{exchange.param("id")}));
  CO_TRY(request, read_campaign(body, std::move(before), false));
  if (version) request.campaign.version = *version;
  CO_TRY(changed, co_await deps.campaigns.change(std::move(request.campaign), exchange.actor));
  co_return campaign_response(200, changed, nullptr, deps.clock.now());
}

Awaitable<Result<net::Response>> remove_campaign(const Deps& deps, Exchange& exchange) {
  CO_TRY_VOID(co_await deps.campaigns.remove(CampaignId{exchange.param("id")}, exchange.actor));
  co_return no_content();
}

auto order_handler(CampaignOrder order) {
  return [order](const Deps& deps, Exchange& exchange) -> Awaitable<Result<net::Response>> {
    CO_TRY(body, co_await read_object_or_nothing(exchange));
    CO_TRY(version, read_if_match(exchange.request));
    Fields in(body);
    std::string reason = in.maybe_text("reason", max_reason_bytes).value_or("");
    CO_TRY_VOID(in.finish());
    CO_TRY(campaign, co_await deps.campaigns.order(CampaignId{exchange.param("id")}, order, std::move(reason), version,
                                                   exchange.actor));
    co_return campaign_response(200, campaign, nullptr, deps.clock.now());
  };
}

Awaitable<Result<net::Response>> why_campaign(const Deps& deps, Exchange& exchange) {
  CO_TRY(why, co_await deps.campaigns.why(CampaignId{exchange.param("id")}));
  co_return json_response(200, wire::to_json(why));
}

}  // namespace

void add_campaign_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/campaigns", Role::viewer, false, with(list_campaigns)});
  router.add({"POST", "/api/v1/campaigns", Role::operator_, false, with(create_campaign)});
  router.add({"GET", "/api/v1/campaigns/{id}", Role::viewer, false, with(get_campaign)});
  router.add({"PATCH", "/api/v1/campaigns/{id}", Role::operator_, false, with(change_campaign)});
  router.add({"DELETE", "/api/v1/campaigns/{id}", Role::operator_, false, with(remove_campaign)});
  for (const CampaignOrder order :
       {CampaignOrder::start, CampaignOrder::pause, CampaignOrder::resume, CampaignOrder::cancel})
    router.add({"POST", "/api/v1/campaigns/{id}/" + std::string(to_string(order)), Role::operator_, false,
                with(order_handler(order))});
  router.add({"GET", "/api/v1/campaigns/{id}/why", Role::viewer, false, with(why_campaign)});
}

}  // namespace callramp::api
