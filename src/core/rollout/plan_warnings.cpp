// What can be started and is likely not meant.
#include <algorithm>
#include <cmath>
#include <set>

#include "core/rollout/measured.hpp"
#include "core/rollout/plan_outlook.hpp"

namespace callramp::rollout {
namespace {

using callramp::to_words;

class Warnings {
 public:
  explicit Warnings(const Plan& plan) : plan_(plan) {}

  std::vector<Error> all() {
    if (!plan_.phases.empty() && plan_.phases.back().percentage.basis_points() < 10'000)
      add("phases", plan_.phases.back().line,
          "the last is '" + plan_.phases.back().name + "' at " + to_string(plan_.phases.back().percentage) +
              " %: the rollout will be complete there; add a phase of 100 % if it shall go on");
    for (std::size_t i = 0; i < plan_.phases.size(); ++i) phase(i);
    unmeasured();
    return std::move(found_);
  }

  std::vector<Error> only_unmeasured() {
    unmeasured();
    return std::move(found_);
  }

 private:
  void add(const std::string& key, int line, const std::string& what) {
    found_.push_back(
        {ErrorCode::invalid_request, (line > 0 ? "line " + std::to_string(line) + ": " : "") + key + ": " + what, key});
  }

  // What a plan asks of sources that this build does not have. A line that is kept by later phases is named once.
  void unmeasured() {
    std::set<std::pair<std::string, int>> named;
    const auto look = [&](const std::string& key, const Condition& condition, const std::string& so) {
      if (!is_measured(plan_, condition) && named.emplace(condition.text, condition.line).second)
        add(key, condition.line, "'" + condition.text + "': nothing measures it in this version of callramp: " + so);
    };
    for (const Phase& phase : plan_.phases) {
      const std::string key = "phases." + phase.name;
      for (const Condition& criterion : phase.advance_when)
        look(key, criterion,
             "it stays no_data and keeps the gate closed; take it out, or have an admin waive it (rollout waive)");
      for (const Trigger& trigger : phase.roll_back_when)
        look(key, trigger.condition, "it never fires; watch it yourself, and roll back by command");
    }
    for (const Checklist& list : plan_.checklists)
      for (const ChecklistItem& item : list.items)
        if (item.ticks_when)
          look(
              "checklists." + list.name + "." + item.id, *item.ticks_when,
              "the item never ticks itself; leave out its ticks_when, and a person ticks it, or have an admin waive '" +
                  list.name + "/" + item.id + "'");
    for (const Aim& aim : plan_.aims)
      if (aim.condition)
        look("targets." + aim.group, *aim.condition, "whether it is met is never known; say it as a person's word");
  }

  void phase(std::size_t index) {
    const Phase& phase = plan_.phases[index];
    const std::string key = "phases." + phase.name;
    if (phase.percentage == Percent{}) return;  // a beta is outside the evidence
    if (!phase.expected_volume)
      add(key, phase.line, "has no expected_volume, so nobody can say how long its gate takes, nor what too quiet is");
    const bool on_its_own = plan_.mode == Mode::automatic;
    if (!on_its_own &&
        std::ranges::none_of(phase.advance_when, [](const Condition& one) { return one.metric == "approved_by"; }))
      add(key, phase.line, "no line approved_by(ROLE), and mode is not automatic: a person must advance by command");
    triggers(phase, key);
    for (const Condition& criterion : phase.advance_when) {
      if (criterion.metric == "stable_for" &&
          criterion.value.number * 1e6 > static_cast<double>(phase.min_duration.count()))
        add(key, criterion.line,
            "'" + criterion.text + "' is longer than min_duration, " + to_words(phase.min_duration) +
                ": the phase takes at least that");
      gate(index, criterion, key);
    }
  }

  void triggers(const Phase& phase, const std::string& key) {
    const auto about = [&](std::string_view what) {
      return std::ranges::find_if(phase.roll_back_when,
                                  [&](const Trigger& one) { return subject(one.condition) == what; });
    };
    const auto p1 = about("open_bugs(P1)");
    if (p1 == phase.roll_back_when.end())
      add(key, phase.line, "no trigger open_bugs(P1) >= 1 => zero: a P1 would block the advance and leave users on it");
    else if (p1->target == Target::previous_phase)
      add(key, p1->condition.line,
          "a P1 leaves the users of the phase before on it; write => zero if that is not meant");
    if (about("call_success_rate") == phase.roll_back_when.end())
      add(key, phase.line, "no trigger on call_success_rate: a bad release is frozen, and taken back by a person only");
  }

  // A gate that is hardly ever settled in time, even by a release far better than its line.
  void gate(std::size_t index, const Condition& criterion, const std::string& key) {
    const auto need = need_of(plan_, index, criterion, 0.10, plan_.decide.phase_cap);
    if (!need || !need->by_then || *need->by_then >= 0.5) return;
    const std::string by =
        std::to_string(static_cast<int>(std::lround(*need->planned))) + " " + std::string(need->observed);
    add(key, criterion.line,
        "'" + criterion.text + "' will hardly be settled: even at a true " +
            to_words(Quantity{std::round(need->assumed * 1000) / 1000, Unit::share}) + " only " +
            std::to_string(static_cast<int>(std::lround(*need->by_then * 100))) +
            " in 100 rollouts pass it within the " + by + " planned until decide.phase_cap" +
            (need->half ? " (half of them need " + std::to_string(*need->half) + ")" : "") +
            "; ask for it in a later phase, or plan for more");
  }

  const Plan& plan_;
  std::vector<Error> found_;
};

}  // namespace

std::vector<Error> warnings(const Plan& plan) { return Warnings(plan).all(); }
std::vector<Error> unmeasured(const Plan& plan) { return Warnings(plan).only_unmeasured(); }

}  // namespace callramp::rollout
