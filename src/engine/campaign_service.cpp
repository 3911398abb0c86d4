#include "engine/campaign_service.hpp"

#include <fmt/format.h>

#include "engine/campaign_runner.hpp"

namespace callramp::engine {
namespace {

constexpr std::size_t max_metadata_bytes = 10 * 1024;  // product.md §5
const CallingWindow all_day{.from = minutes{0}, .to = minutes{24 * 60}};

Result<void> check_budget(const std::optional<Money>& budget, const Currency& currency, const char* field) {
  if (!budget) return {};
  if (budget->currency != currency)
    return fail(ErrorCode::invalid_request,
                fmt::format("{} is {}, and costs are kept in {}; write it in {}", field, to_string(*budget),
                            currency.str(), currency.str()),
                field);
  if (budget->micros <= 0 || budget->micros > largest_budget_micros)
    return fail(ErrorCode::invalid_request,
                fmt::format("{} is {}; more than nothing and at most {} is expected", field, to_string(*budget),
                            to_string(Money{.micros = largest_budget_micros, .currency = currency})),
                field);
  return {};
}

// Of one of several, for its error.
Error of_index(std::size_t index, Error error) {
  const std::string at = fmt::format("contacts[{}]", index);
  error.field = error.field.empty() ? at : at + "." + error.field;
  error.message = at + ": " + error.message;
  return error;
}

}  // namespace

CampaignService::CampaignService(CampaignServiceConfig config, CampaignStore& store, CallService& calls,
                                 const PhoneDirectory& phones, async::Clock& clock, Random& random, Log& log,
                                 EventFeed& feed)
    : config_(std::move(config)),
      store_(store),
      calls_(calls),
      phones_(phones),
      clock_(clock),
      random_(random),
      log_(log),
      feed_(feed) {}

Result<void> CampaignService::check(const Campaign& campaign) const {
  TRY_VOID(check_budget(campaign.budget.total, config_.currency, "budget.total"));
  TRY_VOID(check_budget(campaign.budget.per_day, config_.currency, "budget.perDay"));
  return {};
}

void CampaignService::changed(const Campaign& campaign) {
  log_.info("campaign_changed",
            {{"campaign_id", campaign.id}, {"status", to_string(campaign.status)}, {"version", campaign.version}});
  feed_.publish(campaign_event(campaign));
  if (wake_) wake_();
}

Awaitable<Result<Campaign>> CampaignService::create(Campaign campaign, bool start, Actor actor) {
  CO_TRY_VOID(check(campaign));
  const Instant now = clock_.now();
  campaign.id = make_id<CampaignId>(now, random_);
  campaign.created_at = now;
  campaign.updated_at = now;
  campaign.created_by = actor.name;
  campaign.version = 1;
  campaign.status = CampaignStatus::draft;
  if (start) {
    CO_TRY(status, status_after(campaign, CampaignOrder::start, now));
    campaign.status = status;
    if (status == CampaignStatus::active) campaign.started_at = now;
  }
  CO_TRY(created, co_await store_.create(std::move(campaign)));
  changed(created);
  co_return created;
}

Awaitable<Result<Campaign>> CampaignService::change(Campaign campaign, Actor actor) {
  CO_TRY_VOID(check(campaign));
  CO_TRY(stored, co_await store_.change(std::move(campaign), actor.name, clock_.now()));
  changed(stored);
  co_return stored;
}

Awaitable<Status> CampaignService::remove(CampaignId id, Actor actor) {
  CO_TRY_VOID(co_await store_.remove(id, actor.name, clock_.now()));
  log_.info("campaign_removed", {{"campaign_id", id}, {"actor", actor.name}});
  co_return Status{};
}

Awaitable<Result<Campaign>> CampaignService::order(CampaignId id, CampaignOrder order, std::string reason,
                                                   std::optional<std::int64_t> version, Actor actor) {
  CO_TRY(stored, co_await store_.order(id, order, actor.name, std::move(reason), version, clock_.now()));
  changed(stored);
  if (order == CampaignOrder::cancel) co_await hang_up_calls(id);
  co_return stored;
}

// Those that talk: their sessions say goodbye. Those that ring end by the request that the order left in their rows.
Awaitable<void> CampaignService::hang_up_calls(CampaignId id) {
  if (live_ == nullptr) co_return;
  CallFilter filter{.status = CallStatus::in_progress, .campaign = std::move(id), .limit = 100};
  for (;; ++filter.page) {
    const auto page = co_await calls_.list(filter);
    if (!page) {
      log_.error("campaign_calls_not_read", {{"campaign_id", *filter.campaign}, {"error", page.error().message}});
      co_return;
    }
    for (const Call& call : page->calls) live_->hang_up(call.id, Parting::goodbye);
    if (page->calls.size() < static_cast<std::size_t>(filter.limit)) co_return;
  }
}

Awaitable<Result<Why>> CampaignService::why(CampaignId id) {
  const Instant now = clock_.now();
  CO_TRY(campaign, co_await store_.get(id));
  CO_TRY(load, co_await store_.load(id, now));
  CO_TRY(groups, co_await store_.waiting_groups(id));
  CO_TRY(calls, co_await store_.waiting_reasons(id));
  CO_TRY(removed, co_await store_.count_removed(id));
  const auto by_kind = config_.windows.find(campaign.kind);
  const CallingWindow window = window_of(campaign, by_kind == config_.windows.end() ? all_day : by_kind->second);
  WhyFacts facts{.campaign = std::move(campaign),
                 .load = load,
                 .calls = std::move(calls),
                 .removed = removed,
                 .no_carrier = carrier_hold_ ? carrier_hold_() : std::nullopt,
                 .program_limit = config_.max_concurrent,
                 .program_calling = open_attempts_ ? open_attempts_() : 0,
                 .now = now};
  for (WaitingGroup& group : groups) {
    auto verdict = judge_window(window, clocks_in(phones_, group.zones, now), facts.campaign.settings.holidays);
    facts.groups.push_back({.group = std::move(group), .verdict = std::move(verdict)});
  }
  co_return callramp::why(facts);
}

Result<Contact> CampaignService::read_contact(const Campaign& campaign, NewContact given, Instant now) const {
  TRY(phone, phones_.normalise(given.phone, campaign.region));
  Contact contact{.campaign = campaign.id,
                  .phone = std::move(phone),
                  .name = std::move(given.name),
                  .agent = std::move(given.agent),
                  .timezone = std::move(given.timezone),
                  .metadata_json = std::move(given.metadata_json),
                  .consent = std::move(given.consent)};
  contact.user = UserId{contact.phone.e164()};
  if (given.user) {
    TRY(user, parse_user_id(*given.user));
    contact.user = std::move(user);
  }
  if (contact.metadata_json.size() > max_metadata_bytes)
    return fail(
        ErrorCode::invalid_request,
        fmt::format("metadata is {} bytes; at most {} are kept", contact.metadata_json.size(), max_metadata_bytes),
        "metadata");
  if (contact.timezone.empty()) {
    for (const std::string& zone : phones_.zones(contact.phone))
      contact.zones += (contact.zones.empty() ? "" : ",") + zone;
  } else {
    TRY(known, phones_.local_clock(contact.timezone, now));
    contact.zones = contact.timezone;
  }
  return contact;
}

Awaitable<Result<ContactsAdded>> CampaignService::add_contacts(CampaignId id, std::vector<NewContact> given) {
  CO_TRY(campaign, co_await store_.get(id));
  std::vector<Contact> contacts;
  contacts.reserve(given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto contact = read_contact(campaign, std::move(given[i]), clock_.now());
    if (!contact) co_return std::unexpected(of_index(i, std::move(contact).error()));
    contacts.push_back(*std::move(contact));
  }
  CO_TRY(added, co_await store_.add_contacts(std::move(id), std::move(contacts)));
  if (wake_) wake_();
  co_return added;
}

Awaitable<Result<Contact>> CampaignService::remove_contact(CampaignId id, std::int64_t seq, Actor actor) {
  return store_.remove_contact(std::move(id), seq, std::move(actor.name), clock_.now());
}

Awaitable<Result<AcceptedCall>> CampaignService::test_call(CampaignId id, TestCall test) {
  CO_TRY(campaign, co_await store_.get(std::move(id)));
  co_return co_await calls_.place({.phone = std::move(test.phone),
                                   .agent = campaign.agent,
                                   .metadata_json = std::move(test.metadata_json),
                                   .priority = Priority::high,
                                   .kind = CallKind::transactional,
                                   .test = true});
}

}  // namespace callramp::engine
