// Rollouts: their plans, state, decisions and everything that counts as evidence. Every method is one transaction.
//
// Who decides: one node at a time, by a lease with an epoch. Whatever a decider writes carries its epoch, and an older
// one is refused with `conflict`: a node that was cut off cannot undo what its successor decided.
//
// What is decided: `commit` stores the decision, the state after it, the flags that it sets and the phase that calls
// are counted in, all or nothing. So after a crash at any instant flag, state and log agree; what may be missing is
// only the receipt, which `unconfirmed` lists.
//
// What calls count for: a span is the time in which one phase of one run is in force. The claim reads the open span in
// its own transaction and stamps the call with it at its first dial; counts are kept by span. Test calls and calls of
// pinned or included users are in no span. No span is open in the stages planned, rolled_back and succeeded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "base/ids.hpp"
#include "core/flags/flags.hpp"
#include "core/rollout/decide.hpp"

namespace callramp {

/// One version of a plan, as it was given.
struct PlanText {
  std::string rollout;
  std::string hash;  ///< SHA-256 of `yaml`, hex: its identity
  std::string yaml;
  Instant at{};
  std::string by;
  std::string reason;
};

/// A rollout as it is stored.
struct RolloutRecord {
  std::string name;
  rollout::RolloutState state;  ///< its plan_hash names the plan in force
  std::int64_t revision = 1;    ///< one more with every commit
  std::optional<std::int64_t> last_decision;
  Instant created_at{};
};

struct DeciderLease {
  NodeId node;
  std::int64_t epoch = 0;  ///< one more with every new holder; a process that starts again is a new holder
  Instant until{};
};

/// The time in which one phase of one run is (or was) in force.
struct PhaseSpan {
  std::int64_t id = 0;
  std::string rollout;
  int run = 0;
  int phase = 0;
  Duration bucket{};  ///< length of its evidence buckets
  Instant started_at{};
  std::optional<Instant> ended_at;
};

/// All that a decision was made from beside plan, state and time: `explain` decides again from it, bit for bit.
struct DecisionInputs {
  rollout::RunSums sums;
  rollout::Facts facts;
  std::optional<rollout::Command> order;  ///< a person's, if one decided
  bool operator==(const DecisionInputs&) const = default;
};

struct DecisionCommit {
  std::int64_t epoch = 0;              ///< conflict unless it is the lease's
  std::int64_t expected_revision = 0;  ///< conflict unless it is the rollout's
  rollout::Decision decision;  ///< its `rollout`, `after` and `flag_version` are what is stored; `id` is ignored
  DecisionInputs inputs;
  std::int64_t closed_through = 0;  ///< seq of the last closed bucket that it saw
  /// Set in the same transaction, in history and audit with source "rollout". Refused with precondition_failed unless
  /// the flags are at decision.flag_version.
  std::optional<FlagPatch> flags;
  /// Plan's pace.bucket: of the span that this commit opens, if it opens one. A divisor of five minutes.
  Duration bucket = minutes{5};
};

struct StoredDecision {
  rollout::Decision decision;            ///< with its id
  std::optional<DecisionInputs> inputs;  ///< none in lists, and after 90 days none of a look that changed nothing
  std::int64_t closed_through = 0;
  std::int64_t epoch = 0;
  bool sets_flags = false;
  std::int64_t flags_after = 0;         ///< version of the flags after it
  std::optional<Instant> confirmed_at;  ///< when every node was known to route by it
  std::string receipt;                  ///< opaque; empty until confirmed
};

struct Committed {
  StoredDecision stored;
  FlagState flags;
  std::int64_t revision = 0;
};

/// What `close_buckets` may close now.
struct CloseRequest {
  std::string rollout;
  int run = 0;
  std::int64_t epoch = 0;
  Instant now{};
  Duration first_limit = minutes{17};  ///< plan's pace.first_limit, after a bucket's start
  Duration unknown_after = hours{4};   ///< plan's pace.unknown_after: the longest that old holds a bucket open
  Duration grace = seconds{10};        ///< after a bucket's end, before it is taken for complete
};

enum class EvidenceStream { first_attempt, call };

/// A bucket that will not change any more: later corrections change reports, never what was decided on.
struct ClosedBucket {
  std::int64_t seq = 0;
  EvidenceStream stream = EvidenceStream::call;
  rollout::Bucket bucket;
};

struct ClosedBuckets {
  std::vector<ClosedBucket> buckets;  ///< by seq; first attempts in order of start. Empty buckets are not listed.
  /// First attempts of all buckets that start before it are closed, empty ones included.
  std::optional<Instant> first_until;
  std::optional<Instant> closed_at;  ///< when the pipeline last ran: its heartbeat
  std::int64_t through = 0;          ///< the highest seq there is
};

/// Calls of a phase that are not final yet.
struct WaitingCalls {
  std::int64_t open = 0;
  std::int64_t pending = 0;              ///< of those, first dialed longer ago than pending_after
  std::vector<CallId> oldest;            ///< at most 20 pending ones
  std::optional<Instant> newest_on_new;  ///< newest first dial on new in this run, whatever the phase
};

struct UserFigures {
  rollout::ClusterSums sums;       ///< success of new's final whole calls by user
  std::int64_t largest_calls = 0;  ///< of the user with the most calls
};
struct UserTally {
  UserId user;
  std::int64_t calls = 0;
  std::int64_t good = 0;  ///< successful
  std::int64_t connected = 0;
};

/// Times of one metric in one bucket as one process has counted them since the bucket's start: cumulative, so that
/// sending them again changes nothing.
struct TimeCounts {
  std::string metric;  ///< "response_time", "provider_latency(stt)"
  std::string source;  ///< node and start of its process: a restarted one counts from zero
  Instant bucket{};
  std::int64_t total = 0;
  std::vector<std::int64_t> over;  ///< beside core/rollout/metric.hpp's time_bounds
};

enum class BeatKind {
  up,        ///< health, a store write and a dialer tick passed through PUBLIC_URL
  impaired,  ///< up, while a provider is out
  failed,    ///< this process runs, and a check failed
  stopped,   ///< a clean stop: the gap that follows is planned
};
struct Beat {
  NodeId node;
  Instant at{};
  BeatKind kind = BeatKind::up;
};
/// Minutes of a window [from, to). A gap of more than 30 s in all nodes' `up` and `impaired` beats is down, or planned
/// after a clean stop; a minute that it touches is down (planned). Nothing is counted before the first beat ever.
struct UptimeMinutes {
  std::int64_t minutes = 0;
  std::int64_t up = 0;  ///< impaired ones included
  std::int64_t down = 0;
  std::int64_t unknown = 0;  ///< named so by `mark_unknown`
  std::int64_t planned = 0;
  std::int64_t impaired = 0;
};

struct GaugeReport {
  std::string name;
  Instant at{};
  std::optional<double> value;  ///< none: it is missing, and `missing` says why
  std::string missing;
  bool exists = true;  ///< false: cannot exist here
};
struct DailyGauge {
  std::int64_t day = 0;  ///< since 1970, UTC
  std::int64_t readings = 0;
  double low = 0, high = 0, mean = 0;
};

/// A thing that machines cannot see, with its history.
struct ItemChange {
  Instant at{};
  std::string by;
  std::string status;
  std::string reason;
};
struct ItemRecord {
  rollout::EvidenceItem item;  ///< its phase is that of `run`; -1 outside every span
  std::string rollout;         ///< of the span that it is booked to; empty outside
  int run = 0;
  std::string note;
  std::string reported_by;
  Instant reported_at{};
  std::vector<ItemChange> history;  ///< oldest first, its report included
};
struct ItemReport {
  rollout::EvidenceItem item;  ///< status empty: open. phase and system are the store's to find, by call_id or `at`.
  std::string note;
  std::string by;
  Instant now{};
};
struct ItemFilter {
  std::optional<std::string> kind;
  std::optional<std::string> status;
  std::optional<std::string> rollout;
  int page = 1;
  int limit = 20;
};

struct Sign {
  std::string rollout;
  int run = 0;
  int phase = 0;
  rollout::Signature signature;
};

/// Where calls on new stand after a flag change.
struct DialsOnNew {
  std::optional<Instant> last_dial;
  std::int64_t open = 0;
  std::optional<Instant> latest_end;  ///< by which the last of them must be over
};

/// Users called in the seven days before `now`.
struct Adoption {
  std::int64_t users_on_new = 0;
  std::int64_t users_routable = 0;  ///< that would be routed to new by the flags in force
};

/// Whom a change of the percentage moves to the other system, of the users called in the 28 days before it or waiting.
/// Users held by a pin are not moved.
struct Switching {
  std::int64_t users = 0;
  std::int64_t open = 0;  ///< of those, with a call that is to be made still, or is being made: an open callback
  bool operator==(const Switching&) const = default;
};

class RolloutStore {
 public:
  virtual ~RolloutStore() = default;

  /// One decider. Given if nobody's is live or `node` holds it; conflict names the holder and until when.
  virtual Awaitable<Result<DeciderLease>> take_lease(NodeId node, Instant now, Instant until) = 0;
  /// conflict if another epoch is in force.
  virtual Awaitable<Status> renew_lease(std::int64_t epoch, Instant now, Instant until) = 0;
  /// The epoch in force, live or not; 0 if there never was one.
  virtual Awaitable<Result<DeciderLease>> lease() = 0;

  /// Keeps the text under its hash; knows it already: nothing changes.
  virtual Awaitable<Status> put_plan(PlanText plan) = 0;
  virtual Awaitable<Result<PlanText>> plan(std::string hash) = 0;                   ///< not_found
  virtual Awaitable<Result<std::vector<PlanText>>> plans(std::string rollout) = 0;  ///< newest first

  /// Planned, with the plan `state.plan_hash`, which must be stored. conflict if the name is taken. Audited.
  virtual Awaitable<Result<RolloutRecord>> create(std::string name, rollout::RolloutState state, std::string by,
                                                  Instant now) = 0;
  virtual Awaitable<Result<std::vector<RolloutRecord>>> rollouts() = 0;              ///< oldest first
  virtual Awaitable<Result<RolloutRecord>> rollout(std::string name) = 0;            ///< not_found
  virtual Awaitable<Result<std::vector<PhaseSpan>>> spans(std::string rollout) = 0;  ///< oldest first

  /// The one way in which a rollout changes. Also refuses with conflict to open a span while another rollout's is open,
  /// and with not_found a plan that is not stored. Audited with the decision's sentence.
  virtual Awaitable<Result<Committed>> commit(DecisionCommit commit) = 0;
  /// The decision's flags are in force on every node. Idempotent: the first receipt stands.
  virtual Awaitable<Status> confirm(std::int64_t decision, std::string receipt, Instant now) = 0;
  /// Decisions that set flags and were not confirmed, oldest first: what a restarted decider sees through.
  virtual Awaitable<Result<std::vector<StoredDecision>>> unconfirmed() = 0;
  virtual Awaitable<Result<StoredDecision>> decision(std::int64_t id) = 0;  ///< not_found
  /// Newest first, with id below `before` if given; without inputs.
  virtual Awaitable<Result<std::vector<StoredDecision>>> decisions(std::string rollout,
                                                                   std::optional<std::int64_t> before, int limit) = 0;
  virtual Awaitable<Result<DialsOnNew>> dials_on_new() = 0;

  /// Closes what can be closed; `buckets` holds the newly closed ones only. First attempts close in order of start:
  /// after first_limit, and while old has an open one, up to unknown_after. An attempt still open then counts as failed
  /// on new and as unknown on old. Whole calls close in any order, once the bucket is over and all of them are final;
  /// each system's by themselves, so a bucket may come twice, with one side empty each time.
  virtual Awaitable<Result<ClosedBuckets>> close_buckets(CloseRequest request) = 0;
  /// Closed buckets of the run with seq in (after, through]; without `through` all.
  virtual Awaitable<Result<ClosedBuckets>> closed_buckets(std::string rollout, int run, std::int64_t after,
                                                          std::optional<std::int64_t> through) = 0;
  virtual Awaitable<Result<WaitingCalls>> waiting_calls(std::string rollout, int run, int phase,
                                                        Instant first_dialed_before) = 0;

  virtual Awaitable<Result<UserFigures>> user_figures(std::string rollout, int run, int phase) = 0;
  /// By user, counted calls of `system` first dialed in [from, to): for the A/A comparison before phase 1.
  virtual Awaitable<Result<std::vector<UserTally>>> user_tallies(System system, Instant from, Instant to) = 0;
  virtual Awaitable<Result<Adoption>> adoption(Instant now) = 0;
  virtual Awaitable<Result<Switching>> switching(Percent from, Percent to, Instant now) = 0;

  /// Merged by the larger of each count; booked to the span in force at the bucket's start.
  virtual Awaitable<Status> add_times(std::vector<TimeCounts> counts, Instant now) = 0;
  virtual Awaitable<Result<std::map<std::string, rollout::Exceedances, std::less<>>>> times(std::string rollout,
                                                                                            int run, int phase) = 0;

  /// Every 10 s.
  virtual Awaitable<Status> beat(Beat beat) = 0;
  virtual Awaitable<Result<UptimeMinutes>> uptime(Instant from, Instant to) = 0;
  /// Minutes of which an outside source says that it cannot know.
  virtual Awaitable<Status> mark_unknown(Instant from, Instant to, std::string why) = 0;

  /// One reading per minute and name is kept, the latest; after 48 h only the day's extremes and mean.
  virtual Awaitable<Status> add_gauges(std::vector<GaugeReport> readings, Instant now) = 0;
  /// Readings since `from`, by name, and the means of the run's phases; every name ever reported is listed.
  virtual Awaitable<Result<std::map<std::string, rollout::Gauge, std::less<>>>> gauges(std::string rollout, int run,
                                                                                       Instant from) = 0;
  virtual Awaitable<Result<std::vector<DailyGauge>>> daily_gauge(std::string name, int days) = 0;  ///< newest first

  /// False if (kind, external id) was known with the same content; conflict if with another. not_found: no such call.
  virtual Awaitable<Result<bool>> add_item(ItemReport report) = 0;
  /// not_found. Audited.
  virtual Awaitable<Result<ItemRecord>> change_item(std::string kind, std::string external_id, ItemChange change) = 0;
  virtual Awaitable<Result<std::vector<ItemRecord>>> items(ItemFilter filter) = 0;  ///< newest event first
  /// For decisions: all booked to this run, and with phase -1 all others that are open or confirmed; oldest first.
  virtual Awaitable<Result<std::vector<rollout::EvidenceItem>>> evidence_items(std::string rollout, int run) = 0;

  virtual Awaitable<Status> sign(Sign sign) = 0;  ///< appended, never changed; audited
  /// Takes back every signature of `by`, or of anybody if empty, on this subject in this phase. Audited.
  virtual Awaitable<Status> unsign(std::string rollout, int run, int phase, std::string subject, std::string by,
                                   std::string actor, Instant now) = 0;
  virtual Awaitable<Result<std::vector<rollout::Signature>>> signatures(std::string rollout, int run) = 0;
  virtual Awaitable<Status> waive(std::string rollout, rollout::Waiver waiver, Instant now) = 0;  ///< audited
  virtual Awaitable<Result<std::vector<rollout::Waiver>>> waivers(std::string rollout) = 0;       ///< ended ones too
  virtual Awaitable<Status> add_proof(rollout::Proof proof) = 0;
  virtual Awaitable<Result<std::vector<rollout::Proof>>> proofs() = 0;  ///< oldest first
  virtual Awaitable<Status> put_aa(std::string rollout, rollout::AaResult result, Instant now) = 0;
  virtual Awaitable<Result<rollout::AaResult>> aa(std::string rollout) = 0;  ///< `run` false if there is none

  /// Costs of the phase's attempts on new by day; lines in other currencies are left out. `day_of` numbers the plan's
  /// days; it runs on the store's thread, once per bucket.
  virtual Awaitable<Result<std::vector<rollout::DailyCost>>> costs(std::string rollout, int run, int phase,
                                                                   Currency currency,
                                                                   std::function<std::int64_t(Instant)> day_of) = 0;
};

}  // namespace callramp
