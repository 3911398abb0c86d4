// The state machine of a rollout: what is remembered between two decisions, and what people's commands do to it.
//
// Everything else is computed anew from plan and evidence at every look, so a restart is harmless. All functions are
// pure: they return the next state or an error that says who may and what to do instead.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "core/rollout/plan.hpp"

namespace callramp::rollout {

enum class Stage {
  planned,  ///< a valid plan, not started: its gate "start" is open or not
  running,
  holding,      ///< does not grow: a person's wish, or the flags were changed by hand
  frozen,       ///< does not grow: evidence against it; reversible, pages a person
  rolled_back,  ///< no gating, no advance; its incident is open
  complete,     ///< 100 % passed its phase's gate
  watching,     ///< two weeks at 100 %
  succeeded,    ///< declared
};
std::string_view to_string(Stage stage) noexcept;
Result<Stage> parse_stage(std::string_view text);

/// A verdict that does not go away while the run (a fail) or the phase (a pass) lasts.
struct Latch {
  std::string condition;
  int phase = 0;
  bool failed = false;  ///< else passed
  Instant at{};
  bool operator==(const Latch&) const = default;
};

/// The five items of definitions.md §3 that `resume` needs.
struct IncidentItem {
  std::string name;  ///< communicated, root-cause, fix-plan, re-tested, approved-to-resume
  std::string by;    ///< empty: open
  std::string note;
  Instant at{};
  bool operator==(const IncidentItem&) const = default;
};
struct Incident {
  std::string id;
  Instant opened_at{};
  std::int64_t decision = 0;  ///< that rolled back; set by the store
  std::vector<IncidentItem> items;
  bool operator==(const Incident&) const = default;
};

/// In the order in which an incident is worked through.
inline constexpr std::array<std::string_view, 5> incident_items{"communicated", "root-cause", "fix-plan", "re-tested",
                                                                "approved-to-resume"};

struct PhaseRecord {
  int run = 1;
  int phase = 0;
  Instant started_at{};
  std::optional<Instant> ended_at;
  bool passed = false;
  bool despite_evidence = false;  ///< passed by an admin's order although its gate was closed
  bool operator==(const PhaseRecord&) const = default;
};

struct RolloutState {
  Stage stage = Stage::planned;
  Stage before_hold = Stage::running;  ///< where `resume` from holding or frozen leads back
  std::string stage_reason;            ///< one sentence; rolled back, the cause alone
  Instant stage_since{};
  int run = 0;                ///< 1 with `start`; one more with every resume after a rollback: zero evidence again
  int phase = 0;              ///< index into the plan's phases; of the current or, rolled back, the last one
  Percent percentage;         ///< what the controller wants in force
  bool manual_flags = false;  ///< changed by hand: the controller never raises over it
  Instant run_started_at{};
  Instant phase_started_at{};
  Instant earliest_advance{};  ///< phase start + min_duration + extensions
  Instant watch_until{};
  Instant stable_since{};                   ///< since the last named reset
  std::string stable_reset;                 ///< which: "phase week-2 started"
  std::string unstable;                     ///< a reset that lasts: "no evidence for more than 1 h"; empty if none does
  std::int64_t stable_calls = 0;            ///< whole calls of the run at the reset
  std::int64_t stable_day = 0;              ///< Facts::today at the reset
  std::optional<Instant> last_rollback_at;  ///< a second trigger within 24 h goes to zero
  std::vector<Latch> latches;
  /// Triggers that have fired in this run: rolled back, only others can still fire.
  std::vector<std::string> fired;
  /// Freezes that a person has lifted in this phase, by condition text: they do not come back in it.
  std::vector<std::string> lifted;
  std::vector<PhaseRecord> history;
  std::optional<Incident> incident;
  bool old_decommissioned = false;
  std::string binary;  ///< in force at the last look; a new one resets "stable"
  std::string configuration;
  std::string plan_hash;
  bool operator==(const RolloutState&) const = default;
};

/// Index of the last phase passed in any run whose percentage is below `below`, or nothing: where `previous_phase`
/// leads.
std::optional<int> last_passed(const RolloutState& state, const Plan& plan, Percent below);
/// Where a resume after a rollback starts: the last phase passed whose percentage is not above the one in force, else
/// the first.
int phase_to_resume(const RolloutState& state, const Plan& plan);

enum class CommandKind { start, advance, hold, extend, resume, rollback, complete, declare, decommission_old };
std::string_view to_string(CommandKind kind) noexcept;
Result<CommandKind> parse_command(std::string_view text);

/// A person's order. Safe directions (hold, extend, rollback) need an operator, the others an approver, plans and
/// decommissioning an admin; the caller has checked that. All are recorded with their reason.
struct Command {
  CommandKind kind = CommandKind::hold;
  std::string actor;
  std::string reason;                      ///< never empty
  std::optional<Duration> by;              ///< extend: 3 to 7 days
  Target target = Target::previous_phase;  ///< rollback
  bool despite_evidence = false;           ///< advance although the gate is not open: admin, named in every report
  bool operator==(const Command&) const = default;
};

}  // namespace callramp::rollout
