// Calls and attempts: the truth of what was asked, dialed and ended. Every method is one transaction.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "base/ids.hpp"
#include "core/calls/claim.hpp"
#include "core/calls/retry.hpp"
#include "core/calls/schedule.hpp"
#include "core/calls/transition.hpp"
#include "core/calls/types.hpp"

namespace callramp {

/// A request's Idempotency-Key: the same key of the same token with the same fingerprint gets the first answer again,
/// with another fingerprint it is a conflict. Two clients that count from 1 do not meet. Kept for 24 h at least.
struct Idempotency {
  TokenId token;
  std::string key;  ///< without spaces
  std::string fingerprint;
};

struct CreatedCall {
  Call call;
  bool replayed = false;  ///< an earlier request with the same key made it
};

struct CallFilter {
  std::optional<CallStatus> status;
  std::optional<Outcome> outcome;
  std::optional<System> system;
  std::optional<AgentId> agent;
  std::optional<BatchId> batch;
  std::optional<CampaignId> campaign;
  std::optional<std::string> user;
  std::optional<PhoneNumber> phone;
  std::optional<Instant> from;  ///< created_at >= from
  std::optional<Instant> to;    ///< created_at < to
  int page = 1;                 ///< from 1
  int limit = 20;               ///< 1 … 100
};

struct CallPage {
  std::vector<Call> calls;  ///< newest first
  std::int64_t total = 0;
};

/// One attempt with what is known of its conversation.
struct AttemptDetail {
  Attempt attempt;
  std::vector<TranscriptLine> transcript;
  std::vector<TurnTiming> turns;
  std::vector<CostLine> costs;
  std::string price_book;  ///< its version
};

struct CallDetail {
  Call call;
  std::vector<AttemptDetail> attempts;
  std::vector<CallId> retried_as;  ///< calls that people made of it after its end
};

struct ClaimRequest {
  Instant now{};
  int limit = 1;                ///< most calls to look at
  int max_open_attempts = 10;   ///< of all systems, rows in the database: no dial above it
  int max_ringing = 1'000'000;  ///< of those, not answered yet
  int max_dials = 1;            ///< most verdicts DialNow to carry out; the rest stay due
  NodeId node;
  Duration lease = seconds{15};
  /// Decides each candidate. Runs inside the transaction, on the store's thread: pure and fast.
  std::function<ClaimVerdict(const ClaimCandidate&, const RoutingState&)> judge;
  /// Makes the attempt of a DialNow: id, number, provider, stream token, caller id, permission record.
  std::function<Attempt(const ClaimCandidate&, const DialNow&)> make_attempt;
  /// The next call of a schedule whose call this claim dials for the first time or ends. Empty: none is made.
  PlanNext plan_next = {};
};

struct ClaimedDial {
  Call call;
  Attempt attempt;
  Agent agent;
  RouteDecision route;
  std::string old_script = {};  ///< what the call's campaign calls its script on old; empty without one
  Instant admitted_at{};        ///< since when nothing but our own limits kept it from being dialed
};

struct ClaimResult {
  std::vector<ClaimedDial> dials;
  std::vector<Call> ended;  ///< by EndNow
  /// When to look again, if nothing wakes us before: the claim's own `now` if calls were left that are due, because of
  /// a limit. Nothing waits: empty.
  std::optional<Instant> next_due;
  int open_attempts = 0;  ///< after this claim
};

/// Everything that one transaction stores when an attempt is over.
struct AttemptFinish {
  AttemptId attempt;
  Ending ending;
  Instant now{};
  std::optional<Instant> answered_at;
  std::optional<Instant> media_started_at;
  std::optional<Instant> ended_at;
  std::optional<seconds> carrier_duration;
  std::vector<TranscriptLine> transcript;
  std::vector<TurnTiming> turns;
  std::vector<CostLine> costs;
  std::string price_book;
  /// Whether the call is dialed again. Runs inside the transaction, on the store's thread: pure and fast. Empty: no.
  std::function<RetryVerdict(const RetryCandidate&)> judge_retry = {};
};

struct FinishResult {
  bool already_final = false;  ///< it had its outcome before; nothing was changed
  Call call;                   ///< as it is now
  Attempt attempt;
};

class CallStore {
 public:
  virtual ~CallStore() = default;

  /// Refuses with agent_not_found, do_not_call or conflict (the key with another fingerprint).
  virtual Awaitable<Result<CreatedCall>> create(Call call, std::optional<Idempotency> idempotency) = 0;
  /// All or none. A call that its agent or the do-not-call list refuses makes the whole request fail, naming its index.
  virtual Awaitable<Result<std::vector<Call>>> create_many(std::vector<Call> calls,
                                                           std::optional<Idempotency> idempotency) = 0;
  virtual Awaitable<Result<CallDetail>> get(CallId id) = 0;
  virtual Awaitable<Result<CallPage>> list(CallFilter filter) = 0;
  /// Not yet dialed: final with `cancelled` at once. Dialed: cancel_requested is set, and the engine ends it.
  /// call_already_completed if it has its outcome.
  virtual Awaitable<Result<Call>> request_cancel(CallId id, std::string actor, Instant now) = 0;

  /// The retry that waits is due now, as a person's: it costs no try and nothing automatic stops it. conflict for a
  /// call that waits for none, call_already_completed for one that is over.
  virtual Awaitable<Result<Call>> retry_now(CallId id, std::string actor, Instant now) = 0;
  /// The retry that waits is given up: the call is final with what its last attempt ended with. Errors as above.
  virtual Awaitable<Result<Call>> drop_retry(CallId id, std::string actor, Instant now) = 0;

  /// The heart: in one transaction reads flags, pins and due calls in order of priority and age, judges each, stores
  /// the intent (attempt `dialing` with its lease, call's system) of those to be dialed, moves the waiting and ends the
  /// dead.
  virtual Awaitable<Result<ClaimResult>> claim_due(ClaimRequest request) = 0;

  /// The dial was certainly not made: the attempt ends `cancelled` with `reason`, in no count, and the call is looked
  /// at again at `due_at` with its system undecided if this was its first dial; Call::due_at stays, for expiry counts
  /// from it. A call whose cancelling was asked for ends `cancelled` instead. Refused with conflict once the attempt is
  /// over, has a provider call id or had media. A retry that is taken back waits on and has cost no try.
  virtual Awaitable<Result<Call>> release_attempt(AttemptId attempt, std::string reason, Instant due_at,
                                                  Instant now) = 0;
  /// The provider took the dial. Idempotent. not_found for an unknown attempt.
  virtual Awaitable<Result<Attempt>> mark_placed(AttemptId attempt, std::string provider_call_id, Instant now) = 0;
  /// Moves forward only: dialing → ringing → in_progress; anything else changes nothing. `provider_call_id` is stored
  /// if the attempt has none yet.
  virtual Awaitable<Result<Attempt>> mark_progress(AttemptId attempt, CallStatus status, std::string provider_call_id,
                                                   Instant now) = 0;
  virtual Awaitable<Result<std::optional<Attempt>>> find_by_provider_id(std::string provider,
                                                                        std::string provider_call_id) = 0;
  virtual Awaitable<Result<std::optional<Attempt>>> find_attempt(AttemptId id) = 0;
  /// The attempt of an unspent token whose attempt is open, without spending it.
  virtual Awaitable<Result<std::optional<ClaimedDial>>> peek_stream_token(std::string token) = 0;
  /// Spends it: true once. Sets media_started_at and answered_at.
  virtual Awaitable<Result<bool>> spend_stream_token(std::string token, Instant now) = 0;

  /// Stores the ending, the conversation and the costs, makes the call final or due again as `judge_retry` says, adds
  /// to the evidence counters (the first dial at its end, the call when it is final): all or nothing, and once: a
  /// second finish of the same attempt changes nothing.
  virtual Awaitable<Result<FinishResult>> finish_attempt(AttemptFinish finish) = 0;
  /// What the carrier says afterwards. Replaces the telephony estimate among the costs by `costs`.
  virtual Awaitable<Status> record_carrier_facts(AttemptId attempt, std::optional<seconds> duration,
                                                 std::optional<Money> price, std::vector<CostLine> costs) = 0;

  /// Calls that are due and admitted and not dialed: what waits for us alone.
  virtual Awaitable<Result<std::int64_t>> backlog(Instant now) = 0;
  /// Attempts that have no outcome: all of them, oldest first.
  virtual Awaitable<Result<std::vector<Attempt>>> open_attempts() = 0;
  /// Finished attempts of `provider` that were answered, ended in [ended_after, ended_before) and have no carrier
  /// price.
  virtual Awaitable<Result<std::vector<AttemptDetail>>> unpriced_attempts(std::string provider, Instant ended_after,
                                                                          Instant ended_before, int limit) = 0;
  virtual Awaitable<Status> renew_leases(NodeId node, Instant until) = 0;
  /// Takes over an attempt whose lease has run out; false if it is somebody's.
  virtual Awaitable<Result<bool>> take_lease(AttemptId attempt, NodeId node, Instant now, Instant until) = 0;
};

}  // namespace callramp
