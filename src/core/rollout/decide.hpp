// decide: the one place where a rollout's fate is decided. Plan, state, evidence and time go in, a decision comes out
// that explains itself; nothing is read, written or called. Production, simulation, `explain` and the tests use this
// code.
//
// docs/decisions.md tells the mathematics and the promises.
#pragma once

#include <cstdint>
#include <memory>
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
  double p_never = 1;        ///< within the horizon
  std::int64_t horizon = 0;  ///< what the phase has left, by the plan's volume
  std::int64_t needs =
      0;  ///< how many good ones a pass would need among as many as there are now; -1: not yet possible
  std::int64_t fewest = 0;  ///< more ones until a pass if all of them are good; -1: not within the horizon
  bool operator==(const Forecast&) const = default;
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
  bool freezes = false;   ///< its evidence crossed the freeze line
  bool fires = false;     ///< a trigger: it leads to its target now
  bool built_in = false;  ///< not written in the plan: holds for every rollout
  bool operator==(const Judgement&) const = default;
};

enum class Action { hold, advance, freeze, roll_back, complete };
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
  bool operator==(const Decision&) const = default;
};

/// What a look found, in numbers only: one for each condition of the phase, in the order of Decision's lists.
struct Finding {
  Verdict verdict = Verdict::no_data;
  std::uint8_t why = 0;  ///< explain.cpp's business
  bool freezes = false;
  bool fires = false;
  bool latches = false;  ///< its verdict has to be remembered from now on
  double good = 0;       ///< counts, or a reading in `used`
  double bad = 0;
  double used = 0;
  double allowed = 0;
  std::optional<Instant> since, until;
};

/// The rules by which a look ends, strongest first.
enum class Rule : std::uint8_t {
  trigger,         ///< a count, a level: "trigger.latch"
  trigger_rate,    ///< evidence of rates against their lines: "trigger.rate"
  trigger_versus,  ///< new is proven worse than old
  trigger_drift,   ///< the rate fell within the run
  freeze_rate,
  freeze_versus,
  freeze_drift,
  freeze_evidence,  ///< the pipeline is dead
  freeze_share,     ///< new's share of calls is not what was asked
  freeze_complaint,
  freeze_outage,
  manual_flags,
  phase_cap,
  gate_open,
  watch_begins,
  hold,  ///< nothing to do
};
std::string_view to_string(Rule rule) noexcept;  ///< "trigger.rate": stable

struct Look {
  std::vector<Finding> criteria;
  std::vector<Finding> triggers;
  Action action{};
  Rule rule = Rule::hold;
  int by = -1;                    ///< index of the trigger or criterion that decided; -1: none
  bool to_zero = false;           ///< of a rollback
  bool news = false;              ///< the state changes, or a person is asked for something: `decide` tells it
  bool waits_for_people = false;  ///< nothing but approvals, confirmations and checklists keeps the gate closed
  double design_effect = 1;
  double rollback_log_e = 0;  ///< 0 while it is certain that it lies below the need
  std::string_view unstable;  ///< a reset of "stable" that lasts now
};

struct CompiledPlan;

/// A plan made ready to judge by. Looks are cheap (a few microseconds, no allocation): the simulation looks at every
/// bucket, production every second; both tell a decision in words only when there is news. Not thread-safe: it keeps
/// its last look. The plan must be resolved and is borrowed.
class Judge {
 public:
  explicit Judge(const Plan& plan);
  ~Judge();
  Judge(Judge&&) noexcept;
  Judge& operator=(Judge&&) noexcept;

  const Plan& plan() const noexcept;
  /// Valid until the next look.
  const Look& look(const RolloutState& state, const Evidence& evidence, Instant now);
  /// Looks, and tells: the same verdicts in words, and the state after. With forecasts it takes milliseconds.
  Decision decide(const RolloutState& state, const Evidence& evidence, Instant now);
  /// The state that `decide` would leave, without its words: microseconds, for simulations.
  RolloutState after(const RolloutState& state, const Evidence& evidence, Instant now);
  /// A person's order against the same evidence: the decision it makes, or why it is refused.
  Result<Decision> command(const RolloutState& state, const Evidence& evidence, const Command& order, Instant now);
  /// What a signature given now stands on: another verdict, item, binary, configuration or plan makes it stale.
  std::string standing(const RolloutState& state, const Evidence& evidence, Instant now);
  /// By checklist of the plan and by its items: whether it is done, ticked by a person, by itself or waived.
  std::vector<std::vector<bool>> items_done(const RolloutState& state, const Evidence& evidence, Instant now);
  /// The gate that waits for checklists before a start, and the conditions of success afterwards, are looked at by
  /// `look` in the stages planned and watching. Texts of what `look` lists, in its order.
  std::vector<std::string> criteria(const RolloutState& state) const;
  std::vector<std::string> triggers(const RolloutState& state) const;

 private:
  std::unique_ptr<CompiledPlan> compiled_;
};

/// With a Judge for this one decision.
Decision decide(const Plan& plan, const RolloutState& state, const Evidence& evidence, Instant now);
Result<Decision> command(const Plan& plan, const RolloutState& state, const Evidence& evidence, const Command& order,
                         Instant now);
/// Whether the decision changes state, action, rule or a verdict against the last stored one.
bool is_news(const Decision& last, const Decision& next);
/// The state of a plan that was never started.
RolloutState planned(const Plan& plan, Instant now);

/// The same arithmetic without plan and rollout: `callramp rollout what-if`.
struct WhatIf {
  Condition condition;  ///< of a rate
  std::int64_t good = 0;
  std::int64_t bad = 0;
  double alpha = 0.05;
  std::optional<double> line;  ///< for both directions; else the condition's own value
  int prior_n = 150;
};
Judgement what_if(const WhatIf& question);

}  // namespace callramp::rollout
