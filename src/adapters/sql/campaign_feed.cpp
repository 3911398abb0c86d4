// Contacts become calls, campaigns move on by themselves, and alerts are told: what the campaign runner asks for.
#include <algorithm>

#include "adapters/sql/call_store.hpp"
#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/campaign_store.hpp"
#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

// More zones than there are: a list of people all over the world has a few dozen.
constexpr std::size_t most_zones = 1000;

// One look into the index for each distinct value, however many contacts stand behind it.
std::vector<std::string> waiting_zones(Db& db, const CampaignId& id) {
  std::vector<std::string> zones;
  std::string last;
  while (zones.size() < most_zones) {
    std::optional<std::string> next;
    db.select("select min(zones) from contacts where campaign_id = :id and state = 0 and zones > :last", "t",
              {id, last}, [&](Row& row) { next = row.maybe(&Row::text); });
    if (!next) break;
    last = *next;
    zones.push_back(*std::move(next));
  }
  return zones;
}

std::vector<FeedView> read_running(Db& db, Instant now) {
  static const std::string sql = select(campaign_columns, "campaigns",
                                        "where status in ('scheduled', 'active', 'paused') order by created_at, id");
  std::vector<FeedView> views;
  for (Campaign& campaign : db.all(sql, campaign_kinds, {}, read_campaign)) {
    FeedView view{.campaign = std::move(campaign)};
    // What stands still is not fed: its contacts are nobody's business until it moves.
    if (view.campaign.status == CampaignStatus::active) {
      view.zones = waiting_zones(db, view.campaign.id);
      view.load = read_load(db, view.campaign.id, now);
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<Contact> next_contacts(Db& db, const FeedRequest& request) {
  static const std::string sql =
      select(contact_columns, "contacts",
             "where campaign_id = :campaign and zones = :zones and state = 0 order by seq limit :limit");
  std::vector<Contact> contacts;
  const auto limit = static_cast<std::int64_t>(request.ids.size());
  for (const std::string& zones : request.zones)
    std::ranges::move(db.all(sql, contact_kinds, {request.campaign, zones, limit}, read_contact),
                      std::back_inserter(contacts));
  // As they came in, whatever zone they are in.
  std::ranges::sort(contacts, {}, &Contact::seq);
  if (contacts.size() > request.ids.size()) contacts.resize(request.ids.size());
  return contacts;
}

void remove_unwanted(Db& db, const Contact& contact) {
  db.run("update contacts set state = 3, reason = 'do-not-call' where seq = :seq", {contact.seq});
}

Call make_call(Db& db, const Campaign& campaign, Contact contact, CallId id, const FlagState& flags, Instant now) {
  RoutingState routing{.flags = flags};
  if (auto pin = find_pin(db, contact.user)) routing.pins.insert_or_assign(contact.user.str(), *std::move(pin));
  const System accepted = route(routing, contact.user.str(), now).system;
  return Call{.id = std::move(id),
              .phone = std::move(contact.phone),
              .user = std::move(contact.user),
              .agent = contact.agent ? *std::move(contact.agent) : campaign.agent,
              .metadata_json = std::move(contact.metadata_json),
              .priority = campaign.priority,
              .kind = campaign.kind,
              .timezone = std::move(contact.timezone),
              .status = CallStatus::queued,
              .accepted_system = accepted,
              .batch = std::move(contact.batch),
              .campaign = campaign.id,
              .contact = contact.seq,
              .created_at = now,
              .due_at = now,
              .updated_at = now};
}

Result<FeedResult> feed_contacts(Db& db, const FeedRequest& request) {
  TRY(campaign, required_campaign(db, request.campaign));
  if (campaign.status != CampaignStatus::active) return FeedResult{.stopped = true};
  const FlagState flags = read_flags(db);
  FeedResult result;
  for (Contact& contact : next_contacts(db, request)) {
    if (on_do_not_call(db, contact.phone)) {
      remove_unwanted(db, contact);
      ++result.removed;
      continue;
    }
    const std::int64_t seq = contact.seq;
    Call call = make_call(db, campaign, std::move(contact), request.ids[result.calls.size()], flags, request.now);
    insert_call(db, call);
    db.run("update contacts set state = 1, call_id = :call where seq = :seq and state = 0", {call.id, seq});
    result.calls.push_back(std::move(call));
  }
  return result;
}

bool has_nothing_left(Db& db, const CampaignId& id) {
  return db.exists("select 1 from contacts where campaign_id = :id limit 1", {id}) &&
         !db.exists("select 1 from contacts where campaign_id = :id and state = 0 limit 1", {id}) &&
         !db.exists(
             "select 1 from calls where campaign_id = :id and status in ('scheduled', 'queued', 'dialing', 'ringing', "
             "'in_progress') limit 1",
             {id}) &&
         !db.exists("select 1 from batches where campaign_id = :id and finished_at is null limit 1", {id});
}

std::vector<Campaign> advance_all(Db& db, Instant now) {
  static const std::string sql =
      select(campaign_columns, "campaigns", "where status in ('scheduled', 'active') order by created_at, id");
  std::vector<Campaign> moved;
  const auto move = [&](const CampaignId& id, CampaignStatus status) {
    set_status(db, id, status, "", now);
    append_audit(db, {.at = now,
                      .actor = "system",
                      .action = status == CampaignStatus::active ? "campaign.start" : "campaign.complete",
                      .subject = id.str()});
    if (auto campaign = find_campaign(db, id)) moved.push_back(*std::move(campaign));
  };
  for (const Campaign& campaign : db.all(sql, campaign_kinds, {}, read_campaign)) {
    if (campaign.status == CampaignStatus::scheduled && campaign.start_at && *campaign.start_at <= now) {
      look_at_calls(db, campaign.id, now);
      move(campaign.id, CampaignStatus::active);
    } else if (campaign.status == CampaignStatus::active && has_nothing_left(db, campaign.id)) {
      move(campaign.id, CampaignStatus::completed);
    }
  }
  return moved;
}

BudgetAlert read_alert(Row& row) {
  BudgetAlert alert{.campaign = row.id<CampaignId>(),
                    .campaign_name = row.text(),
                    .of_day = row.text() == "day",
                    .day = row.number(),
                    .threshold = row.integer()};
  const std::int64_t spent = row.number();
  const std::int64_t budget = row.number();
  const auto currency = Currency::parse(row.text());
  if (!currency) throw DbFailure(currency.error());
  alert.spent = {.micros = spent, .currency = *currency};
  alert.budget = {.micros = budget, .currency = *currency};
  alert.at = row.instant();
  return alert;
}

}  // namespace

Awaitable<Result<std::vector<FeedView>>> SqlCampaignStore::running(Instant now) {
  using Views = std::vector<FeedView>;
  return executor_.read<Views>([now](Db& db) -> Result<Views> { return read_running(db, now); });
}

Awaitable<Result<FeedResult>> SqlCampaignStore::feed(FeedRequest request) {
  return executor_.write<FeedResult>([request = std::move(request)](Db& db) { return feed_contacts(db, request); });
}

Awaitable<Result<std::vector<Campaign>>> SqlCampaignStore::advance(Instant now) {
  using Campaigns = std::vector<Campaign>;
  return executor_.write<Campaigns>([now](Db& db) -> Result<Campaigns> { return advance_all(db, now); });
}

Awaitable<Result<std::vector<BudgetAlert>>> SqlCampaignStore::untold_alerts() {
  using Alerts = std::vector<BudgetAlert>;
  return executor_.read<Alerts>([](Db& db) -> Result<Alerts> {
    return db.all(
        "select campaign_id, campaigns.name, campaign_alerts.kind, day, threshold, spent_micros, "
        "campaign_alerts.budget_micros, currency, at from campaign_alerts join campaigns on campaigns.id = campaign_id "
        "where told_at is null order by at, threshold",
        "tttnnnntn", {}, read_alert);
  });
}

Awaitable<Status> SqlCampaignStore::mark_told(BudgetAlert alert, Instant now) {
  return executor_.write<void>([alert = std::move(alert), now](Db& db) -> Status {
    db.run(
        "update campaign_alerts set told_at = :now where campaign_id = :id and kind = :kind and day = :day and "
        "budget_micros = :budget and threshold = :threshold",
        {now, alert.campaign, alert.of_day ? "day" : "total", alert.day, alert.budget.micros, alert.threshold});
    return {};
  });
}

}  // namespace callramp::sql
