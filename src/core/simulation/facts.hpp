// The facts beside the counted calls that a plan's gates need, in a future where everything that is not named goes
// well: levels on the right side of their lines, people who sign at once, proofs that are fresh; and bugs, complaints,
// outages, slow answers and costs as the truth says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/rollout/decide.hpp"
#include "core/rollout/evidence.hpp"
#include "core/simulation/traffic.hpp"

namespace callramp::simulation {

class FactBook {
 public:
  /// All are borrowed.
  FactBook(const rollout::Plan& plan, const Truth& truth, const Calendar& calendar);

  void begin_run(std::uint64_t seed, std::uint64_t run, const rollout::AaResult& a_a, Instant now);
  /// From here on facts are of this phase.
  void begin_phase(int phase, Percent percentage, Instant now);
  /// The flag as it is now.
  void in_force(Percent percentage) { facts_.percentage = percentage; }
  /// What begins in a slot of the calling hours, calls or none: they cost, ask, and may be complained about.
  void begun(const Begun& begun, std::int64_t slot);
  /// Whole calls of a bucket are known.
  void closed(const rollout::Bucket& calls, const std::vector<UserCall>& by_user);
  /// Calls that are open too long; negative when they are final.
  void pending(std::int64_t calls, int phase);
  /// Up to the end of the slot; before a look at `now`.
  void advance_to(std::int64_t slot, Instant now);
  /// Everybody signs everything that the phase asks of people.
  void sign(Instant now, const std::string& standing);

  const rollout::Facts& facts() const noexcept { return facts_; }

 private:
  struct Times {
    rollout::Exceedances* counted;
    std::size_t bounds_over;  ///< a slow request is over the first so many bounds
    bool requests;            ///< the truth speaks of them
  };
  struct Reports {  ///< a Poisson process of items
    std::string_view kind;
    std::string_view severity;
    double slots_between;  ///< on average; 0: never
    double next = 0;
  };
  void learn(const rollout::Condition& condition, bool must_hold);
  void learn_phase(const rollout::Phase& phase);
  void learn_gauge(const rollout::Condition& condition, bool must_hold);
  void learn_times(const rollout::Condition& condition, bool must_hold);
  void learn_proof(const rollout::Condition& condition);
  void add_item(std::string_view kind, std::string_view severity, double value, double slot);
  void reports_until(double end);
  void samples_until(double end);
  void uptime_at(Instant now);
  std::int64_t day_of(Instant at) const;  ///< as production numbers the days of costs

  const rollout::Plan& plan_;
  const Truth& truth_;
  const Calendar& calendar_;
  rollout::Facts always_;                   ///< what holds at the start of every run
  std::vector<rollout::Condition> people_;  ///< what they sign
  std::int64_t cost_micros_ = 0;            ///< of a call
  std::vector<char> scored_;                ///< by phase: whether a criterion reads satisfaction
  double slots_a_week_ = 0;

  rollout::Facts facts_;
  SeededRandom random_{0};
  std::vector<rollout::Gauge*> gauges_;
  std::vector<Times> times_;
  std::vector<Reports> reports_;
  std::vector<std::array<Instant, 2>> down_;
  std::vector<std::array<std::int32_t, 2>> users_;  ///< of the phase: good, calls
  int phase_ = 0;
  Instant run_started_{};
  Instant phase_started_{};
  double sampled_until_ = 0;  ///< slots
  double labels_due_ = 0;
  double scores_due_ = 0;
  std::int64_t items_ = 0;
};

}  // namespace callramp::simulation
