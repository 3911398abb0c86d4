// What becomes of a call that waits without another dial, and what people do about its retry.
#include "adapters/sql/call_store.hpp"
#include "adapters/sql/evidence.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

Ending read_ending(Row& row) {
  return Ending{.outcome = row.word(parse_outcome), .fault = row.maybe_word(parse_fault), .reason = row.text()};
}

// The call, if a retry of it waits.
Result<Call> waiting_retry(Db& db, const CallId& id) {
  auto call = find_call(db, id);
  if (!call) return fail(ErrorCode::not_found, "there is no call '" + id.str() + "'");
  if (call->retry_at) return *std::move(call);
  if (call->status == CallStatus::final_)
    return fail(ErrorCode::call_already_completed,
                "call '" + id.str() + "' is over: " + std::string(to_string(*call->outcome)));
  return fail(ErrorCode::conflict, "call '" + id.str() + "' is " + std::string(to_string(call->status)) +
                                       (call->first_attempt_at ? ": wait for this attempt's end"
                                                               : " and was not dialed yet: there is nothing to retry"));
}

Result<Call> retry_waiting(Db& db, const CallId& id, const std::string& actor, Instant now) {
  TRY(call, waiting_retry(db, id));
  db.run(
      "update calls set status = 'queued', retry_at = :retry, due_at = :due, look_at = :look, retry_by = :actor, "
      "reason = "
      ":reason, updated_at = :updated where id = :id",
      {now, now, now, actor, "retry asked for by " + actor, now, call.id});
  append_audit(db, {.at = now, .actor = actor, .action = "call.retry", .subject = id.str()});
  return existing_call(db, id);
}

Result<Call> drop_waiting(Db& db, const CallId& id, const std::string& actor, Instant now) {
  TRY(call, waiting_retry(db, id));
  const auto last = last_ending(db, id);
  if (!last) throw DbFailure({ErrorCode::internal, "call '" + id.str() + "' waits for a retry and has no attempt"});
  const Ending ending = call_ending(*last, call.system.value_or(System::new_system));
  end_without_dial(db, call,
                   {.outcome = ending.outcome,
                    .fault = ending.fault,
                    .reason = ending.reason + "; its retry was cancelled by " + actor,
                    .by_last_attempt = true},
                   now);
  append_audit(db, {.at = now, .actor = actor, .action = "call.drop-retry", .subject = id.str()});
  return existing_call(db, id);
}

}  // namespace

std::optional<Ending> last_ending(Db& db, const CallId& call) {
  return db.one(
      "select outcome, fault, reason from attempts where call_id = :id and outcome <> 'cancelled' order by number",
      "ttt", {call}, read_ending);
}

bool was_crossed(Db& db, const Call& call) {
  return call.attempts > 0 && db.number("select crossed from calls where id = :id", {call.id}).value_or(0) != 0;
}

void end_without_dial(Db& db, const Call& call, const EndNow& end, Instant now) {
  std::optional<std::string> ended_by;
  bool connected = false;
  if (end.by_last_attempt)
    db.select("select id, connected from attempts where call_id = :id and outcome <> 'cancelled' order by number", "tn",
              {call.id}, [&](Row& row) {
                ended_by = row.text();
                connected = row.flag();
              });
  db.run(
      "update calls set status = 'final', outcome = :outcome, fault = :fault, reason = :reason, final_at = :at, "
      "updated_at = :updated, ended_by = :attempt, retry_at = null, retry_by = null where id = :id",
      {to_string(end.outcome), word(end.fault), end.reason, now, now, ended_by, call.id});
  if (!call.first_attempt_at || !call.system || call.test || was_crossed(db, call) || !is_counted(end.outcome)) return;
  count_evidence(db,
                 {.stream = Stream::call,
                  .span = span_of_call(db, call.id),
                  .started_at = *call.first_attempt_at,
                  .system = *call.system,
                  .outcome = end.outcome,
                  .connected = connected,
                  .retried = had_dialed_retry(db, call.id)},
                 +1);
}

Awaitable<Result<Call>> SqlCallStore::retry_now(CallId id, std::string actor, Instant now) {
  return executor_.write<Call>(
      [id = std::move(id), actor = std::move(actor), now](Db& db) { return retry_waiting(db, id, actor, now); });
}

Awaitable<Result<Call>> SqlCallStore::drop_retry(CallId id, std::string actor, Instant now) {
  return executor_.write<Call>(
      [id = std::move(id), actor = std::move(actor), now](Db& db) { return drop_waiting(db, id, actor, now); });
}

}  // namespace callramp::sql
