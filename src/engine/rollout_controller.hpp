// RolloutController: looks at every rollout by the clock and on events, decides by core/rollout, stores what is news
// and carries it out. The one place where a rollout's flag is written.
//
// A decision, the state after it and the flag that it sets are one transaction under the decider's epoch. What comes
// after it (publication to the routing board, the receipt) is repeated by whoever finds it undone: nothing that lives
// here between two looks is more than a copy of what the store has.
//
// All work happens on one executor, one act at a time; the methods may be called from any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/alarm.hpp"
#include "async/task_scope.hpp"
#include "engine/evidence_collector.hpp"
#include "engine/flag_service.hpp"
#include "engine/rollout_service.hpp"

namespace callramp::engine {

struct ControllerConfig {
  NodeId holder;                      ///< of the lease
  std::string version;                ///< of the program, for proofs
  Duration look_every = seconds{10};  ///< at least
  Duration lease = seconds{30};       ///< longer than look_every
};

/// What floors above know.
struct ControllerTools {
  /// The plan, resolved, with its hash; and everything that is wrong with it.
  std::function<std::pair<rollout::Plan, std::vector<Error>>(std::string_view yaml)> read_plan;
  /// A plan came into force: its own metrics are read, its buckets counted. May be empty.
  std::function<void(const rollout::Plan&)> in_force;
  /// Called between the steps of deciding and applying, with the name of what was just done; a test stops the program
  /// there. May be empty.
  std::function<void(std::string_view)> step_done;
};

class RolloutController final : public RolloutService {
 public:
  RolloutController(const Executor& executor, ControllerConfig config, ControllerTools tools, RolloutStore& store,
                    FlagService& flags, FlagStore& flag_store, EvidenceCollector& collector,
                    const PhoneDirectory& phones, async::Clock& clock, Log& log, Metrics& metrics, EventFeed& feed);
  ~RolloutController() override;

  /// Looks until cancelled.
  Awaitable<void> run();
  /// Something happened that may change a decision: look now. Any thread.
  void wake();

  Awaitable<Result<std::vector<RolloutView>>> list() override;
  Awaitable<Result<RolloutView>> view(std::string rollout) override;
  Awaitable<Result<PlanReply>> upload(PlanUpload upload, Actor actor) override;
  Awaitable<Result<PlanText>> plan(std::string rollout, std::optional<std::string> hash) override;
  Awaitable<Result<rollout::Decision>> command(std::string rollout, rollout::Command order, Actor actor) override;
  Awaitable<Result<rollout::Decision>> preview(std::string rollout, rollout::Command order, Actor actor) override;
  Awaitable<Result<Switching>> switching(Percent from, Percent to) override;
  Awaitable<Result<Receipt>> drill(std::string rollout, std::string reason, Actor actor) override;
  Awaitable<Result<rollout::Waiver>> waive(std::string rollout, std::string condition, std::string reason,
                                           Instant until, Actor actor) override;
  Awaitable<Result<rollout::Signature>> approve(SignOff by, std::string criterion, std::int64_t decision) override;
  Awaitable<Result<ChecklistItemView>> check(SignOff by, std::string checklist, std::string item, bool done) override;
  Awaitable<Result<rollout::Signature>> confirm(SignOff by, std::string name) override;
  Awaitable<Result<rollout::Incident>> close_incident_item(SignOff by, std::string item) override;
  Awaitable<Result<DecisionPage>> decisions(std::string rollout, std::optional<std::int64_t> before,
                                            int limit) override;
  Awaitable<Result<rollout::Decision>> decision(std::string rollout, std::int64_t id) override;
  Awaitable<Result<Explanation>> explain(std::string rollout, std::int64_t id) override;
  Awaitable<Result<bool>> add_evidence(ItemReport report) override;
  Awaitable<Result<ItemRecord>> change_evidence(std::string kind, std::string external_id, ItemChange change) override;
  Awaitable<Result<std::vector<ItemRecord>>> evidence(ItemFilter filter) override;

 private:
  struct Course;  // a rollout as far as it is known here
  struct Scene;   // a course with the evidence of this moment

  // rollout_controller.cpp: looking, storing, carrying out.
  Awaitable<void> look_at_all();
  Awaitable<void> look_at(std::string name);
  Awaitable<Status> hold_lease();
  Awaitable<Status> see_through();
  Awaitable<Result<Course*>> course(std::string name);
  Awaitable<Status> use_plan(Course& course, std::string hash);
  Awaitable<void> close_buckets(Course& course, Instant now);
  Awaitable<Result<Scene>> scene(std::string name);
  Awaitable<Result<rollout::Decision>> store(Scene& scene, rollout::Decision decision,
                                             std::optional<rollout::Command> order,
                                             std::optional<FlagPatch> flags = std::nullopt);
  Awaitable<Result<Receipt>> carry_out(const StoredDecision& stored, const rollout::Plan& plan);
  Awaitable<void> keep_pins(const Course& course);
  Awaitable<void> finish_drill(Course& course);
  Awaitable<Result<rollout::Decision>> restore(Course& course, std::string actor, std::string reason);
  void show(const Course& course, const rollout::RunSums& sums, const rollout::Decision& decision,
            const rollout::Facts& facts);
  void tell(std::string_view rollout, std::string_view what, std::int64_t decision);
  void step(std::string_view done) {
    if (tools_.step_done) tools_.step_done(done);
  }

  // rollout_orders.cpp: what people do.
  Awaitable<Result<rollout::Decision>> obey(std::string rollout, rollout::Command order, Actor actor);
  Awaitable<Result<rollout::Decision>> do_preview(std::string rollout, rollout::Command order, Actor actor);
  Awaitable<Result<Receipt>> do_drill(std::string rollout, std::string reason, Actor actor);
  Awaitable<Result<rollout::Waiver>> do_waive(std::string rollout, rollout::Waiver waiver);
  Awaitable<Result<rollout::Signature>> do_approve(SignOff by, std::string criterion, std::int64_t decision);
  Awaitable<Result<ChecklistItemView>> do_check(SignOff by, std::string checklist, std::string item, bool done);
  Awaitable<Result<rollout::Signature>> do_confirm(SignOff by, std::string name);
  Awaitable<Result<rollout::Incident>> do_close_item(SignOff by, std::string item);
  Awaitable<Result<rollout::Signature>> sign(Scene& scene, SignOff by, std::string subject, std::int64_t decision,
                                             std::string standing);

  // rollout_answers.cpp: what people ask.
  Awaitable<Result<std::vector<RolloutView>>> all_views();
  Awaitable<Result<RolloutView>> one_view(std::string rollout);
  Awaitable<Result<PlanReply>> do_upload(PlanUpload upload, Actor actor);
  Awaitable<Result<PlanReply>> change_plan(PlanReply reply, PlanUpload upload, rollout::Plan plan, Actor actor);
  Awaitable<Result<Explanation>> do_explain(std::string rollout, std::int64_t id);

  /// Runs `task` on the controller's executor, alone, and to its end whatever becomes of who asked.
  template <class T>
  Awaitable<T> here(Awaitable<T> task) {
    co_return co_await async::run_on(executor_, alone(std::move(task)));
  }
  template <class T>
  Awaitable<T> alone(Awaitable<T> task) {
    while (busy_) co_await freed_.wait();
    busy_ = true;
    const Turn turn{*this};
    co_return co_await std::move(task);
  }
  struct Turn {
    RolloutController& of;
    ~Turn() {
      of.busy_ = false;
      of.freed_.notify();
    }
  };

  Executor executor_;
  ControllerConfig config_;
  ControllerTools tools_;
  RolloutStore& store_;
  FlagService& flags_;
  FlagStore& flag_store_;
  EvidenceCollector& collector_;
  const PhoneDirectory& phones_;
  async::Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  EventFeed& feed_;

  async::Alarm alarm_;
  async::Signal freed_;
  bool busy_ = false;
  std::optional<DeciderLease> lease_;
  bool seen_through_ = false;  // under this lease
  std::map<std::string, std::unique_ptr<Course>> courses_;
};

}  // namespace callramp::engine
