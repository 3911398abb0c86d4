// What the carrier and the media say of a dial under way, and who holds it.
#include "adapters/sql/call_store.hpp"
#include "adapters/sql/rows.hpp"
#include "base/ensure.hpp"

namespace callramp::sql {
namespace {

// How far along a dial is; a later state never gives way to an earlier one, in whatever order the news arrive.
int progress(CallStatus status) {
  switch (status) {
    case CallStatus::scheduled:
    case CallStatus::queued:
    case CallStatus::handed_back: return 0;
    case CallStatus::dialing: return 1;
    case CallStatus::ringing: return 2;
    case CallStatus::in_progress: return 3;
    case CallStatus::final_: return 4;
  }
  ENSURE(false, "a CallStatus outside its enumeration");
}

std::optional<Attempt> find_by_provider(Db& db, const std::string& provider, const std::string& provider_call_id) {
  static const std::string sql =
      select(attempt_columns, "attempts", "where provider = :provider and provider_call_id = :id");
  return db.one(sql, attempt_kinds, {provider, provider_call_id}, read_attempt);
}

// Gives the attempt its provider call id. One that it has already stays, and one of another attempt is refused.
Status store_provider_id(Db& db, const Attempt& attempt, const std::string& provider_call_id) {
  if (provider_call_id.empty() || attempt.provider_call_id == provider_call_id) return {};
  if (!attempt.provider_call_id.empty())
    return fail(ErrorCode::conflict, "attempt '" + attempt.id.str() + "' is the provider's call '" +
                                         attempt.provider_call_id + "', not '" + provider_call_id + "'");
  if (const auto other = find_by_provider(db, attempt.provider, provider_call_id))
    return fail(ErrorCode::conflict, "the provider's call '" + provider_call_id + "' belongs to attempt '" +
                                         other->id.str() + "', not to '" + attempt.id.str() + "'");
  db.run("update attempts set provider_call_id = :provider where id = :id", {provider_call_id, attempt.id});
  return {};
}

Result<Attempt> place(Db& db, const AttemptId& id, const std::string& provider_call_id, Instant now) {
  TRY(attempt, required_attempt(db, id));
  TRY_VOID(store_provider_id(db, attempt, provider_call_id));
  if (!attempt.placed_at) db.run("update attempts set placed_at = :now where id = :id", {now, id});
  return required_attempt(db, id);
}

void advance(Db& db, const Attempt& attempt, CallStatus status, Instant now) {
  if (attempt.outcome || progress(status) <= progress(attempt.status)) return;
  db.run("update attempts set status = :status where id = :id", {to_string(status), attempt.id});
  if (status == CallStatus::in_progress && !attempt.answered_at)
    db.run("update attempts set answered_at = :now where id = :id", {now, attempt.id});
  db.run("update calls set status = :status, updated_at = :now where id = :call",
         {to_string(status), now, attempt.call});
}

Result<Attempt> progress_attempt(Db& db, const AttemptId& id, CallStatus status, const std::string& provider_call_id,
                                 Instant now) {
  if (status != CallStatus::dialing && status != CallStatus::ringing && status != CallStatus::in_progress)
    return fail(ErrorCode::invalid_request,
                "an attempt under way is dialing, ringing or in_progress, never " + std::string(to_string(status)));
  TRY(attempt, required_attempt(db, id));
  // "Stored if it has none yet": another id is the caller's to judge, and does not stop the news.
  if (attempt.provider_call_id.empty()) TRY_VOID(store_provider_id(db, attempt, provider_call_id));
  advance(db, attempt, status, now);
  return required_attempt(db, id);
}

RouteReason parse_route_reason(const std::string& text) {
  for (const RouteReason reason : {RouteReason::below_percentage, RouteReason::at_or_above_percentage,
                                   RouteReason::outbound_calls_disabled, RouteReason::pinned, RouteReason::included})
    if (to_string(reason) == text) return reason;
  throw DbFailure({ErrorCode::internal, "the database holds route reason '" + text + "', which does not exist"});
}

RouteDecision read_route(Row& row) {
  RouteDecision route{.system = row.word(parse_system), .bucket = row.integer(), .position_hundredths = row.integer()};
  auto percentage = Percent::from_basis_points(static_cast<long>(row.number()));
  if (!percentage) throw DbFailure(percentage.error());
  route.percentage = *percentage;
  route.reason = parse_route_reason(row.text());
  route.flag_version = row.number();
  return route;
}

std::optional<ClaimedDial> peek(Db& db, const std::string& token) {
  static const std::string by_token =
      select(attempt_columns, "attempts", "where stream_token = :token and token_spent_at is null and outcome is null");
  auto attempt = db.one(by_token, attempt_kinds, {token}, read_attempt);
  if (!attempt) return std::nullopt;
  Call call = existing_call(db, attempt->call);
  auto agent = find_agent(db, call.agent);
  auto route = db.one(
      "select system, route_bucket, route_position, route_percentage, route_reason, route_flag_version from attempts "
      "where id = :id",
      "tnnntn", {attempt->id}, read_route);
  if (!agent || !route)
    throw DbFailure({ErrorCode::internal, "attempt '" + attempt->id.str() + "' has lost its agent"});
  return ClaimedDial{
      .call = std::move(call), .attempt = *std::move(attempt), .agent = *std::move(agent), .route = *std::move(route)};
}

bool spend(Db& db, const std::string& token, Instant now) {
  if (db.run(
          "update attempts set token_spent_at = :spent, media_started_at = coalesce(media_started_at, :media), "
          "answered_at = coalesce(answered_at, :answered) where stream_token = :token and token_spent_at is null and "
          "outcome is null",
          {now, now, now, token}) == 0)
    return false;
  static const std::string by_token = select(attempt_columns, "attempts", "where stream_token = :token");
  if (const auto attempt = db.one(by_token, attempt_kinds, {token}, read_attempt))
    advance(db, *attempt, CallStatus::in_progress, now);  // there is no media before the answer
  return true;
}

}  // namespace

Awaitable<Result<Attempt>> SqlCallStore::mark_placed(AttemptId attempt, std::string provider_call_id, Instant now) {
  return executor_.write<Attempt>([=](Db& db) { return place(db, attempt, provider_call_id, now); });
}

Awaitable<Result<Attempt>> SqlCallStore::mark_progress(AttemptId attempt, CallStatus status,
                                                       std::string provider_call_id, Instant now) {
  return executor_.write<Attempt>([=](Db& db) { return progress_attempt(db, attempt, status, provider_call_id, now); });
}

Awaitable<Result<std::optional<Attempt>>> SqlCallStore::find_by_provider_id(std::string provider,
                                                                            std::string provider_call_id) {
  using Found = std::optional<Attempt>;
  return executor_.read<Found>(
      [=](Db& db) -> Result<Found> { return find_by_provider(db, provider, provider_call_id); });
}

Awaitable<Result<std::optional<Attempt>>> SqlCallStore::find_attempt(AttemptId id) {
  using Found = std::optional<Attempt>;
  return executor_.read<Found>([id = std::move(id)](Db& db) -> Result<Found> { return sql::find_attempt(db, id); });
}

Awaitable<Result<std::optional<ClaimedDial>>> SqlCallStore::peek_stream_token(std::string token) {
  using Found = std::optional<ClaimedDial>;
  return executor_.read<Found>([token = std::move(token)](Db& db) -> Result<Found> { return peek(db, token); });
}

Awaitable<Result<bool>> SqlCallStore::spend_stream_token(std::string token, Instant now) {
  return executor_.write<bool>(
      [token = std::move(token), now](Db& db) -> Result<bool> { return spend(db, token, now); });
}

Awaitable<Result<std::int64_t>> SqlCallStore::backlog(Instant now) {
  return executor_.read<std::int64_t>([=](Db& db) -> Result<std::int64_t> {
    return db.number("select count(*) from calls where status in ('scheduled', 'queued') and look_at <= :now", {now})
        .value_or(0);
  });
}

Awaitable<Result<std::vector<Attempt>>> SqlCallStore::open_attempts() {
  return executor_.read<std::vector<Attempt>>([](Db& db) -> Result<std::vector<Attempt>> {
    static const std::string sql = select(attempt_columns, "attempts", "where outcome is null order by started_at, id");
    return db.all(sql, attempt_kinds, {}, read_attempt);
  });
}

Awaitable<Status> SqlCallStore::renew_leases(NodeId node, Instant until) {
  return executor_.write<void>([=](Db& db) -> Status {
    db.run("update attempts set lease_until = :until where node_id = :node and outcome is null", {until, node});
    return {};
  });
}

Awaitable<Result<bool>> SqlCallStore::take_lease(AttemptId attempt, NodeId node, Instant now, Instant until) {
  return executor_.write<bool>([=](Db& db) -> Result<bool> {
    return db.run(
               "update attempts set node_id = :node, lease_until = :until where id = :id and outcome is null and "
               "(lease_until <= :now or node_id = :mine)",
               {node, until, attempt, now, node}) > 0;
  });
}

}  // namespace callramp::sql
