// A plan made ready to judge by: every condition of every phase with its kind, where its counts come from, its lines
// with their priors, and what it needs; and the rules that hold for every rollout beside the plan's own. Internal to
// decide*.cpp, explain*.cpp and their tests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/rollout/decide.hpp"
#include "core/stats/boundary.hpp"
#include "core/stats/rate_line.hpp"

namespace callramp::rollout {

/// What a condition reads.
enum class Source : std::uint8_t {
  success,
  errors,
  connected,
  retries,
  labels,
  times,
  satisfaction,
  complaint_rate,
  versus,  ///< RunSums::versus
  uptime,
  uptime_last_day,
  cost_per_call,
  cost_per_success,
  cost_overrun,
  cost_predictable,
  adoption,
  items,             ///< a count of items: bugs, complaints, tickets, security issues
  grave_complaints,  ///< unwanted calls and breaches of privacy, of ten days
  level,             ///< a gauge
  drift,
  unknown_minutes,
  pending_calls,
  stable,
  phase_time,
  full_traffic,
  approval,
  checklist,
  confirmed,
  proof,
  state_proof,  ///< old_decommissioned
  criteria_met,
  targets_met,
};

/// The line with its prior: sharpest at `prior_n`, and half an event's worth near 0 and 1.
stats::RateLine rate_line(double line, double alpha, int prior_n);

/// What of the items a condition counts.
struct ItemFilter {
  std::string_view kind;
  std::string_view severity;  ///< empty: any
  bool critical_only = false;
  bool open_only = false;  ///< else every one that was not rejected, …
  bool of_phase = false;   ///< … booked to this phase
  std::optional<Duration> window;
};

/// One condition, compiled.
struct Line {
  Condition condition;
  Kind kind = Kind::gauge;
  Source source = Source::level;
  bool is_trigger = false;
  bool built_in = false;
  Target target = Target::previous_phase;
  // Rates: the claim is "above" or "below"; evidence for it at `line`, its estimate must lie beyond `own`.
  stats::Side claim = stats::Side::above;
  double own = 0;
  double line = 0;
  std::optional<stats::RateLine> evidence;  ///< for the claim, at `line`
  std::optional<stats::RateLine> against;   ///< of a criterion: for the other side of `own`, per phase
  std::vector<int> peers;                   ///< of a rate trigger: its index in each phase's triggers, or -1
  std::size_t index = 0;                    ///< into RunSums::versus, time_bounds, or checklists
  int baseline_phase = -1;
  /// Of a rate against an earlier phase: the line that the phase's counts gave when last asked, kept between looks.
  mutable stats::Counts earlier;
  mutable std::optional<stats::RateLine> moving_evidence, moving_against;
  std::string key;  ///< in Facts::gauges or Facts::times
  ItemFilter items;
};

struct CompiledChecklist {
  const Checklist* list = nullptr;
  std::vector<std::string> subjects;  ///< "phase-end/retrospective"
  std::vector<std::optional<Line>> ticks;
  bool of_phase = true;  ///< signed anew in each phase
};

struct CompiledAim {
  std::string_view group;
  Line line;
};

struct CompiledPhase {
  const Phase* phase = nullptr;
  std::vector<Line> criteria;
  std::vector<Line> triggers;
  std::vector<std::size_t> by_text;  ///< criteria, sorted by text
  double success_weight = 0;         ///< of the success rate's trigger in the weighted mean
  double other_weight = 0;           ///< of each other rate trigger
  double planned_a_second = 0;       ///< calls in calling time; 0: the plan does not say
  std::int64_t planned_calls = 0;    ///< in min_duration
};

struct CompiledPlan {
  explicit CompiledPlan(const Plan& of);

  const Plan* plan;
  std::vector<CompiledPhase> phases;
  std::vector<Line> start;        ///< what must hold before a start
  std::vector<Line> success;      ///< the conditions of success
  std::vector<CompiledAim> aims;  ///< those with a condition
  std::vector<CompiledChecklist> checklists;
  double phases_planned = 1;  ///< with traffic: over how many restarts the evidence of a rollback is spread
  double need_pass = 0;       ///< natural logs
  double need_fail = 0;
  double need_versus = 0;
  double need_freeze = 0;
  double need_watch = 0;
  Look look;                          ///< the last one, reused
  std::vector<std::uint8_t> latched;  ///< by criterion, of the last look: 1 passed, 2 failed

  /// The lists that are looked at in this state.
  const std::vector<Line>& criteria(const RolloutState& state) const;
  const std::vector<Line>& triggers(const RolloutState& state) const;
  const CompiledPhase& phase(const RolloutState& state) const;
};

/// Why a verdict is what it is, where the kind and the numbers do not say it already.
enum class Why : std::uint8_t {
  plain,
  no_heartbeat,      ///< the evidence pipeline has stopped
  quiet,             ///< no call for longer than chance explains
  nothing_yet,       ///< no observation yet
  not_measured,      ///< nobody reports it
  stale,             ///< the newest reading is too old
  impossible,        ///< cannot exist here
  too_many_unknown,  ///< of old's outcomes
  guard,             ///< proven, but the phase's estimate is not beyond the criterion's own line
  latched,           ///< settled earlier
  no_budget,
  no_earlier_phase,
  running,          ///< a budget that is kept and whose time is not over
  few,              ///< too few to judge
  unsigned_,        ///< nobody has signed
  stale_signature,  ///< signed, and something changed since
  too_few_people,
  unstable,  ///< a reset of "stable" lasts
  too_young,
  waived,
  no_aa,  ///< versus may freeze only: no A/A comparison, or one that alarmed, or too few users
};

/// Everything a look reads, computed once.
struct Scene {
  const CompiledPlan& plan;
  const CompiledPhase& phase;
  const RolloutState& state;
  const RunSums& run;
  const Facts& facts;
  Instant now;
  const PhaseFold& fold;  ///< of the phase
  Tally total;            ///< whole calls of the run
  Tally total_first;
  double deff = 1;
  bool heartbeat_missing = false;  ///< stale
  bool heartbeat_dead = false;     ///< long enough to freeze
  bool quiet = false;
  bool watch = false;  ///< of the phase's first day
};
/// Complaints about calls of new, with the calls that they are counted over; beside an earlier phase's if one is asked.
struct Events {
  double now = 0, before = 0, exposure_now = 0, exposure_before = 0;
};
Events events_of(const Line& line, const Scene& scene);
Scene scene_of(const CompiledPlan& plan, const RolloutState& state, const Evidence& evidence, Instant now);

/// Observations of a rate: hits and misses, e.g. successes and failures.
struct Observed {
  stats::Counts phase;
  stats::Counts run;  ///< the phase's where nothing is kept for the run
  double deff = 1;
  bool of_calls = false;  ///< from RunSums: kept for each phase of the run
};
Observed observed(const Line& line, const Scene& scene);
/// Of one phase of the run, for a line that reads calls.
stats::Counts observed_in(const Line& line, const PhaseFold& fold);
/// log of ½ e^(run) + ½ e^(phase), or less than `enough` if that is certain: then 0 is returned.
double criterion_log_e(const Line& line, const Observed& counts);
double against_log_e(const Line& line, const Observed& counts);
/// ½ cumulative + ½ spread over the restarts of the phases.
double trigger_log_e(const Line& line, const Scene& scene);
/// A bound that costs two logarithms: log E is never above it.
double most_log_e(const stats::RateLine& line, stats::Side side, stats::Counts counts);

/// `passed`, `failed`: latched earlier.
Finding judge_rate(const Line& line, const Scene& scene, bool passed, bool failed);
Finding judge_rate_trigger(const Line& line, const Scene& scene);
Finding judge_versus(const Line& line, const Scene& scene, bool passed, bool failed);
/// A condition that is known exactly: a criterion passes or fails, a trigger fires or does not.
Finding settled(bool holds, bool is_trigger);
/// One that is not, and why.
Finding because(Why why, Verdict verdict = Verdict::no_data);
/// Acts with a date, clocks, people.
Finding judge_act(const Line& line, const Scene& scene, std::uint64_t standing);
/// All other kinds; approvals are compared with `standing`.
Finding judge_other(const Line& line, const Scene& scene, std::uint64_t standing);
/// Any condition that stands alone: an item that ticks itself, a target.
Finding judge_any(const Line& line, const Scene& scene, std::uint64_t standing);
bool item_done(const CompiledChecklist& list, std::size_t item, const Scene& scene, std::uint64_t standing);
/// Whether the phase's estimate lies beyond the condition's own line.
bool beyond_own(const Line& line, const Scene& scene);

/// Fingerprint of what an approval depends on, of the criteria and triggers found so far.
std::uint64_t fingerprint(const Scene& scene, const Look& look);
std::string standing_text(std::uint64_t fingerprint);

/// Whether people's verdicts are wanted even where something else keeps the gate closed.
enum class Depth : std::uint8_t { gate, all };
/// Looks into plan.look.
void look_at(CompiledPlan& plan, const Scene& scene, Depth depth);
/// Under which names a person lifts the freezes that a look sees, whatever the rollout's stage; a dead pipeline is
/// none.
std::vector<std::string> standing_freezes(const Scene& scene, const Look& look);
bool is_active(Stage stage) noexcept;  ///< started, not rolled back, not over

/// The state after the look, and the decision's bare bones; the words are explain.cpp's.
void apply(const CompiledPlan& plan, const Scene& scene, const Look& look, Decision& into);
/// Fills judgements, sentence, would_change_it, who_may_override.
void explain(const CompiledPlan& plan, const Scene& scene, const Look& look, Decision& into);

}  // namespace callramp::rollout
