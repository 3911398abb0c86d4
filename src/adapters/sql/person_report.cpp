// What is kept of a person, read from everywhere.
#include <boost/json.hpp>

#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/person_store.hpp"
#include "adapters/sql/rows.hpp"
#include "wire/scalars.hpp"

namespace callramp::sql {
namespace {

namespace json = boost::json;
using wire::iso_or_null;

json::value parsed(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error ? json::value(text) : value;
}

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::array transcript_of(Db& db, const std::string& attempt) {
  json::array lines;
  db.select("select speaker, text, from_ms, to_ms from transcript_lines where attempt_id = :id order by position",
            "ttnn", {attempt}, [&](Row& row) {
              json::object line{{"speaker", row.text()}};
              line["text"] = row.text();
              line["fromMs"] = row.number();
              line["toMs"] = row.number();
              lines.push_back(std::move(line));
            });
  return lines;
}

json::array attempts_of(Db& db, const CallId& call) {
  static const std::string sql = select(attempt_columns, "attempts", "where call_id = :id order by number");
  json::array rows;
  for (const Attempt& attempt : db.all(sql, attempt_kinds, {call}, read_attempt))
    rows.push_back(json::object{{"id", attempt.id.str()},
                                {"provider", attempt.provider},
                                {"providerCallId", attempt.provider_call_id},
                                {"callerId", attempt.caller_id},
                                {"startedAt", to_iso(attempt.started_at)},
                                {"answeredAt", iso_or_null(attempt.answered_at)},
                                {"endedAt", iso_or_null(attempt.ended_at)},
                                {"outcome", attempt.outcome ? json::value(to_string(*attempt.outcome)) : nullptr},
                                {"permission", parsed(attempt.permission_json)},
                                {"transcript", transcript_of(db, attempt.id.str())}});
  return rows;
}

json::array calls_of(Db& db, const PhoneNumber& phone) {
  static const std::string sql = select(call_columns, "calls", "where phone = :phone order by created_at, id");
  json::array rows;
  for (const Call& call : db.all(sql, call_kinds, {phone}, read_call))
    rows.push_back(json::object{{"id", call.id.str()},
                                {"userId", call.user.str()},
                                {"agentId", call.agent.str()},
                                {"kind", to_string(call.kind)},
                                {"metadata", parsed(call.metadata_json)},
                                {"status", to_string(call.status)},
                                {"outcome", call.outcome ? json::value(to_string(*call.outcome)) : nullptr},
                                {"reason", call.reason},
                                {"createdAt", to_iso(call.created_at)},
                                {"finalAt", iso_or_null(call.final_at)},
                                {"attempts", attempts_of(db, call.id)}});
  return rows;
}

json::array contacts_of(Db& db, const PhoneNumber& phone) {
  json::array rows;
  db.select(
      "select campaign_id, user_id, name, timezone, metadata, consent, reason from contacts where phone = :phone order "
      "by seq",
      "ttttttt", {phone}, [&](Row& row) {
        json::object contact{{"campaignId", row.text()}};
        contact["userId"] = row.text();
        contact["name"] = row.text();
        contact["timezone"] = row.text();
        contact["metadata"] = parsed(row.text());
        contact["consent"] = row.text();
        contact["reason"] = row.text();
        rows.push_back(std::move(contact));
      });
  return rows;
}

json::array schedules_of(Db& db, const PhoneNumber& phone) {
  json::array rows;
  db.select(
      "select id, user_id, agent_id, metadata, status, first_at, timezone from schedules where phone = :phone order by "
      "created_at, id",
      "ttttttt", {phone}, [&](Row& row) {
        json::object schedule{{"id", row.text()}};
        schedule["userId"] = row.text();
        schedule["agentId"] = row.text();
        schedule["metadata"] = parsed(row.text());
        schedule["status"] = row.text();
        schedule["firstAt"] = row.text();
        schedule["timezone"] = row.text();
        rows.push_back(std::move(schedule));
      });
  return rows;
}

json::array outcomes_of(Db& db, const PhoneNumber& phone) {
  json::array rows;
  db.select(
      "select external_id, user_id, system, started_at, outcome from reported_outcomes where phone = :phone or user_id "
      "= :user order by started_at",
      "tttnt", {phone, phone}, [&](Row& row) {
        json::object outcome{{"externalId", row.text()}};
        outcome["userId"] = row.text();
        outcome["system"] = row.text();
        outcome["startedAt"] = to_iso(row.instant());
        outcome["outcome"] = row.text();
        rows.push_back(std::move(outcome));
      });
  return rows;
}

json::array items_of(Db& db, const PhoneNumber& phone) {
  json::array rows;
  db.select(
      "select kind, external_id, call_id, at, note from evidence_items where call_id in (select id from calls where "
      "phone = :phone) order by at",
      "tttnt", {phone}, [&](Row& row) {
        json::object item{{"kind", row.text()}};
        item["externalId"] = row.text();
        item["callId"] = text_or_null(row.maybe(&Row::text));
        item["at"] = to_iso(row.instant());
        item["note"] = row.text();
        rows.push_back(std::move(item));
      });
  return rows;
}

json::array import_errors_of(Db& db, const PhoneNumber& phone) {
  json::array rows;
  db.select(
      "select batch_id, line, field, value, reason from batch_errors where replace(replace(replace(value, ' ', ''), "
      "'-', ''), '+', '') like :written order by batch_id, line",
      "tnttt", {written_pattern(phone)}, [&](Row& row) {
        json::object error{{"batchId", row.text()}};
        error["line"] = row.number();
        error["field"] = row.text();
        error["value"] = row.text();
        error["reason"] = row.text();
        rows.push_back(std::move(error));
      });
  return rows;
}

}  // namespace

std::string written_pattern(const PhoneNumber& phone) {
  const std::string& e164 = phone.e164();
  return "%" + e164.substr(e164.size() > 11 ? e164.size() - 10 : 1);
}

PersonSummary summarise(Db& db, const PhoneNumber& phone) {
  const auto count = [&](std::string_view sql) { return db.number(sql, {phone}).value_or(0); };
  return {
      .do_not_call = on_do_not_call(db, phone),
      .calls = count("select count(*) from calls where phone = :phone"),
      .attempts = count("select count(*) from attempts where phone = :phone"),
      .transcript_lines =
          count("select count(*) from transcript_lines where attempt_id in (select id from attempts where phone = "
                ":phone)"),
      .contacts = count("select count(*) from contacts where phone = :phone"),
      .reported_outcomes =
          db.number("select count(*) from reported_outcomes where phone = :phone or user_id = :user", {phone, phone})
              .value_or(0),
      .evidence_items =
          count("select count(*) from evidence_items where call_id in (select id from calls where phone = :phone)"),
      .import_errors =
          db.number("select count(*) from batch_errors where replace(replace(replace(value, ' ', ''), '-', ''), "
                    "'+', '') like :written",
                    {written_pattern(phone)})
              .value_or(0),
      .deliveries = count("select count(*) from outbox where subject in (select id from calls where phone = "
                          ":phone)")};
}

Awaitable<Result<PersonSummary>> SqlPersonStore::summary(PhoneNumber phone) {
  return executor_.read<PersonSummary>(
      [phone = std::move(phone)](Db& db) -> Result<PersonSummary> { return summarise(db, phone); });
}

Awaitable<Result<std::string>> SqlPersonStore::everything(PhoneNumber phone) {
  return executor_.read<std::string>([phone = std::move(phone)](Db& db) -> Result<std::string> {
    return json::serialize(json::object{{"phoneNumber", phone.e164()},
                                        {"doNotCall", on_do_not_call(db, phone)},
                                        {"calls", calls_of(db, phone)},
                                        {"contacts", contacts_of(db, phone)},
                                        {"schedules", schedules_of(db, phone)},
                                        {"reportedOutcomes", outcomes_of(db, phone)},
                                        {"evidence", items_of(db, phone)},
                                        {"importErrors", import_errors_of(db, phone)}});
  });
}

}  // namespace callramp::sql
