// Calls and attempts over SQL. One class, five files: call_store.cpp (accepting, reading, cancelling), call_retry.cpp
// (what ends without another dial), call_claim.cpp (what is dialed next), call_progress.cpp (what the carrier and the
// media say), call_finish.cpp (how it ended).
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/call_store.hpp"

namespace callramp::sql {

class SqlCallStore final : public CallStore {
 public:
  explicit SqlCallStore(DbExecutor& executor) : executor_(executor) {}

  Awaitable<Result<CreatedCall>> create(Call call, std::optional<Idempotency> idempotency) override;
  Awaitable<Result<std::vector<Call>>> create_many(std::vector<Call> calls,
                                                   std::optional<Idempotency> idempotency) override;
  Awaitable<Result<CallDetail>> get(CallId id) override;
  Awaitable<Result<CallPage>> list(CallFilter filter) override;
  Awaitable<Result<Call>> request_cancel(CallId id, std::string actor, Instant now) override;

  Awaitable<Result<Call>> retry_now(CallId id, std::string actor, Instant now) override;
  Awaitable<Result<Call>> drop_retry(CallId id, std::string actor, Instant now) override;

  Awaitable<Result<ClaimResult>> claim_due(ClaimRequest request) override;
  Awaitable<Result<Call>> release_attempt(AttemptId attempt, std::string reason, Instant due_at, Instant now) override;

  Awaitable<Result<Attempt>> mark_placed(AttemptId attempt, std::string provider_call_id, Instant now) override;
  Awaitable<Result<Attempt>> mark_progress(AttemptId attempt, CallStatus status, std::string provider_call_id,
                                           Instant now) override;
  Awaitable<Result<std::optional<Attempt>>> find_by_provider_id(std::string provider,
                                                                std::string provider_call_id) override;
  Awaitable<Result<std::optional<Attempt>>> find_attempt(AttemptId id) override;
  Awaitable<Result<std::optional<ClaimedDial>>> peek_stream_token(std::string token) override;
  Awaitable<Result<bool>> spend_stream_token(std::string token, Instant now) override;
  Awaitable<Result<std::int64_t>> backlog(Instant now) override;
  Awaitable<Result<std::vector<Attempt>>> open_attempts() override;
  Awaitable<Status> renew_leases(NodeId node, Instant until) override;
  Awaitable<Result<bool>> take_lease(AttemptId attempt, NodeId node, Instant now, Instant until) override;

  Awaitable<Result<FinishResult>> finish_attempt(AttemptFinish finish) override;
  Awaitable<Status> record_carrier_facts(AttemptId attempt, std::optional<seconds> duration, std::optional<Money> price,
                                         std::vector<CostLine> costs) override;
  Awaitable<Result<std::vector<AttemptDetail>>> unpriced_attempts(std::string provider, Instant ended_after,
                                                                  Instant ended_before, int limit) override;

 private:
  DbExecutor& executor_;
};

/// The statements whose plans a test looks at: none may scan all calls.
std::string due_calls_sql();
std::string next_due_sql();
/// The select of one page and the count of all, with their parameters.
struct ListSql {
  std::string page;
  std::string count;
  std::vector<Param> params;  ///< of both; the page has limit and offset after them
};
ListSql list_sql(const CallFilter& filter);

/// A new row as it is; due_at is when it is first looked at.
void insert_call(Db& db, const Call& call);
/// agent_not_found or do_not_call.
Status may_be_called(Db& db, const Call& call);
/// How the last attempt ended that reached a carrier: one that was taken back is as if it had not been.
std::optional<Ending> last_ending(Db& db, const CallId& call);
/// A call that waits is over without (another) dial: its outcome is stored and counted.
void end_without_dial(Db& db, const Call& call, const EndNow& end, Instant now);
bool was_crossed(Db& db, const Call& call);  ///< its system changed between attempts

/// An attempt with its conversation and costs.
AttemptDetail read_detail(Db& db, Attempt attempt);

}  // namespace callramp::sql
