// decide: the one place where a rollout's fate is decided. Plan, state, evidence and time go in, a decision comes out
// that explains itself; nothing is read, written or called. Production, simulation, `explain` and the tests use this
// code.
//
// docs/decisions.md tells the mathematics and the promises.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/rollout/evidence.hpp"
#include "core/rollout/metric.hpp"
#include "core/rollout/plan.hpp"
#include "core/rollout/state.hpp"

namespace callramp::rollout {

enum class Verdict {
  pass,
  fail,
  undecided,       ///< evidence exists and does not settle it
  no_data,         ///< the source is missing or stale; never a pass
  not_applicable,  ///< cannot exist here; gates nothing
  waived,          ///< by an admin, with reason and end; gates nothing, shown everywhere
};
std::string_view to_string(Verdict verdict) noexcept;

/// How many more observations until it settles, at what has been seen (docs/decisions.md: a band, never one number).
struct Forecast {
  std::int64_t q10 = 0;
  std::int64_t q50 = 0;  ///< -1: less than half of such cases settle within the horizon
  std::int64_t q90 = 0;
  double p_never = 1;  ///< within the horizon
  std::int64_t horizon = 0;
};

/// One condition looked at. Which fields mean something depends on `kind`; unused ones keep their defaults.
struct Judgement {
  Condition condition;
  Kind kind = Kind::rate;
  bool is_trigger = false;
  Target target = Target::previous_phase;
  Verdict verdict = Verdict::no_data;
  std::string reason;  ///< one sentence with the figures, for people
  // rate, versus, mean, events
  double good = 0, bad = 0;             ///< as seen, before the design effect
  double estimate = 0, lo = 0, hi = 1;  ///< always-valid interval
  double line_pass = 0, line_fail = 0;  ///< the hypotheses' boundaries as the plan's reading gives them
  double log_e_pass = 0, log_e_fail = 0;
  double need_pass = 0, need_fail = 0;  ///< natural logs
  double design_effect = 1;
  std::optional<Forecast> forecast;
  // budget, latch, gauge
  double used = 0, allowed = 0;
  // person, clock, proof
  std::optional<Instant> since, until;
  bool freezes = false;  ///< its evidence crossed the freeze line
};

enum class Action { advance, hold, freeze, roll_back, complete };
std::string_view to_string(Action action) noexcept;

struct Decision {
  std::int64_t id = 0;  ///< set by the store
  Instant at{};
  std::string rollout;
  int run = 0;
  int phase = 0;
  Action action = Action::hold;
  std::string
      rule;  ///< stable id of the rule that decided: "trigger.latch", "freeze.drift", "gate.open", "command.rollback"
  std::string sentence;  ///< plain words; the same in API, CLI, page, messages and audit
  std::vector<std::string> would_change_it;
  std::string who_may_override;
  bool recommended_only = false;  ///< mode manual, or an advance that waits for approval
  std::string actor = "rollout";  ///< a token's name where a person commanded
  std::string person_reason;
  RolloutState before;
  RolloutState after;
  Percent from;
  Percent to;
  std::vector<Judgement> criteria;
  std::vector<Judgement> triggers;
  double rollback_log_e = 0;  ///< weighted mean over the rates against their lines
  double rollback_need = 0;
  std::string plan_hash;
  std::int64_t flag_version = 0;  ///< that it was made against
};

/// Looks once. The decision is "hold, nothing changed" most of the time; `is_news` says whether it is worth a row.
Decision decide(const Plan& plan, const RolloutState& state, const Evidence& evidence, Instant now);
/// A person's order against the same evidence: the decision it makes, or why it is refused.
Result<Decision> command(const Plan& plan, const RolloutState& state, const Evidence& evidence, const Command& order,
                         Instant now);
/// Whether the decision changes state, action, rule or a verdict against the last stored one.
bool is_news(const Decision& last, const Decision& next);

/// The same arithmetic without plan and rollout: `callramp rollout what-if`.
struct WhatIf {
  Condition condition;
  std::int64_t good = 0;
  std::int64_t bad = 0;
  double alpha = 0.05;
  std::optional<double> line;  ///< for both directions; else the condition's own value
  int prior_n = 150;
};
Judgement what_if(const WhatIf& question);

}  // namespace callramp::rollout
