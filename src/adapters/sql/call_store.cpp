#include "adapters/sql/call_store.hpp"

#include <fmt/format.h>

#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

// Kept twice as long as promised; older keys go when a new one comes, so the table does not grow for ever.
constexpr hours idempotency_kept{48};

}  // namespace

Status may_be_called(Db& db, const Call& call) {
  if (!db.exists("select 1 from agents where id = :agent", {call.agent}))
    return fail(ErrorCode::agent_not_found, "there is no agent '" + call.agent.str() + "'", "agentId");
  if (db.exists("select 1 from do_not_call where phone = :phone", {call.phone}))
    return fail(ErrorCode::do_not_call, "number " + call.phone.masked() + " is on the do-not-call list", "phoneNumber");
  return {};
}

void insert_call(Db& db, const Call& call) {
  db.run(
      "insert into calls (id, phone, user_id, agent_id, metadata, priority, kind, timezone, status, accepted_system, "
      "system, outcome, fault, reason, test, cancel_requested, attempts, batch_id, campaign_id, contact_seq, "
      "created_at, due_at, look_at, updated_at, first_attempt_at, final_at, retry_of, schedule_id, hours, hours_zone) "
      "values (:id, :phone, :user, :agent, "
      ":metadata, :priority, :kind, "
      ":timezone, :status, :accepted, :system, :outcome, :fault, :reason, :test, :cancel, :attempts, :batch, "
      ":campaign, :contact, "
      ":created, :due, :look, :updated, :first, :final, :retry_of, :schedule, :hours, :hours_zone)",
      {call.id,
       call.phone,
       call.user,
       call.agent,
       call.metadata_json,
       static_cast<int>(call.priority),
       to_string(call.kind),
       call.timezone,
       to_string(call.status),
       to_string(call.accepted_system),
       word(call.system),
       word(call.outcome),
       word(call.fault),
       call.reason,
       call.test,
       call.cancel_requested,
       call.attempts,
       call.batch,
       call.campaign,
       call.contact,
       call.created_at,
       call.due_at,
       call.due_at,
       call.updated_at,
       call.first_attempt_at,
       call.final_at,
       call.retry_of,
       call.schedule,
       hours_text(call.hours),
       call.hours_zone});
}

namespace {

std::string read_text(Row& row) { return row.text(); }
CallId read_call_id(Row& row) { return row.id<CallId>(); }

// What the tables call the key: neither part has a space, so no two pairs share one.
std::string stored_key(const Idempotency& idempotency) { return idempotency.token.str() + " " + idempotency.key; }

// The calls that the key stands for, if an earlier request used it.
Result<std::optional<std::vector<Call>>> replay(Db& db, const Idempotency& idempotency) {
  const auto fingerprint =
      db.one("select fingerprint from idempotency where key = :key", "t", {stored_key(idempotency)}, read_text);
  if (!fingerprint) return std::nullopt;
  if (*fingerprint != idempotency.fingerprint)
    return fail(
        ErrorCode::conflict,
        "Idempotency-Key '" + idempotency.key + "' was used for another request; take a new key for a new request",
        "Idempotency-Key");
  std::vector<Call> calls;
  for (const CallId& id : db.all("select call_id from idempotency_calls where key = :key order by position", "t",
                                 {stored_key(idempotency)}, read_call_id))
    calls.push_back(existing_call(db, id));
  return calls;
}

void remember(Db& db, const Idempotency& idempotency, std::span<const Call> calls) {
  const Instant now = calls.empty() ? Instant{} : calls.front().created_at;
  db.run("delete from idempotency where created_at < :before", {now - idempotency_kept});
  db.run("insert into idempotency (key, fingerprint, created_at) values (:key, :fingerprint, :now)",
         {stored_key(idempotency), idempotency.fingerprint, now});
  for (std::size_t i = 0; i < calls.size(); ++i)
    db.run("insert into idempotency_calls (key, position, call_id) values (:key, :position, :call)",
           {stored_key(idempotency), static_cast<std::int64_t>(i), calls[i].id});
}

Result<CreatedCall> create_call(Db& db, const Call& call, const std::optional<Idempotency>& idempotency) {
  if (idempotency) {
    TRY(earlier, replay(db, *idempotency));
    if (earlier && !earlier->empty()) return CreatedCall{.call = std::move(earlier->front()), .replayed = true};
  }
  TRY_VOID(may_be_called(db, call));
  insert_call(db, call);
  if (idempotency) remember(db, *idempotency, std::span(&call, 1));
  return CreatedCall{.call = call};
}

Result<std::vector<Call>> create_calls(Db& db, const std::vector<Call>& calls,
                                       const std::optional<Idempotency>& idempotency) {
  if (idempotency) {
    TRY(earlier, replay(db, *idempotency));
    if (earlier) return *std::move(earlier);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (auto allowed = may_be_called(db, calls[i]); !allowed) {
      const Error& error = allowed.error();
      return fail(error.code, fmt::format("calls[{}]: {}", i, error.message),
                  fmt::format("calls[{}].{}", i, error.field));
    }
    insert_call(db, calls[i]);
  }
  if (idempotency) remember(db, *idempotency, calls);
  return calls;
}

TranscriptLine read_line(Row& row) {
  return TranscriptLine{.speaker = row.text() == "agent" ? Speaker::agent : Speaker::callee,
                        .text = row.text(),
                        .from = milliseconds{row.number()},
                        .to = milliseconds{row.number()},
                        .interrupted = row.flag()};
}

std::optional<milliseconds> read_span(Row& row) {
  const auto count = row.maybe(&Row::number);
  return count ? std::optional(milliseconds{*count}) : std::nullopt;
}

TurnTiming read_turn(Row& row) {
  return TurnTiming{.turn = row.integer(),
                    .endpointing = read_span(row),
                    .first_token = read_span(row),
                    .first_sentence = read_span(row),
                    .first_audio = read_span(row),
                    .first_played = read_span(row)};
}

CostLine read_cost(Row& row) {
  CostLine line{.provider = row.text(), .item = row.text(), .quantity = row.real(), .unit = row.text()};
  const std::int64_t micros = row.number();
  const auto currency = Currency::parse(row.text());
  if (!currency) throw DbFailure(currency.error());
  line.cost = {.micros = micros, .currency = *currency};
  line.estimated = row.flag();
  return line;
}

Result<CallDetail> get_call(Db& db, const CallId& id) {
  static const std::string attempts = select(attempt_columns, "attempts", "where call_id = :call order by number");
  auto call = find_call(db, id);
  if (!call) return fail(ErrorCode::not_found, "there is no call '" + id.str() + "'");
  CallDetail detail{.call = *std::move(call)};
  for (Attempt& attempt : db.all(attempts, attempt_kinds, {id}, read_attempt))
    detail.attempts.push_back(read_detail(db, std::move(attempt)));
  detail.retried_as =
      db.all("select id from calls where retry_of = :id order by created_at, id", "t", {id}, read_call_id);
  return detail;
}

Result<CallPage> list_calls(Db& db, const CallFilter& filter) {
  ListSql sql = list_sql(filter);
  CallPage page;
  db.select(sql.count, "n", sql.params, [&](Row& row) { page.total = row.number(); });
  sql.params.emplace_back(filter.limit);
  sql.params.emplace_back(std::int64_t{filter.limit} * (filter.page - 1));
  page.calls = db.all(sql.page, call_kinds, sql.params, read_call);
  return page;
}

Result<Call> cancel_call(Db& db, const CallId& id, const std::string& actor, Instant now) {
  const auto call = find_call(db, id);
  if (!call) return fail(ErrorCode::not_found, "there is no call '" + id.str() + "'");
  switch (call->status) {
    case CallStatus::final_:
      return fail(ErrorCode::call_already_completed,
                  fmt::format("call '{}' is over: {}", id.str(), to_string(*call->outcome)));
    case CallStatus::handed_back:
      return fail(ErrorCode::conflict,
                  "call '" + id.str() + "' was handed back: whoever asked for it dials it, and cancels it there");
    case CallStatus::scheduled:
    case CallStatus::queued:
      db.run(
          "update calls set status = 'final', outcome = 'cancelled', cancel_requested = 1, reason = :reason, final_at "
          "= "
          ":at, updated_at = :updated, retry_at = null, retry_by = null where id = :id",
          {"cancelled by " + actor + " before " + (call->retry_at ? "its retry" : "it") + " was dialed", now, now, id});
      break;
    case CallStatus::dialing:
    case CallStatus::ringing:
    case CallStatus::in_progress:
      if (call->cancel_requested) return *call;
      db.run("update calls set cancel_requested = 1, updated_at = :now where id = :id", {now, id});
      break;
  }
  append_audit(db, {.at = now, .actor = actor, .action = "call.cancel", .subject = id.str()});
  return existing_call(db, id);
}

}  // namespace

AttemptDetail read_detail(Db& db, Attempt attempt) {
  const AttemptId id = attempt.id;
  AttemptDetail detail{.attempt = std::move(attempt)};
  detail.transcript = db.all(
      "select speaker, text, from_ms, to_ms, interrupted from transcript_lines where attempt_id = :id order by "
      "position",
      "ttnnn", {id}, read_line);
  detail.turns = db.all(
      "select turn, endpointing_ms, first_token_ms, first_sentence_ms, first_audio_ms, first_played_ms from turns "
      "where "
      "attempt_id = :id order by position",
      "nnnnnn", {id}, read_turn);
  detail.costs = db.all(
      "select provider, item, quantity, unit, micros, currency, estimated from cost_lines where attempt_id = :id order "
      "by position",
      "ttrtntn", {id}, read_cost);
  detail.price_book = db.one("select price_book from attempts where id = :id", "t", {id}, read_text).value_or("");
  return detail;
}

ListSql list_sql(const CallFilter& filter) {
  ListSql sql;
  std::string where;
  const auto require = [&](std::string_view condition, Param value) {
    where += (where.empty() ? "where " : " and ");
    where += condition;
    sql.params.push_back(std::move(value));
  };
  if (filter.status) require("status = :status", to_string(*filter.status));
  if (filter.outcome) require("outcome = :outcome", to_string(*filter.outcome));
  if (filter.system) require("system = :system", to_string(*filter.system));
  if (filter.agent) require("agent_id = :agent", *filter.agent);
  if (filter.batch) require("batch_id = :batch", *filter.batch);
  if (filter.campaign) require("campaign_id = :campaign", *filter.campaign);
  if (filter.user) require("user_id = :user", *filter.user);
  if (filter.phone) require("phone = :phone", *filter.phone);
  if (filter.from) require("created_at >= :from", *filter.from);
  if (filter.to) require("created_at < :to", *filter.to);
  sql.count = select("count(*)", "calls", where);
  sql.page = select(call_columns, "calls", where + " order by created_at desc, id desc limit :limit offset :offset");
  return sql;
}

Awaitable<Result<CreatedCall>> SqlCallStore::create(Call call, std::optional<Idempotency> idempotency) {
  return executor_.write<CreatedCall>([call = std::move(call), idempotency = std::move(idempotency)](Db& db) {
    return create_call(db, call, idempotency);
  });
}

Awaitable<Result<std::vector<Call>>> SqlCallStore::create_many(std::vector<Call> calls,
                                                               std::optional<Idempotency> idempotency) {
  return executor_.write<std::vector<Call>>([calls = std::move(calls), idempotency = std::move(idempotency)](Db& db) {
    return create_calls(db, calls, idempotency);
  });
}

Awaitable<Result<CallDetail>> SqlCallStore::get(CallId id) {
  return executor_.read<CallDetail>([id = std::move(id)](Db& db) { return get_call(db, id); });
}

Awaitable<Result<CallPage>> SqlCallStore::list(CallFilter filter) {
  return executor_.read<CallPage>([filter = std::move(filter)](Db& db) { return list_calls(db, filter); });
}

Awaitable<Result<Call>> SqlCallStore::request_cancel(CallId id, std::string actor, Instant now) {
  return executor_.write<Call>(
      [id = std::move(id), actor = std::move(actor), now](Db& db) { return cancel_call(db, id, actor, now); });
}

}  // namespace callramp::sql
