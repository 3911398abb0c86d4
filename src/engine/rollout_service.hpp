// RolloutService: everything that people and other programs may ask of the rollouts, or do to them. The API, the CLI
// behind it and the page know only this; the rollout controller implements it.
//
// The caller has checked that the actor's role may do it at all (definitions.md §4); what depends on the plan (who is a
// stakeholder, what a command needs now) is refused here, with `conflict` or `forbidden` and one sentence. Every act is
// stored with who and why, and published on the live feed as {"kind": "rollout", data {"rollout", "what", "decision"}}
// with what ∈ decision, signature, plan, waiver, incident; a changed item of evidence as {"kind": "evidence", data
// {"kind", "externalId", "status"}}. Names of rollouts, conditions and checklists that do not exist are `not_found`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/rollout/decide.hpp"
#include "ports/admin_store.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::engine {

/// One item of a checklist as it stands in this phase.
struct ChecklistItemView {
  std::string checklist;
  std::string gate;  ///< what waits for it: "start", "phase-start", "phase-end", "success"
  std::string item;
  std::string text;
  bool done = false;
  bool by_itself = false;                        ///< ticks itself while its condition holds; no person may
  std::string why;                               ///< of one that ticks itself: its condition and how it stands
  std::optional<rollout::Signature> signed_off;  ///< of one that a person ticked
};

/// What a rollback did to calls (definitions.md §3).
struct Receipt {
  Percent percentage;       ///< in force since `since`
  Instant since{};          ///< on the last node
  int nodes_confirmed = 0;  ///< that route by it
  int nodes = 0;            ///< alive
  std::optional<Instant> last_new_dial;
  std::int64_t still_talking = 0;     ///< calls on new
  std::optional<Instant> latest_end;  ///< by which the last of them is over
  std::optional<Switching> switched;  ///< whom the change moved; none: it could not be read
  std::string sentence;               ///< "10 % on 3/3 nodes since 02:14:07, last new dial 02:14:06, …"
};

/// "312 users, 14 with an open callback, switch": what a person reads before and after users move.
std::string switching_sentence(const Switching& switching);

/// One rollout as it stands now.
struct RolloutView {
  std::shared_ptr<const rollout::Plan> plan;  ///< shared: immutable, also held by the controller
  rollout::RolloutState state;
  std::optional<rollout::Decision> latest;  ///< the newest stored one: its sentence is *the* sentence everywhere
  rollout::Decision look;                   ///< made from the evidence of this moment and not stored: today's verdicts
  rollout::PhaseFold counts;                ///< of the current phase of this run
  std::shared_ptr<const rollout::Facts> facts;
  std::vector<ChecklistItemView> checklists;
  std::optional<Receipt> receipt;  ///< of the last rollback or drill of this run
};

struct PlanUpload {
  std::string yaml;
  std::string file_name;  ///< as the client calls it, for messages
  std::string reason;     ///< needed where an edit moves users or changes a running test
  bool dry_run = false;   ///< says what would happen and stores nothing
};
struct PlanReply {
  std::string name;
  std::string hash;
  bool created = false;                      ///< the first plan of this name
  bool applied = false;                      ///< in force now
  std::vector<Error> problems;               ///< not empty: no valid plan, nothing is stored
  std::vector<Error> warnings;               ///< conditions that nothing measures in this build
  std::vector<rollout::PlanChange> changes;  ///< against the plan in force
  std::string refusal;                       ///< why valid changes were not applied: a reason is missing; else empty
};
struct DecisionPage {
  std::vector<rollout::Decision> decisions;  ///< newest first
  std::optional<std::int64_t> next;          ///< give it as `before` for the next page; none: that was all
};
struct Explanation {
  rollout::Decision decision;
  bool replayed_equal = false;  ///< decided again from its stored inputs, every figure came out the same, bit for bit
  std::string difference;       ///< if not: the first difference, or why it cannot be replayed
  std::vector<std::string> arithmetic;  ///< line by line, for people
};

/// Who signs what. `note` and `link` may be empty.
struct SignOff {
  std::string rollout;
  std::string note;
  std::string link;
  Actor actor;
};

class RolloutService {
 public:
  virtual ~RolloutService() = default;

  virtual Awaitable<Result<std::vector<RolloutView>>> list() = 0;
  virtual Awaitable<Result<RolloutView>> view(std::string rollout) = 0;

  /// A valid plan with problems, changes or a refusal is a reply, not an error. Errors: conflict (the rollout is over).
  virtual Awaitable<Result<PlanReply>> upload(PlanUpload upload, Actor actor) = 0;
  /// The version in force, or the one with this hash.
  virtual Awaitable<Result<PlanText>> plan(std::string rollout, std::optional<std::string> hash) = 0;

  /// start … decommission_old. The decision that it made, stored and carried out, or why it is refused.
  virtual Awaitable<Result<rollout::Decision>> command(std::string rollout, rollout::Command order, Actor actor) = 0;
  /// The decision that an order would make of the evidence of this moment; nothing is stored or carried out.
  virtual Awaitable<Result<rollout::Decision>> preview(std::string rollout, rollout::Command order, Actor actor) = 0;
  /// Whom a change of the percentage would move, or has just moved.
  virtual Awaitable<Result<Switching>> switching(Percent from, Percent to) = 0;
  /// Sets 0 %, waits for the last dial on new, restores what was, and records the drill as a proof.
  virtual Awaitable<Result<Receipt>> drill(std::string rollout, std::string reason, Actor actor) = 0;
  /// Of a criterion, by its text; conflict for a trigger.
  virtual Awaitable<Result<rollout::Waiver>> waive(std::string rollout, std::string condition, std::string reason,
                                                   Instant until, Actor actor) = 0;

  /// `criterion`: text or subject of an approved_by(…). conflict if `decision` is not the newest one, forbidden if the
  /// actor is not among its approvers.
  virtual Awaitable<Result<rollout::Signature>> approve(SignOff by, std::string criterion, std::int64_t decision) = 0;
  /// `done` false takes a tick back. conflict for an item that ticks itself.
  virtual Awaitable<Result<ChecklistItemView>> check(SignOff by, std::string checklist, std::string item,
                                                     bool done) = 0;
  /// `name` of a confirmed(NAME).
  virtual Awaitable<Result<rollout::Signature>> confirm(SignOff by, std::string name) = 0;
  /// Closes one of the five items of the open incident; conflict if none is open.
  virtual Awaitable<Result<rollout::Incident>> close_incident_item(SignOff by, std::string item) = 0;

  virtual Awaitable<Result<DecisionPage>> decisions(std::string rollout, std::optional<std::int64_t> before,
                                                    int limit) = 0;
  virtual Awaitable<Result<rollout::Decision>> decision(std::string rollout, std::int64_t id) = 0;
  virtual Awaitable<Result<Explanation>> explain(std::string rollout, std::int64_t id) = 0;

  /// False if it was known with the same content, by kind and external id; conflict if with another. not_found: its
  /// call does not exist.
  virtual Awaitable<Result<bool>> add_evidence(ItemReport report) = 0;
  /// The status that it has already changes nothing: machines say it again.
  virtual Awaitable<Result<ItemRecord>> change_evidence(std::string kind, std::string external_id,
                                                        ItemChange change) = 0;
  virtual Awaitable<Result<std::vector<ItemRecord>>> evidence(ItemFilter filter) = 0;  ///< newest event first
};

}  // namespace callramp::engine
