// A campaign's contacts: added, taken out, counted, and read out with what became of them.
#include <map>

#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/campaign_store.hpp"
#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

constexpr minutes rate_window{10};  // long enough to be steady, short enough to show a change

bool insert_contact(Db& db, const CampaignId& campaign, const Contact& contact) {
  return db.run(
             "insert into contacts (campaign_id, batch_id, line, phone, user_id, name, agent_id, timezone, zones, "
             "metadata, consent, state, reason) values (:campaign, :batch, :line, :phone, :user, :name, :agent, "
             ":timezone, :zones, :metadata, :consent, :state, :reason) on conflict (campaign_id, phone) do nothing",
             {campaign, contact.batch, contact.line, contact.phone, contact.user, contact.name, contact.agent,
              contact.timezone, contact.zones, contact.metadata_json, contact.consent, static_cast<int>(contact.state),
              contact.reason}) > 0;
}

Result<ContactsAdded> add(Db& db, const CampaignId& id, const std::vector<Contact>& contacts) {
  TRY(campaign, required_campaign(db, id));
  if (is_over(campaign.status))
    return fail(ErrorCode::conflict, "campaign '" + campaign.name + "' is " + std::string(to_string(campaign.status)) +
                                         " and takes no contacts; create a new one");
  ContactsAdded result;
  for (std::size_t i = 0; i < contacts.size(); ++i) {
    Contact contact = contacts[i];
    if (contact.agent && !db.exists("select 1 from agents where id = :id", {*contact.agent}))
      return fail(ErrorCode::agent_not_found,
                  "contacts[" + std::to_string(i) + "]: there is no agent '" + contact.agent->str() + "'",
                  "contacts[" + std::to_string(i) + "].agentId");
    const bool unwanted = on_do_not_call(db, contact.phone);
    if (unwanted) {
      contact.state = ContactState::removed;
      contact.reason = "do-not-call";
    }
    if (!insert_contact(db, id, contact)) {
      result.duplicates.push_back(i);
      continue;
    }
    ++result.added;
    if (unwanted) result.do_not_call.push_back(i);
  }
  return result;
}

Result<Contact> take_out(Db& db, const CampaignId& id, std::int64_t seq, const std::string& actor, Instant now) {
  static const std::string by_seq = select(contact_columns, "contacts", "where seq = :seq and campaign_id = :campaign");
  const auto find = [&] { return db.one(by_seq, contact_kinds, {seq, id}, read_contact); };
  const auto contact = find();
  if (!contact) return fail(ErrorCode::not_found, "campaign '" + id.str() + "' has no contact " + std::to_string(seq));
  if (contact->state == ContactState::called)
    return fail(ErrorCode::conflict, "contact " + std::to_string(seq) + " has its call already; cancel call '" +
                                         contact->call->str() + "' instead");
  if (contact->state == ContactState::removed) return *contact;
  db.run("update contacts set state = 3, reason = :reason where seq = :seq", {"taken out by " + actor, seq});
  append_audit(db, {.at = now,
                    .actor = actor,
                    .action = "campaign.remove_contact",
                    .subject = id.str(),
                    .reason = contact->phone.masked()});
  return *find();
}

std::vector<Contact> list_contacts(Db& db, const ContactFilter& filter) {
  static const std::string all =
      select(contact_columns, "contacts", "where campaign_id = :campaign and seq > :after order by seq limit :limit");
  static const std::string some =
      select(contact_columns, "contacts",
             "where campaign_id = :campaign and seq > :after and state = :state order by seq limit :limit");
  if (!filter.state) return db.all(all, contact_kinds, {filter.campaign, filter.after, filter.limit}, read_contact);
  return db.all(some, contact_kinds, {filter.campaign, filter.after, static_cast<int>(*filter.state), filter.limit},
                read_contact);
}

std::optional<double> recent_rate(Db& db, const CampaignId& id, Instant now) {
  std::int64_t dialed = 0;
  Instant first = now;
  // The limit keeps the inner select apart: what was dialed lately is little, what a campaign dialed is much.
  db.select(
      "select count(*), min(first_attempt_at) from (select campaign_id, first_attempt_at from calls where "
      "first_attempt_at >= :since limit 1000000) as lately where campaign_id = :id",
      "nn", {now - rate_window, id}, [&](Row& row) {
        dialed = row.number();
        first = row.maybe(&Row::instant).value_or(now);
      });
  if (dialed == 0) return std::nullopt;
  const double span = std::chrono::duration<double, std::ratio<60>>(now - first).count();
  return static_cast<double>(dialed) / std::max(span, 1.0);
}

std::int64_t removed_contacts(Db& db, const CampaignId& id) {
  return db.number("select count(*) from contacts where campaign_id = :id and state = 3", {id}).value_or(0);
}

CampaignProgress count(Db& db, const Campaign& campaign, Instant now) {
  CampaignProgress progress;
  const CampaignId& id = campaign.id;
  progress.contacts = db.number("select count(*) from contacts where campaign_id = :id", {id}).value_or(0);
  progress.waiting = db.number("select count(*) from contacts where campaign_id = :id and state = 0", {id}).value_or(0);
  progress.removed = db.number("select count(*) from contacts where campaign_id = :id and state = 3", {id}).value_or(0);
  db.select("select status, outcome, count(*) from calls where campaign_id = :id group by status, outcome", "ttn", {id},
            [&](Row& row) {
              const CallStatus status = row.word(parse_call_status);
              const auto outcome = row.maybe_word(parse_outcome);
              const std::int64_t calls = row.number();
              if (outcome) progress.outcomes[*outcome] += calls;
              if (status == CallStatus::final_)
                progress.done += calls;
              else if (status == CallStatus::queued || status == CallStatus::scheduled)
                progress.queued += calls;
              else
                progress.calling += calls;
            });
  const CampaignLoad load = read_load(db, id, now);
  const Currency currency = campaign.budget.total     ? campaign.budget.total->currency
                            : campaign.budget.per_day ? campaign.budget.per_day->currency
                                                      : Currency{};
  progress.spent = {.micros = load.spent_micros, .currency = currency};
  progress.spent_today = {.micros = load.spent_today_micros, .currency = currency};
  progress.rate_per_minute = recent_rate(db, id, now);
  return progress;
}

ContactResult read_result(Row& row) {
  ContactResult result{.contact = read_contact(row),
                       .status = row.maybe_word(parse_call_status),
                       .outcome = row.maybe_word(parse_outcome),
                       .fault = row.maybe_word(parse_fault),
                       .reason = row.maybe(&Row::text).value_or(""),
                       .system = row.maybe_word(parse_system)};
  result.attempts = static_cast<int>(row.maybe(&Row::number).value_or(0));
  result.first_attempt_at = row.maybe(&Row::instant);
  result.final_at = row.maybe(&Row::instant);
  if (const auto duration = row.maybe(&Row::number)) result.duration = seconds{*duration};
  result.cost.micros = row.maybe(&Row::number).value_or(0);
  return result;
}

std::vector<ContactResult> read_results(Db& db, const CampaignId& id, std::int64_t after, int limit) {
  // contact_columns of both tables would be ambiguous, so the contacts are joined as a table of their own names.
  static const std::string sql =
      "select contact.*, calls.status, calls.outcome, calls.fault, calls.reason, calls.system, calls.attempts, "
      "calls.first_attempt_at, calls.final_at, (select carrier_duration_s from attempts where call_id = calls.id order "
      "by number desc limit 1), (select sum(micros) from cost_lines join attempts on attempts.id = attempt_id where "
      "attempts.call_id = calls.id) from (" +
      select(contact_columns, "contacts", "where campaign_id = :campaign and seq > :after order by seq limit :limit") +
      ") as contact left join calls on calls.id = contact.call_id order by contact.seq";
  static const std::string kinds = std::string(contact_kinds) + "tttttnnnnn";
  return db.all(sql, kinds, {id, after, limit}, read_result);
}

WaitingGroup read_group(Row& row) { return {.zones = row.text(), .contacts = row.number()}; }
WaitingReason read_reason(Row& row) {
  return {.reason = row.text(), .calls = row.number(), .until = row.maybe(&Row::instant)};
}

}  // namespace

Awaitable<Result<ContactsAdded>> SqlCampaignStore::add_contacts(CampaignId id, std::vector<Contact> contacts) {
  return executor_.write<ContactsAdded>(
      [id = std::move(id), contacts = std::move(contacts)](Db& db) { return add(db, id, contacts); });
}

Awaitable<Result<std::vector<Contact>>> SqlCampaignStore::contacts(ContactFilter filter) {
  using Contacts = std::vector<Contact>;
  return executor_.read<Contacts>([filter = std::move(filter)](Db& db) -> Result<Contacts> {
    TRY(campaign, required_campaign(db, filter.campaign));
    return list_contacts(db, filter);
  });
}

Awaitable<Result<Contact>> SqlCampaignStore::remove_contact(CampaignId id, std::int64_t seq, std::string actor,
                                                            Instant now) {
  return executor_.write<Contact>([=](Db& db) { return take_out(db, id, seq, actor, now); });
}

Awaitable<Result<CampaignProgress>> SqlCampaignStore::progress(CampaignId id, Instant now) {
  return executor_.read<CampaignProgress>([id = std::move(id), now](Db& db) -> Result<CampaignProgress> {
    TRY(campaign, required_campaign(db, id));
    return count(db, campaign, now);
  });
}

Awaitable<Result<CampaignLoad>> SqlCampaignStore::load(CampaignId id, Instant now) {
  return executor_.read<CampaignLoad>(
      [id = std::move(id), now](Db& db) -> Result<CampaignLoad> { return read_load(db, id, now); });
}

Awaitable<Result<std::vector<ContactResult>>> SqlCampaignStore::results(CampaignId id, std::int64_t after, int limit) {
  using Results = std::vector<ContactResult>;
  return executor_.read<Results>(
      [id = std::move(id), after, limit](Db& db) -> Result<Results> { return read_results(db, id, after, limit); });
}

Awaitable<Result<std::vector<WaitingGroup>>> SqlCampaignStore::waiting_groups(CampaignId id) {
  using Groups = std::vector<WaitingGroup>;
  return executor_.read<Groups>([id = std::move(id)](Db& db) -> Result<Groups> {
    return db.all("select zones, count(*) from contacts where campaign_id = :id and state = 0 group by zones", "tn",
                  {id}, read_group);
  });
}

Awaitable<Result<std::vector<WaitingReason>>> SqlCampaignStore::waiting_reasons(CampaignId id) {
  using Reasons = std::vector<WaitingReason>;
  return executor_.read<Reasons>([id = std::move(id)](Db& db) -> Result<Reasons> {
    return db.all(
        "select reason, count(*), min(look_at) from calls where campaign_id = :id and status in ('scheduled', "
        "'queued') group by reason",
        "tnn", {id}, read_reason);
  });
}

Awaitable<Result<std::int64_t>> SqlCampaignStore::count_removed(CampaignId id) {
  return executor_.read<std::int64_t>(
      [id = std::move(id)](Db& db) -> Result<std::int64_t> { return removed_contacts(db, id); });
}

}  // namespace callramp::sql
