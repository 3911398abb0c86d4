// DemoRollout: the demo's rollout as the terminal follows it: puts the plan, does or names what people have to do,
// shows decisions as they are made, and breaks the new system half-way if asked to.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/demo_person.hpp"
#include "async/executor.hpp"

namespace callramp::app {

struct DemoChoices {
  bool yes = false;        ///< people's acts are done, by the actor "demo"
  bool break_new = false;  ///< the world is swapped in phase week-3
};

/// The example plan as it is, but that "demo" and the owner of the admin token may approve, too.
std::string demo_plan();

/// On one thread, which is none of the executor's.
class DemoRollout {
 public:
  DemoRollout(engine::RolloutService& service, const Executor& executor, DemoChoices choices,
              std::function<void(const std::string&)> print, std::function<Status()> break_world);

  /// Puts the plan. A rollout that an earlier demo began goes on where it stands.
  Status begin();
  /// Looks at most once a second: shows what is new, acts.
  void tick(Instant now);
  /// Calls a second over both systems: fewer where more of them are conversations on this machine.
  double calls_per_second() const;
  /// What was decided, oldest first.
  std::vector<std::string> summary();

 private:
  void show_decision(const engine::RolloutView& view);
  void show_explanation(const rollout::Decision& decision);
  void people(const engine::RolloutView& view, Instant now);
  Status act(const DemoAct& one, const engine::RolloutView& view, Instant now);
  void say(const std::string& text);

  engine::RolloutService& service_;
  const Executor executor_;
  const DemoChoices choices_;
  const std::function<void(const std::string&)> print_;
  const std::function<Status()> break_world_;
  std::optional<Instant> looked_at_;
  std::optional<Instant> stood_at_;
  std::optional<std::int64_t> shown_;  // the newest decision on the terminal
  std::set<std::string> asked_;        // what the terminal has named in this phase and stage
  std::string receipt_;
  std::string complaint_;  // of the last act that was refused
  int phase_ = -1;
  rollout::Stage stage_ = rollout::Stage::planned;
  bool broken_ = false;
  Percent percentage_;
};

}  // namespace callramp::app
