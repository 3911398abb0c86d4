// Evidence: what is known when a decision is made. Counts and facts only; no e-value is ever stored, for it follows
// from the counts, and a restart, an audit or another node computes the same.
//
// Rates come in buckets (pace.bucket: five minutes) by the *start* of a call's first dial. Failures end sooner than
// successes, so a bucket is read only when its cohort is closed: first attempts once time limit + ring time + 5 min
// have passed, whole calls once every one of them is final (docs/definitions.md). RunFold adds closed buckets up;
// production and simulation use the same.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "core/rollout/condition.hpp"
#include "core/stats/block_versus.hpp"
#include "core/stats/drift.hpp"

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
  void add(std::int64_t good, std::int64_t calls) noexcept;
  void remove(std::int64_t good, std::int64_t calls) noexcept;
  bool operator==(const ClusterSums&) const = default;
};

/// What the closed buckets of one phase of this run add up to.
struct PhaseFold {
  Tally calls;  ///< of new, whole calls
  Tally calls_old;
  Tally first;  ///< of new, first attempts
  Tally first_old;
  ClusterSums hours;                   ///< success of new's whole calls by clock hour
  std::optional<Instant> last_closed;  ///< start of the newest closed bucket, empty or not
};

/// The whole run, folded bucket by bucket in order of their start within each stream.
class RunFold {
 public:
  explicit RunFold(std::size_t phases, double drift_line);
  void add_first(const Bucket& bucket);  ///< in order of start: drift and new-against-old depend on it
  void add_calls(const Bucket& bucket);  ///< any order: sums only

  const PhaseFold& phase(std::size_t index) const { return phases_.at(index); }
  const stats::BlockVersus& versus() const noexcept { return versus_; }
  const stats::DriftDetector& drift() const noexcept { return drift_; }
  Tally total() const;  ///< new's whole calls of all phases

 private:
  std::vector<PhaseFold> phases_;
  std::vector<std::map<std::int64_t, std::array<std::int64_t, 2>>> hours_;  ///< by phase: hour → good, calls
  stats::BlockVersus versus_;
  stats::DriftDetector drift_;
};

/// Times counted against metric.hpp's time_bounds: over[i] of `total` took longer than or exactly bound i.
struct Exceedances {
  std::int64_t total = 0;
  std::vector<std::int64_t> over;
};

/// One minute is up if health, a store write and a dialer tick all passed through PUBLIC_URL.
struct Uptime {
  std::int64_t minutes = 0;  ///< of the phase so far
  std::int64_t down = 0;
  std::int64_t unknown = 0;  ///< more than 10 block an advance
  std::int64_t planned = 0;  ///< drains, shown apart, not down
  std::int64_t last_day_minutes = 0;
  std::int64_t last_day_down = 0;
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
  int phase = 0;       ///< to which it is booked
  std::string system;  ///< "new", "old", or empty
};

/// One reading of a level; a gap in readings is missing, never "fine".
struct LevelReading {
  Instant at{};
  double value = 0;
};
struct Gauge {
  std::vector<LevelReading> readings;  ///< oldest first, of the last 24 h
  bool exists = true;                  ///< false: cannot exist here (a pool with SQLite): not_applicable
  std::string missing;                 ///< why there is no reading: "Prometheus at … does not answer since 02:14"
};

struct Signature {
  std::string subject;  ///< condition text, or "checklist/item"
  std::string by;
  std::string note;
  std::string link;
  Instant at{};
  std::int64_t decision = 0;  ///< what they saw
  std::string standing;       ///< fingerprint of what it depended on: verdicts, items, binary, configuration, plan
};

struct Proof {
  std::string name;  ///< "load_test", "drill:kill_switch"
  Instant at{};
  double concurrent = 0;
  double hours = 0;
  std::string version;
  bool passed = false;
};

struct DailyCost {
  std::int64_t day = 0;  ///< days since 1970 in the plan's zone
  std::int64_t calls = 0;
  std::int64_t micros = 0;
};

struct Waiver {
  std::string condition;  ///< its text
  std::string by;
  std::string reason;
  Instant until{};
};

/// Comparison of the future cohort with the rest, both on old, before phase 1.
struct AaResult {
  bool run = false;
  bool alarm = false;
  std::int64_t users = 0;
  std::int64_t calls = 0;
  double design_effect = 1;  ///< by user
  double log_e = 0;
};

/// Facts that are not counted calls. All of the running run; `phase` fields say where they belong.
struct Facts {
  std::optional<Instant> heartbeat;  ///< of the evidence pipeline: it closes a bucket every five minutes, empty or not
  Uptime uptime;                     ///< of the phase
  std::map<std::string, Exceedances> times;  ///< "response_time", "queue_wait", "provider_latency(stt)": of the phase
  std::vector<EvidenceItem> items;
  std::map<std::string, Gauge> gauges;
  std::vector<DailyCost> costs;    ///< of the phase
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
  bool has_old_system = true;
  std::string binary;               ///< version of the program
  std::string configuration;        ///< hash of the configuration that matters
  std::int64_t users_on_new = 0;    ///< distinct users called on new in the last 7 days
  std::int64_t users_routable = 0;  ///< distinct users that would be routed new, seen in the last 7 days
};

struct Evidence {
  const RunFold& run;
  const Facts& facts;
};

}  // namespace callramp::rollout
