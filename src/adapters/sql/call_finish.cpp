// How an attempt ended: one transaction stores the ending, the conversation and the costs, makes the call final or due
// for a retry, and counts the evidence. It happens once; what the carrier says later corrects duration and price, never
// the outcome.
#include <set>

#include "adapters/sql/call_store.hpp"
#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/evidence.hpp"
#include "adapters/sql/figure_sums.hpp"
#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/permission.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

void insert_costs(Db& db, const AttemptId& id, std::int64_t position, const std::vector<CostLine>& costs) {
  for (const CostLine& line : costs)
    db.run(
        "insert into cost_lines (attempt_id, position, provider, item, quantity, unit, micros, currency, estimated) "
        "values (:id, :position, :provider, :item, :quantity, :unit, :micros, :currency, :estimated)",
        {id, position++, line.provider, line.item, line.quantity, line.unit, line.cost.micros, line.cost.currency.str(),
         line.estimated});
  add_costs(db, id, costs, +1);
}

void insert_conversation(Db& db, const AttemptFinish& finish) {
  std::int64_t position = 0;
  for (const TranscriptLine& line : finish.transcript)
    db.run(
        "insert into transcript_lines (attempt_id, position, speaker, text, from_ms, to_ms, interrupted) values (:id, "
        ":position, :speaker, :text, :from, :to, :interrupted)",
        {finish.attempt, position++, line.speaker == Speaker::agent ? "agent" : "callee", line.text, line.from, line.to,
         line.interrupted});
  position = 0;
  for (const TurnTiming& turn : finish.turns)
    db.run(
        "insert into turns (attempt_id, position, turn, endpointing_ms, first_token_ms, first_sentence_ms, "
        "first_audio_ms, first_played_ms) values (:id, :position, :turn, :endpointing, :token, :sentence, :audio, "
        ":played)",
        {finish.attempt, position++, turn.turn, turn.endpointing, turn.first_token, turn.first_sentence,
         turn.first_audio, turn.first_played});
}

// What evidence needs to know of an attempt beside the attempt itself.
AttemptMarks read_marks(Db& db, const Attempt& attempt) {
  AttemptMarks marks;
  db.select("select first_dial, connected from attempts where id = :id", "nn", {attempt.id}, [&](Row& row) {
    marks.first_dial = row.flag();
    marks.connected = row.flag();
  });
  db.select("select crossed, ended_by from calls where id = :id", "nt", {attempt.call}, [&](Row& row) {
    marks.crossed = row.flag();
    marks.ended_call = row.maybe(&Row::text) == attempt.id.str();
  });
  marks.span = span_of_call(db, attempt.call);
  marks.retried = had_dialed_retry(db, attempt.call);
  return marks;
}

void count(Db& db, const Attempt& attempt, const Call& call, const AttemptMarks& marks, int change) {
  const AttemptEvidence evidence = evidence_of(attempt, call, marks);
  if (evidence.first_attempt) count_evidence(db, *evidence.first_attempt, change);
  if (evidence.call) count_evidence(db, *evidence.call, change);
}

void end_attempt(Db& db, const AttemptFinish& finish, const Attempt& before) {
  Attempt attempt = before;
  attempt.outcome = finish.ending.outcome;
  attempt.answered_at = before.answered_at ? before.answered_at : finish.answered_at;
  attempt.media_started_at = before.media_started_at ? before.media_started_at : finish.media_started_at;
  attempt.ended_at = finish.ended_at.value_or(finish.now);
  attempt.carrier_duration = finish.carrier_duration ? finish.carrier_duration : before.carrier_duration;
  db.run(
      "update attempts set status = 'final', outcome = :outcome, fault = :fault, reason = :reason, answered_at = "
      ":answered, media_started_at = :media, ended_at = :ended, carrier_duration_s = :duration, price_book = :book, "
      "connected = :connected where id = :id",
      {to_string(finish.ending.outcome), word(finish.ending.fault), finish.ending.reason, attempt.answered_at,
       attempt.media_started_at, attempt.ended_at, attempt.carrier_duration, finish.price_book, is_connected(attempt),
       finish.attempt});
}

// Due from then on: expiry counts from there, and the queue's clock too.
void schedule_retry(Db& db, const AttemptFinish& finish, const CallId& call, const RetryAt& retry) {
  db.run(
      "update calls set status = 'scheduled', reason = :reason, retry_at = :retry, due_at = :due, look_at = :look, "
      "updated_at = :updated where id = :id",
      {retry.reason, retry.at, retry.at, retry.at, finish.now, call});
}

void end_call(Db& db, const AttemptFinish& finish, const Attempt& attempt, std::string reason) {
  Ending ending = call_ending({finish.ending.outcome, finish.ending.fault, std::move(reason)}, attempt.system);
  db.run(
      "update calls set status = 'final', outcome = :outcome, fault = :fault, reason = :reason, final_at = :at, "
      "updated_at = :updated, ended_by = :attempt where id = :id and outcome is null",
      {to_string(ending.outcome), word(ending.fault), ending.reason, finish.now, finish.now, attempt.id, attempt.call});
}

// The flag is read here: from its change on no new retry is made.
void conclude_call(Db& db, const AttemptFinish& finish, const Attempt& attempt) {
  RetryVerdict verdict = NoRetry{finish.ending.reason};
  if (finish.judge_retry) {
    Call call = existing_call(db, attempt.call);
    auto campaign = call.campaign ? find_campaign(db, *call.campaign) : std::nullopt;
    verdict = finish.judge_retry({.call = std::move(call),
                                  .ending = finish.ending,
                                  .enabled = read_flags(db).flags.enable_retry_logic,
                                  .campaign = std::move(campaign)});
  }
  if (const auto* retry = std::get_if<RetryAt>(&verdict))
    schedule_retry(db, finish, attempt.call, *retry);
  else
    end_call(db, finish, attempt, std::move(std::get<NoRetry>(verdict).reason));
}

Result<FinishResult> finish_once(Db& db, const AttemptFinish& finish) {
  TRY(before, required_attempt(db, finish.attempt));
  if (before.outcome) {
    Call call = existing_call(db, before.call);
    return FinishResult{.already_final = true, .call = std::move(call), .attempt = std::move(before)};
  }
  end_attempt(db, finish, before);
  note_disclosure(db, before, finish.transcript);
  insert_conversation(db, finish);
  insert_costs(db, finish.attempt, 0, finish.costs);
  conclude_call(db, finish, before);
  TRY(attempt, required_attempt(db, finish.attempt));
  Call call = existing_call(db, attempt.call);
  count(db, attempt, call, read_marks(db, attempt), +1);
  book_spending(db, attempt, call, cost_of(db, attempt.id), finish.now);
  return FinishResult{.call = std::move(call), .attempt = std::move(attempt)};
}

std::vector<CostLine> costs_by(Db& db, const AttemptId& id, const std::string& provider) {
  return db.all(
      "select micros, currency from cost_lines where attempt_id = :id and provider = :provider", "nt", {id, provider},
      +[](Row& row) {
        CostLine line;
        line.cost.micros = row.number();
        line.cost.currency = row.word(Currency::parse);
        return line;
      });
}

// The carrier's price replaces what was estimated for the carrier, and any line of a provider that `costs` names anew:
// telling the same facts twice leaves the same lines.
void replace_costs(Db& db, const Attempt& attempt, const std::vector<CostLine>& costs) {
  std::set<std::string> replaced{attempt.provider};
  for (const CostLine& line : costs) replaced.insert(line.provider);
  for (const std::string& provider : replaced) {
    add_costs(db, attempt.id, costs_by(db, attempt.id, provider), -1);
    db.run("delete from cost_lines where attempt_id = :id and provider = :provider", {attempt.id, provider});
  }
  const auto next = db.number("select max(position) + 1 from cost_lines where attempt_id = :id", {attempt.id});
  insert_costs(db, attempt.id, next.value_or(0), costs);
}

Status record_facts(Db& db, const AttemptId& id, std::optional<seconds> duration, const std::optional<Money>& price,
                    const std::vector<CostLine>& costs) {
  TRY(attempt, required_attempt(db, id));
  if (price)
    db.run("update attempts set carrier_price_micros = :micros, carrier_price_currency = :currency where id = :id",
           {price->micros, price->currency.str(), id});
  const Call call = existing_call(db, attempt.call);
  if (!costs.empty()) {
    const std::int64_t before = cost_of(db, id);
    replace_costs(db, attempt, costs);
    // The carrier tells its price some time after the end; no later day is charged for it.
    book_spending(db, attempt, call, cost_of(db, id) - before, attempt.ended_at.value_or(attempt.started_at));
  }
  if (!duration) return {};
  // The duration decides who counts as connected, so the evidence moves with it.
  AttemptMarks marks = read_marks(db, attempt);
  attempt.carrier_duration = duration;
  const bool connected = is_connected(attempt);
  db.run("update attempts set carrier_duration_s = :duration, connected = :connected where id = :id",
         {duration, connected, id});
  if (connected == marks.connected) return {};
  count(db, attempt, call, marks, -1);
  marks.connected = connected;
  count(db, attempt, call, marks, +1);
  return {};
}

}  // namespace

Awaitable<Result<FinishResult>> SqlCallStore::finish_attempt(AttemptFinish finish) {
  return executor_.write<FinishResult>([finish = std::move(finish)](Db& db) { return finish_once(db, finish); });
}

Awaitable<Status> SqlCallStore::record_carrier_facts(AttemptId attempt, std::optional<seconds> duration,
                                                     std::optional<Money> price, std::vector<CostLine> costs) {
  return executor_.write<void>([attempt = std::move(attempt), duration, price, costs = std::move(costs)](Db& db) {
    return record_facts(db, attempt, duration, price, costs);
  });
}

Awaitable<Result<std::vector<AttemptDetail>>> SqlCallStore::unpriced_attempts(std::string provider, Instant ended_after,
                                                                              Instant ended_before, int limit) {
  using Details = std::vector<AttemptDetail>;
  return executor_.read<Details>([=](Db& db) -> Result<Details> {
    // An attempt that no media reached may have been answered all the same: the carrier's duration says so.
    static const std::string sql = select(
        attempt_columns, "attempts",
        "where provider = :provider and ended_at >= :after and ended_at < :before and carrier_price_micros is null "
        "and provider_call_id is not null and (answered_at is not null or carrier_duration_s > 0) order by "
        "ended_at limit :limit");
    Details details;
    for (Attempt& attempt : db.all(sql, attempt_kinds, {provider, ended_after, ended_before, limit}, read_attempt))
      details.push_back(read_detail(db, std::move(attempt)));
    return details;
  });
}

}  // namespace callramp::sql
