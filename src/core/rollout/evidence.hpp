// Evidence: what is known when a decision is made. Counts and facts only; no e-value is ever stored, for it follows
// from the counts, and a restart, an audit or another node computes the same.
//
// Rates come in buckets (pace.bucket: five minutes) by the *start* of a call's first dial. Failures end sooner than
// successes, so a bucket is read only when its cohort is closed: first attempts once time limit + ring time + 5 min
// have passed, whole calls once every one of them is final (docs/definitions.md). RunFold adds closed buckets up.
//
// Drift is looked for in whole calls, not in first attempts: a dialer that retries has fewer successes at the first
// attempt than the line asks of the call, and would alarm for ever.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/percent.hpp"
#include "base/time.hpp"
#include "core/rollout/condition.hpp"
#include "core/rollout/plan.hpp"
#include "core/stats/drift.hpp"
#include "core/stats/new_vs_old.hpp"

namespace callramp::rollout {

/// Start of the bucket in which `at` (after 1970) lies; `length` is the plan's pace.bucket, five minutes in production.
constexpr Instant bucket_start(Instant at, Duration length) noexcept {
  return Instant{Duration{to_micros(at) - to_micros(at) % length.count()}};
}

/// Final calls (or first attempts) of one system in one bucket. Test calls, cancelled, crossed ones are in none.
struct Tally {
  std::int64_t total = 0;
  std::int64_t completed = 0;
  std::int64_t voicemail_left = 0;
  std::int64_t failed = 0;
  std::int64_t connected = 0;  ///< answered at least 10 s by the carrier's duration
  std::int64_t unknown = 0;    ///< of old: no outcome within 4 h; in no other count
  std::int64_t retried = 0;    ///< calls with a dialed retry
  std::int64_t retried_successful = 0;

  std::int64_t successful() const noexcept { return completed + voicemail_left; }
  Tally& operator+=(const Tally& other) noexcept;
  bool operator==(const Tally&) const = default;
};

/// One closed bucket of one stream. `phase` is the phase in force when its calls were first dialed.
struct Bucket {
  Instant start{};
  int phase = 0;
  Tally fresh;  ///< the new system's
  Tally old;
  bool operator==(const Bucket&) const = default;
};

/// Sums over clusters of calls (hours, users) from which the design effect follows; integers, so that order does not
/// matter.
struct ClusterSums {
  std::int64_t clusters = 0;
  std::int64_t n = 0;   ///< calls
  std::int64_t s = 0;   ///< successes
  std::int64_t nn = 0;  ///< sum of squares of a cluster's calls
  std::int64_t sn = 0;
  std::int64_t ss = 0;
  /// An empty cluster is not one.
  void add(std::int64_t good, std::int64_t calls) noexcept;
  void remove(std::int64_t good, std::int64_t calls) noexcept;
  bool operator==(const ClusterSums&) const = default;
};
/// At least 1: by how much calls of one cluster behave alike (core/stats/design_effect.hpp), less one standard error
/// of that measurement, sqrt(2 / (clusters - 1)).
double design_effect(const ClusterSums& sums);

/// What the closed buckets of one phase of this run add up to.
struct PhaseFold {
  Tally calls;  ///< of new, whole calls
  Tally calls_old;
  Tally first;  ///< of new, first attempts
  Tally first_old;
  ClusterSums hours;                   ///< success of new's whole calls by span of pace.cluster: an hour
  std::optional<Instant> last_closed;  ///< start of the newest closed bucket of first attempts, empty or not
  bool operator==(const PhaseFold&) const = default;
};

/// Where one comparison of new against old stands: over the whole run, in order of start.
struct VersusSums {
  std::string subject;  ///< of its condition, with its line: "call_success_rate vs old < -0.5%"
  double log_e = 0;     ///< before the design effect
  std::int64_t good_new = 0, bad_new = 0;
  std::int64_t good_old = 0, bad_old = 0;
  bool operator==(const VersusSums&) const = default;
};

/// All that a decision reads of the counted calls of a run: plain data, so that a stored decision can be made again.
struct RunSums {
  std::vector<PhaseFold> phases;
  std::vector<VersusSums> versus;  ///< in the order of `comparisons`
  double drift = 0;                ///< Shiryaev-Roberts, mean of its detectors
  bool operator==(const RunSums&) const = default;

  Tally total() const noexcept;        ///< new's whole calls of all phases
  Tally total_first() const noexcept;  ///< new's first attempts of all phases
  ClusterSums hours() const noexcept;  ///< of all phases
};

/// One comparison of new against old that the plan asks for, or that is always made.
struct Comparison {
  Condition condition;
  bool is_trigger = true;  ///< claims that new is worse; a criterion that it is not worse by more than its margin
};
/// Each subject and line once: those of the plan, and "call_success_rate vs old < -0.5%" if no trigger says it better.
std::vector<Comparison> comparisons(const Plan& plan);

/// The whole run, folded bucket by bucket. Production, simulation and `explain` use the same.
class RunFold {
 public:
  explicit RunFold(const Plan& plan);
  /// First attempts, in order of start: new against old depends on it.
  void add_first(const Bucket& bucket);
  /// Whole calls, in the order in which their buckets are closed (a stored sequence): drift depends on it, the sums do
  /// not.
  void add_calls(const Bucket& bucket);

  const RunSums& sums() const noexcept { return sums_; }

 private:
  /// Good and all calls by cluster, from `first` on.
  struct Clusters {
    std::int64_t first = 0;
    std::vector<std::array<std::int32_t, 2>> cells;
  };
  struct Versus {
    stats::NewVsOld process;
    bool of_errors = false;  ///< compares failures; else connected calls
  };
  void add_to_cluster(std::size_t phase, std::int64_t cluster, const Tally& calls);

  RunSums sums_;
  std::vector<Clusters> clusters_;  ///< by phase
  std::vector<Versus> versus_;
  std::optional<stats::DriftDetector> drift_;
  Duration cluster_length_;
};

/// Times counted against metric.hpp's time_bounds: over[i] of `total` took longer than or exactly bound i.
struct Exceedances {
  std::int64_t total = 0;
  std::vector<std::int64_t> over;
  bool operator==(const Exceedances&) const = default;
};

/// One minute is up if health, a store write and a dialer tick all passed through PUBLIC_URL.
struct Uptime {
  std::int64_t minutes = 0;  ///< of the phase so far
  std::int64_t down = 0;
  std::int64_t unknown = 0;  ///< more than 10 block an advance
  std::int64_t planned = 0;  ///< drains, shown apart, not down
  std::int64_t last_day_minutes = 0;
  std::int64_t last_day_down = 0;
  bool operator==(const Uptime&) const = default;
};

struct EvidenceItem {
  std::string kind;         ///< bug, complaint, security, satisfaction, ticket, label
  std::string external_id;  ///< idempotent by (kind, external id)
  std::string severity;     ///< P1, P2, critical, …; of a complaint its kind: annoyance, content, unwanted, privacy
  std::string status;       ///< open, confirmed, rejected, resolved
  double value = 0;         ///< of a satisfaction its score, of a label 1 = right
  bool critical = false;    ///< a P2 marked critical
  std::string call_id;
  Instant at{};        ///< of the event; of a complaint the time of its call
  int phase = 0;       ///< of this run, to which it is booked; -1: from before it, listed while it is open
  std::string system;  ///< "new", "old", or empty
  bool operator==(const EvidenceItem&) const = default;
};

/// One reading of a level; a gap in readings is missing, never "fine".
struct LevelReading {
  Instant at{};
  double value = 0;
  bool operator==(const LevelReading&) const = default;
};
struct PhaseMean {
  int phase = 0;
  double mean = 0;
  bool operator==(const PhaseMean&) const = default;
};
struct Gauge {
  std::vector<LevelReading> readings;  ///< oldest first, of the last 24 h
  std::vector<PhaseMean> phases;       ///< of the run's phases, for "vs previous_phase"
  bool exists = true;                  ///< false: cannot exist here (a pool with SQLite): not_applicable
  std::string missing;                 ///< why there is no reading: "Prometheus at … does not answer since 02:14"
  bool operator==(const Gauge&) const = default;
};

/// Answers that people labelled, of the phase: who answered, and whether the detector said so.
struct Labels {
  std::int64_t machines = 0;
  std::int64_t machines_right = 0;
  std::int64_t people = 0;
  std::int64_t people_right = 0;  ///< the rest were taken for machines: at most 2 % of people
  bool operator==(const Labels&) const = default;
};

struct Signature {
  std::string subject;  ///< condition text, "approval" (the gate of mode guarded), or "checklist/item"
  std::string by;
  std::string note;
  std::string link;
  Instant at{};
  std::int64_t decision = 0;  ///< what they saw
  std::string standing;       ///< `standing` of decide.hpp when it was given: what it depended on
  bool operator==(const Signature&) const = default;
};

struct Proof {
  std::string name;  ///< "load_test", "drill:kill_switch"
  Instant at{};
  double concurrent = 0;
  double hours = 0;
  std::string version;
  bool passed = false;
  bool operator==(const Proof&) const = default;
};

struct DailyCost {
  std::int64_t day = 0;  ///< days since 1970 in the plan's zone
  std::int64_t calls = 0;
  std::int64_t micros = 0;
  bool operator==(const DailyCost&) const = default;
};

struct Waiver {
  std::string condition;  ///< its text
  std::string by;
  std::string reason;
  Instant until{};
  bool operator==(const Waiver&) const = default;
};

/// Comparison of the future cohort with the rest, both on old, before phase 1.
struct AaResult {
  bool run = false;
  bool alarm = false;
  std::int64_t users = 0;
  std::int64_t calls = 0;
  double design_effect = 1;  ///< by user
  double log_e = 0;
  bool operator==(const AaResult&) const = default;
};

/// Facts that are not counted calls. All of the running run; `phase` fields say where they belong. Names of gauges and
/// times are `source_key` of their condition.
struct Facts {
  std::optional<Instant> heartbeat;  ///< of the evidence pipeline: it closes a bucket every five minutes, empty or not
  Uptime uptime;                     ///< of the phase
  /// "response_time", "queue_wait", "provider_latency(stt)": of the phase.
  std::map<std::string, Exceedances, std::less<>> times;
  std::vector<EvidenceItem> items;
  Labels labels;
  std::map<std::string, Gauge, std::less<>> gauges;
  std::vector<DailyCost> costs;    ///< of the phase, oldest first
  std::int64_t today = 0;          ///< as DailyCost counts days
  Duration quiet{};                ///< calling time since the newest first dial on new; 0 while the run is new
  ClusterSums users;               ///< of the phase: success of new's whole calls by user
  std::int64_t open_calls = 0;     ///< of the phase, waiting to be final
  std::int64_t pending_calls = 0;  ///< of those, open more than 48 h after their first dial
  std::vector<Signature> signatures;
  std::vector<Waiver> waivers;
  std::vector<Proof> proofs;
  AaResult aa;
  Percent percentage;  ///< in force
  bool calls_enabled = true;
  std::int64_t flag_version = 0;
  /// Who set the percentage in force if it was not the rollout: a token's name or "environment". Empty: the rollout.
  std::string flags_set_by;
  bool has_old_system = true;
  std::string binary;               ///< version of the program
  std::string configuration;        ///< hash of the configuration that matters
  std::int64_t users_on_new = 0;    ///< distinct users called on new in the last 7 days
  std::int64_t users_routable = 0;  ///< distinct users that would be routed new, seen in the last 7 days
  bool operator==(const Facts&) const = default;
};

/// Under which name Facts holds the times or the gauge that a condition reads: "provider_latency(stt)",
/// "db_pool_waits(>1s)".
std::string source_key(const Condition& condition);
/// What a Proof of the condition is called: "load_test", "drill:kill_switch", "announced:team".
std::string act_name(const Condition& condition);

struct Evidence {
  const RunSums& run;
  const Facts& facts;
};

}  // namespace callramp::rollout
