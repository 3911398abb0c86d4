// What each event says, read from the tables when it is written out. docs/webhooks.md describes it to receivers; a
// field is added, never renamed.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/outbox_store.hpp"
#include "adapters/sql/rollout_text.hpp"
#include "adapters/sql/rows.hpp"
#include "wire/decision_json.hpp"
#include "wire/scalars.hpp"

namespace callramp::sql {
namespace {

namespace json = boost::json;
using wire::iso_or_null;

struct Told {
  std::string subject;
  json::object data;
};

json::value text_or_null(const std::optional<std::string_view>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}
template <class AnyId>
json::value id_or_null(const std::optional<AnyId>& id) {
  return id ? json::value(id->str()) : json::value(nullptr);
}

json::value metadata_of(const Call& call) {
  boost::system::error_code error;
  json::value value = json::parse(call.metadata_json, error);
  return error ? json::value(json::object{}) : value;
}

std::optional<Told> tell_call(Db& db, const std::string& id) {
  const auto call = find_call(db, CallId{id});
  if (!call || !call->outcome) return std::nullopt;
  const auto duration =
      db.number("select carrier_duration_s from attempts where call_id = :id order by number desc limit 1", {id});
  return Told{.subject = id,
              .data = {{"callId", id},
                       {"userId", call->user.str()},
                       {"phoneNumber", call->phone.e164()},
                       {"agentId", call->agent.str()},
                       {"campaignId", id_or_null(call->campaign)},
                       {"batchId", id_or_null(call->batch)},
                       {"system", text_or_null(word(call->system))},
                       {"outcome", to_string(*call->outcome)},
                       {"fault", text_or_null(word(call->fault))},
                       {"reason", call->reason},
                       {"test", call->test},
                       {"attempts", call->attempts},
                       {"durationSeconds", duration ? json::value(*duration) : json::value(nullptr)},
                       {"metadata", metadata_of(*call)},
                       {"createdAt", to_iso(call->created_at)},
                       {"firstAttemptAt", iso_or_null(call->first_attempt_at)},
                       {"finalAt", iso_or_null(call->final_at)}}};
}

std::optional<Told> tell_batch(Db& db, const std::string& id) {
  std::optional<Told> told;
  db.select(
      "select campaign_id, file_name, state, dry_run, lines_done, good, rejected, duplicates, do_not_call, error, "
      "finished_at from batches where id = :id",
      "tttnnnnnntn", {id}, [&](Row& row) {
        const auto campaign = row.maybe(&Row::text);
        told = Told{.subject = id,
                    .data = {{"batchId", id},
                             {"campaignId", text_or_null(campaign)},
                             {"fileName", row.text()},
                             {"state", row.text()},
                             {"dryRun", row.flag()},
                             {"lines", row.number()},
                             {"good", row.number()},
                             {"rejected", row.number()},
                             {"duplicates", row.number()},
                             {"doNotCall", row.number()},
                             {"error", row.text()},
                             {"finishedAt", iso_or_null(row.maybe(&Row::instant))}}};
      });
  return told;
}

std::optional<Told> tell_campaign(Db& db, const std::string& id) {
  const auto campaign = find_campaign(db, CampaignId{id});
  if (!campaign) return std::nullopt;
  json::object outcomes;
  db.select("select outcome, count(*) from calls where campaign_id = :id and outcome is not null group by outcome",
            "tn", {id}, [&](Row& row) {
              const std::string outcome = row.text();
              outcomes[outcome] = row.number();
            });
  return Told{
      .subject = id,
      .data = {{"campaignId", id},
               {"name", campaign->name},
               {"agentId", campaign->agent.str()},
               {"status", to_string(campaign->status)},
               {"contacts", db.number("select count(*) from contacts where campaign_id = :id", {id}).value_or(0)},
               {"outcomes", std::move(outcomes)},
               {"startedAt", iso_or_null(campaign->started_at)},
               {"endedAt", iso_or_null(campaign->ended_at)}}};
}

std::optional<Told> tell_decision(Db& db, const std::string& id) {
  std::optional<Told> told;
  db.select("select id, body from decisions where id = cast(:id as bigint)", "nt", {id}, [&](Row& row) {
    const std::int64_t number = row.number();
    auto decision = read_decision(row.text());
    if (!decision) throw DbFailure(decision.error());
    decision->id = number;
    told = Told{.subject = decision->rollout, .data = wire::brief_json(*decision)};
  });
  return told;
}

std::optional<Told> tell(Db& db, const EventRow& event) {
  const auto kind = parse_event_kind(event.kind);
  if (!kind) throw DbFailure({ErrorCode::internal, "the database holds an event of no kind that this program knows"});
  switch (*kind) {
    case EventKind::call_final: return tell_call(db, event.subject);
    case EventKind::batch_done: return tell_batch(db, event.subject);
    case EventKind::campaign_completed: return tell_campaign(db, event.subject);
    case EventKind::decision_taken: return tell_decision(db, event.subject);
  }
  return std::nullopt;
}

}  // namespace

std::optional<EventText> event_text(Db& db, const EventRow& event) {
  auto told = tell(db, event);
  if (!told) return std::nullopt;
  // With its time: a database that was restored from a backup counts on from where it was, and its next events are
  // others than those that receivers have seen under the same number.
  const std::string id = fmt::format("evt_{:x}_{}", to_micros(event.at), event.seq);
  return EventText{
      .id = id,
      .subject = std::move(told->subject),
      .body = json::serialize(json::object{
          {"id", id}, {"type", event.kind}, {"createdAt", to_iso(event.at)}, {"data", std::move(told->data)}})};
}

}  // namespace callramp::sql
