// A person is taken out of everything: the number gives way to a pseudonym, what they said and what was said about them
// goes, and counts, times, outcomes and costs stay, which tell of nobody.
#include <boost/json.hpp>
#include <set>

#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/person_store.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

constexpr std::string_view erased_reason = "the person was erased";

// The record of why a dial was allowed stays, without what names the person.
void erase_consents(Db& db, const PhoneNumber& phone) {
  const auto attempts = db.all(
      "select id, permission from attempts where phone = :phone", "tt", {phone}, +[](Row& row) {
        std::string id = row.text();
        return std::pair{std::move(id), row.text()};
      });
  for (const auto& [id, permission] : attempts) {
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(permission, error);
    if (error || !value.is_object() || !value.as_object().contains("consent")) continue;
    value.as_object()["consent"] = "erased";
    db.run("update attempts set permission = :permission where id = :id", {boost::json::serialize(value), id});
  }
}

// Order matters: what is found through calls and attempts goes before their number does.
void erase_rows(Db& db, const PhoneNumber& phone, const PhoneNumber& pseudonym) {
  erase_consents(db, phone);
  db.run("delete from outbox where subject in (select id from calls where phone = :phone)", {phone});
  db.run("delete from transcript_lines where attempt_id in (select id from attempts where phone = :phone)", {phone});
  db.run(
      "update evidence_item_changes set reason = '' where exists (select 1 from evidence_items i join calls c on c.id "
      "= i.call_id where i.kind = evidence_item_changes.kind and i.external_id = evidence_item_changes.external_id and "
      "c.phone = :phone)",
      {phone});
  db.run("update evidence_items set note = '' where call_id in (select id from calls where phone = :phone)", {phone});
  db.run("update attempts set phone = :pseudonym where phone = :phone", {pseudonym, phone});
  db.run(
      "update schedules set user_id = :user, metadata = '{}', status = case when status = 'active' then 'cancelled' "
      "else "
      "status end, phone = :pseudonym where phone = :phone",
      {pseudonym, pseudonym, phone});
  db.run("delete from pins where user_id = :user", {phone});
  db.run("update calls set user_id = :user, metadata = '{}', phone = :pseudonym where phone = :phone",
         {pseudonym, pseudonym, phone});
  db.run(
      "update contacts set user_id = :user, name = '', metadata = '{}', consent = '', reason = case when state = 0 "
      "then "
      ":reason else reason end, state = case when state = 0 then 3 else state end, phone = :pseudonym where phone = "
      ":phone",
      {pseudonym, erased_reason, pseudonym, phone});
  db.run("update reported_outcomes set user_id = :pseudonym, phone = null where phone = :phone or user_id = :user",
         {pseudonym, phone, phone});
  db.run(
      "update batch_errors set value = '' where replace(replace(replace(value, ' ', ''), '-', ''), '+', '') like "
      ":written",
      {written_pattern(phone)});
}

void forbid_by_hash(Db& db, const std::string& hash, Instant now) {
  db.run("insert into do_not_call_hashes (hash, created_at) values (:hash, :at) on conflict (hash) do nothing",
         {hash, now});
  count_up_do_not_call(db);
}

Result<PersonSummary> erase_person(Db& db, const Erasure& erasure) {
  const PhoneNumber& phone = erasure.phone;
  if (db.exists("select 1 from attempts where phone = :phone and outcome is null limit 1", {phone}))
    return fail(ErrorCode::conflict,
                "a call to " + phone.masked() +
                    " is under way, and what it will say is not there yet to be erased; stop them "
                    "now, and erase when the call is over",
                "phoneNumber");
  end_undialed(db, phone, std::string(erased_reason), erasure.now);
  PersonSummary erased = summarise(db, phone);
  const std::string hash = person_hash(db, phone);
  erase_rows(db, phone, erasure.pseudonym);
  db.run("delete from do_not_call where phone = :phone", {phone});
  forbid_by_hash(db, hash, erasure.now);
  leave_tombstone(db, TombstoneKind::erase, hash, erasure.now);
  erased.do_not_call = true;
  append_audit(db, {.at = erasure.now,
                    .actor = erasure.actor,
                    .action = "person.erase",
                    .subject = hash.substr(0, 16),
                    .reason = erasure.reason,
                    .details_json = boost::json::serialize(boost::json::object{
                        {"calls", erased.calls}, {"contacts", erased.contacts}, {"lines", erased.transcript_lines}})});
  return erased;
}

// Every number that the database knows; once through, however many people are to be found.
std::vector<PhoneNumber> numbers_with(Db& db, const std::set<std::string>& hashes) {
  std::vector<PhoneNumber> numbers;
  std::vector<PhoneNumber> all;
  db.select(
      "select phone from calls union select phone from contacts union select phone from reported_outcomes where phone "
      "is not null union select phone from do_not_call union select phone from schedules",
      "t", {}, [&](Row& row) { all.push_back(row.phone()); });
  for (PhoneNumber& number : all)
    if (hashes.contains(person_hash(db, number))) numbers.push_back(std::move(number));
  return numbers;
}

Result<std::int64_t> replay_all(Db& db, const std::vector<Tombstone>& tombstones,
                                const std::vector<PhoneNumber>& pseudonyms, Instant now) {
  std::set<std::string> erased;
  std::set<std::string> allowed;
  std::int64_t applied = 0;
  for (const Tombstone& tombstone : tombstones) {
    if (db.exists("select 1 from tombstones where at = :at", {tombstone.at})) continue;
    db.run("insert into tombstones (at, kind, hash) values (:at, :kind, :hash)",
           {tombstone.at, to_string(tombstone.kind), tombstone.hash});
    ++applied;
    if (tombstone.kind == TombstoneKind::allow) {
      db.run("delete from do_not_call_hashes where hash = :hash", {tombstone.hash});
      allowed.insert(tombstone.hash);
      continue;
    }
    allowed.erase(tombstone.hash);
    forbid_by_hash(db, tombstone.hash, tombstone.at);
    if (tombstone.kind == TombstoneKind::erase) erased.insert(tombstone.hash);
  }
  for (const PhoneNumber& phone : allowed.empty() ? std::vector<PhoneNumber>{} : numbers_with(db, allowed))
    db.run("delete from do_not_call where phone = :phone", {phone});
  std::size_t next = 0;
  for (const PhoneNumber& phone : erased.empty() ? std::vector<PhoneNumber>{} : numbers_with(db, erased)) {
    if (next == pseudonyms.size()) return fail(ErrorCode::internal, "fewer pseudonyms were given than people erased");
    end_undialed(db, phone, std::string(erased_reason), now);
    erase_rows(db, phone, pseudonyms[next++]);
    db.run("delete from do_not_call where phone = :phone", {phone});
  }
  if (applied > 0)
    append_audit(db, {.at = now,
                      .actor = "restore",
                      .action = "person.replay",
                      .subject = "tombstones",
                      .details_json = "{\"applied\":" + std::to_string(applied) + "}"});
  return applied;
}

}  // namespace

Awaitable<Result<PersonSummary>> SqlPersonStore::erase(Erasure erasure) {
  return executor_.write<PersonSummary>([erasure = std::move(erasure)](Db& db) { return erase_person(db, erasure); });
}

Awaitable<Result<std::vector<Tombstone>>> SqlPersonStore::tombstones(Instant after, int limit) {
  using Tombstones = std::vector<Tombstone>;
  return executor_.read<Tombstones>([=](Db& db) -> Result<Tombstones> {
    return db.all(
        "select at, kind, hash from tombstones where at > :after order by at limit :limit", "ntt", {after, limit},
        +[](Row& row) {
          return Tombstone{.at = row.instant(), .kind = row.word(parse_tombstone_kind), .hash = row.text()};
        });
  });
}

Awaitable<Result<std::int64_t>> SqlPersonStore::replay(std::vector<Tombstone> tombstones,
                                                       std::vector<PhoneNumber> pseudonyms, Instant now) {
  return executor_.write<std::int64_t>([tombstones = std::move(tombstones), pseudonyms = std::move(pseudonyms),
                                        now](Db& db) { return replay_all(db, tombstones, pseudonyms, now); });
}

}  // namespace callramp::sql
