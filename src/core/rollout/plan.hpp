// The plan of a rollout as a value: phases, what must hold to advance, what makes it roll back, gates that people hold.
//
// A plan file says it almost in the words of the document (docs/gradual-rollout-plan.md). Reading YAML is the yaml
// adapter's job; what a condition means is metric.hpp's; how it is decided is decide.hpp's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/money.hpp"
#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "core/calls/types.hpp"
#include "core/rollout/condition.hpp"

namespace callramp::rollout {

/// Where a trigger leads: to the percentage of the last phase that was passed (0 from the first), or to zero.
enum class Target { previous_phase, zero };

struct Trigger {
  Condition condition;
  Target target = Target::previous_phase;
};

/// How the two lines of a rate, its criterion and its trigger, are read (docs/decisions.md): which pair of hypotheses
/// the evidence speaks about.
enum class Reading { strict, mid, wide, ladder };

/// manual: recommends only. guarded: freezes and rolls back by itself, advances on approval. automatic: also advances.
enum class Mode { manual, guarded, automatic };

/// How evidence is weighed. Fixed while a run lasts: changing it would void the promises of the run.
struct DecideOptions {
  Reading reading = Reading::ladder;
  double advance_alpha = 0.05;                 ///< per gate and criterion
  double rollback_alpha = 0.01;                ///< per run, all rates against their lines together
  double versus_alpha = 0.01;                  ///< per run, new against old
  double freeze_alpha = 0.05;                  ///< per phase; a freeze is reversible
  double watch_alpha = 0.10;                   ///< freeze_alpha during a phase's watch
  int prior_n = 150;                           ///< calls at which the mixture is sharpest: docs/decisions.md
  Duration phase_cap = std::chrono::days{14};  ///< an undecided phase is a person's after this
  bool statistics_to_zero = false;             ///< whether a trigger on a sampled rate may name the target zero
  bool operator==(const DecideOptions&) const = default;
};

/// The lengths of time behind the evidence. Production keeps the defaults. A demo shortens them, and nothing else, so
/// that five weeks pass in minutes by the same rules.
struct Pace {
  Duration bucket = minutes{5};  ///< evidence is counted by the start of calls, in spans this long
  Duration cluster = hours{1};   ///< calls within such a span may behave alike: the design effect
  Duration day = hours{24};      ///< of "calls a day", calling days, daily costs and samples; a week is seven of them
  Duration first_limit = minutes{17};  ///< a bucket's first attempts count after it: 11 min call, 45 s ringing, 5 min
  Duration pending_after = hours{48};  ///< a call still open after its first dial is "pending" and blocks an advance
  Duration unknown_after = hours{4};   ///< a call of the old system without outcome is "unknown"
  Duration stale_after = minutes{2};   ///< heartbeat of the evidence older than this: no_data
  Duration dead_after = hours{1};      ///< … than this: freeze
  Duration approval_lasts = hours{72};
  Duration repeat_within = hours{24};  ///< a second trigger within it goes to zero
  int stable_days = 2;                 ///< calling days that "stable" needs beside its time
  int stable_calls = 75;               ///< calls that it needs
  /// After a bucket's end, before its counts are taken for complete: 10 s, the longest that a store may take.
  Duration grace() const noexcept { return std::min<Duration>(seconds{10}, bucket); }
  bool operator==(const Pace&) const = default;
};

/// Calls a day (pace.day) as planned, of this phase's share. At least 1; low <= high.
struct Volume {
  int low = 0;
  int high = 0;
  bool operator==(const Volume&) const = default;
};

/// Days of the calendar as planned, 1 is the first of the rollout.
struct Days {
  int first = 1;
  int last = 0;  ///< 0: open end, "29+"
  bool operator==(const Days&) const = default;
};

struct Phase {
  std::string name;  ///< [a-z0-9-]+, unique
  Percent percentage;
  std::vector<std::string> include;  ///< users on new whatever the percentage: a beta phase, outside the evidence
  Duration min_duration{};
  std::optional<Volume> expected_volume;
  std::optional<Days> days;
  Duration watch = hours{24};  ///< from its start: frozen sooner, hourly digest; pace.day if not written
  std::vector<std::string> objectives;
  std::vector<std::string> monitoring_focus;
  std::string keeps;               ///< name of the phase whose conditions are inherited, transitively; empty for none
  std::vector<std::string> drops;  ///< subjects that are not inherited: "customer_complaints"
  /// Own lines first, then the inherited ones that no own line of the same subject replaces. Filled by `resolve`.
  std::vector<Condition> advance_when;
  std::vector<Trigger> roll_back_when;
  int line = 0;
};

struct ChecklistItem {
  std::string id;    ///< [a-z0-9-]+, unique in its list
  std::string text;  ///< the document's words
  /// Ticks itself while this holds; none: a person ticks it.
  std::optional<Condition> ticks_when;
  /// Done by the very change that its list gates (the flag is set, the team is told, the watch begins), so nothing
  /// waits for it.
  bool by_the_change = false;
};

/// `gate` says what waits for it: "start" (pre-rollout), "phase-start" (a flag change), "phase-end" (an advance),
/// "success".
struct Checklist {
  std::string name;
  std::string gate;
  std::vector<ChecklistItem> items;
};

/// The document's four lists with their 33 items: those of a plan that brings none.
std::vector<Checklist> document_checklists();

struct Approvers {
  std::string role;                 ///< "stakeholder"
  std::vector<std::string> tokens;  ///< names of tokens that may approve as it
};

struct Budget {
  std::optional<Money> per_call;
  std::optional<Money> per_phase;
};

/// A condition with its own words: success metrics' targets, the conditions of success, the framework's.
struct Aim {
  std::string text;                    ///< the document's words
  std::string group;                   ///< "technical", "business", "advance", "hold", "roll-back", "success"
  std::optional<Condition> condition;  ///< none: a person's, recorded by name
};

struct Risk {
  std::string name;
  std::string likelihood;
  std::string impact;
  std::vector<std::string> mitigations;    ///< words; "checklist item …" or a condition where one exists
  std::vector<std::string> contingencies;  ///< commands where one exists
};

struct Contact {
  std::string name;
  std::string role;
  std::string phone;
  std::string hours;
  std::string confirmed;  ///< ISO date of the last confirmation
};

/// One line of the communication plan.
struct Announcement {
  std::string what;   ///< "daily update"
  std::string every;  ///< "day", "week", "month", "event"
  std::string to;     ///< "slack #rollout-status", "e-mail stakeholders", "page on-call"
};

/// What people do, step by step; commands where one exists.
struct Procedure {
  std::string name;  ///< "quick-rollback"
  std::vector<std::string> steps;
};

/// A gauge that Prometheus knows: read each minute.
struct CustomMetric {
  std::string name;
  std::string promql;
  bool needed = true;             ///< whether its absence blocks an advance
  bool bigger_is_better = false;  ///< most of what an alert watches is better when it is small
};

struct Plan {
  std::string name;  ///< of the rollout
  std::string flag = "outboundCallsPercentage";
  std::string timezone = "UTC";  ///< IANA; dates and calling days in reports
  std::string unit = "user";     ///< or "contact": what the percentage counts
  Mode mode = Mode::guarded;
  DecideOptions decide;
  Pace pace;
  Budget budget;
  seconds min_talk{10};
  CallKind kind = CallKind::promotional;
  /// Local hours in which quiet may mean missing. Nothing but a day of 24 h has hours: with a shorter one it is always.
  std::array<int, 2> calling_hours{9, 21};
  std::vector<Approvers> approvers;
  std::vector<Phase> phases;  ///< rising percentages
  std::vector<Checklist> checklists;
  std::vector<Aim> aims;
  std::vector<Risk> risks;
  std::vector<Contact> contacts;
  std::vector<Announcement> communication;
  std::vector<Procedure> procedures;
  std::vector<CustomMetric> metrics;
  Duration watch_after = std::chrono::days{14};  ///< at 100 %, before success may be declared
  std::string hash;  ///< SHA-256 of the file's bytes, hex; names the version in every decision
  std::map<std::string, int, std::less<>> lines;  ///< of the file's keys: "phases.week-2.percentage" → 31
};

/// Index of the phase, or nothing.
std::optional<std::size_t> find_phase(const Plan& plan, std::string_view name);
/// Expands `keeps`. Errors name the phase: unknown, later or circular.
Status resolve(Plan& plan);
/// Everything that is wrong, as "line 31: phases.week-2.percentage: … "; empty if the plan can be started. `field` is
/// the key. Call after `resolve`.
std::vector<Error> problems(const Plan& plan);
/// What can be started and is likely not meant: gates that the planned volume hardly ever decides, a rollback that has
/// no line of its own. Of a plan without problems.
std::vector<Error> warnings(const Plan& plan);
/// Of those: conditions that nothing measures in this build (measured.hpp). Each is named once.
std::vector<Error> unmeasured(const Plan& plan);

/// Middle of the planned calls a day (pace.day) on new in this phase; nothing if the plan does not say.
std::optional<double> planned_calls_a_day(const Phase& phase);
/// The companion of a rate criterion: the trigger of the same subject in the same phase, after `resolve`.
const Trigger* companion(const Phase& phase, const Condition& criterion);
/// k of the reading "ladder": how many phases with a percentage above zero come before this one.
std::size_t ladder_step(const Plan& plan, std::size_t phase);
/// The two lines that the evidence of a rate speaks about, as the plan's reading gives them: a pass is evidence beyond
/// `pass`, a rollback beyond `fail` on the other side. No companion: pass is the own line and there is no fail.
struct ReadLines {
  double pass = 0;
  std::optional<double> fail;
};
ReadLines read_lines(const Plan& plan, std::size_t phase, const Condition& criterion);

/// What differs between two versions of a plan, in words, and whether it may be applied while a run lasts.
struct PlanChange {
  std::string key;            ///< "phases.week-2.percentage"
  std::string what;           ///< "phases.week-2.percentage: 10 becomes 15"
  bool moves_users = false;   ///< somebody already exposed would change systems
  bool changes_test = false;  ///< a line, prior or α of the running test would change
};
/// `current`: index of the phase that runs now, in `before`; what only concerns later phases is harmless.
std::vector<PlanChange> compare(const Plan& before, const Plan& after, std::size_t current);

}  // namespace callramp::rollout
