// Simulator: plays a plan to its end in a stated future, by production's own decision code or by the rules that are
// usual elsewhere, on the same calls.
//
// Pure: randomness comes from a seed and time from a calendar, so a run is the same on every machine and in any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/rollout/decide.hpp"
#include "core/simulation/facts.hpp"
#include "core/simulation/naive.hpp"
#include "core/simulation/timeline.hpp"

namespace callramp::simulation {

struct RunResult {
  bool rolled_back = false;
  bool reached_full = false;
  bool froze = false;
  int gates_passed = 0;
  std::string_view by;                 ///< rule of the rollback, stable id; empty without one
  std::int64_t calls_to_rollback = 0;  ///< of new, in evidence when it was decided
  std::int64_t people_exposed = 0;     ///< called by new until then, in evidence or not
  double days_to_full = 0;             ///< of the calendar
  int resets = 0;                      ///< of "stable", other than by the start of a phase
  int slowest_phase = -1;              ///< whose gate was closed longest after its minimum duration
  int slowest_criterion = -1;          ///< of that phase's list: the last to hold it
  Duration slowest{};
};

struct DiaryEntry {
  Instant at{};
  std::string sentence;
};

/// What a run's decisions were made from, for a comparison with the service that counts real calls.
struct Record {
  struct Closing {
    Instant at{};  ///< when the bucket was read
    rollout::Bucket bucket;
  };
  std::vector<Closing> first;  ///< in order
  std::vector<Closing> calls;
  std::vector<Instant> looks;           ///< when evidence was looked at
  std::vector<rollout::Decision> told;  ///< every decision that changed something, a person's included, with its words
  rollout::Facts facts;                 ///< at the end
  rollout::RolloutState state;          ///< before the last decision
  rollout::Decision decision;           ///< at the end, with its words
};

struct Setup {
  std::optional<NaiveRule> naive;    ///< none: our rule
  const History* history = nullptr;  ///< borrowed
};

class Simulator {
 public:
  /// All are borrowed; the plan is resolved and without problems. The error says what the plan lacks to be simulated.
  static Result<Simulator> create(const rollout::Plan& plan, const Truth& truth, const Setup& setup);

  /// `diary`: what was decided, in its words, if wanted.
  RunResult run(std::uint64_t seed, std::uint64_t number, std::vector<DiaryEntry>* diary = nullptr);
  /// Our rule's run until the end of that day (1 is the first) or of the run.
  Record record(std::uint64_t seed, std::uint64_t number, int day);
  /// Text of what RunResult's slowest_… name.
  std::string criterion(int phase, int index) const;

 private:
  struct Outlet {
    std::vector<DiaryEntry>* diary = nullptr;
    Record* record = nullptr;
    std::int64_t until = std::numeric_limits<std::int64_t>::max();  ///< last slot

    bool wants_words() const noexcept { return diary != nullptr || record != nullptr; }
    void tell(const rollout::Decision& decision) const;
  };
  struct NaiveLines {
    double advance = 0;
    double roll_back = 0;
  };
  Simulator(const rollout::Plan& plan, const Truth& truth, const Setup& setup);
  Status start();
  Status find_lines();
  void begin_run(std::uint64_t seed, std::uint64_t number);
  RunResult run_ours(std::uint64_t seed, std::uint64_t number, const Outlet& outlet);
  RunResult run_naive(std::uint64_t seed, std::uint64_t number, std::vector<DiaryEntry>* diary);
  void note_users();
  bool take_evidence(Instant now, Record* record);
  void look(Instant now, const Outlet& outlet, RunResult& result);
  void step(Instant now, rollout::Rule rule, const Outlet& outlet, RunResult& result);
  void lift_freeze(Instant now, const Outlet& outlet);
  void note_blocker(const rollout::Look& look);
  void close_gate(Instant now, int phase, RunResult& result) const;
  bool over(Instant now) const;
  std::int64_t exposed() const;

  const rollout::Plan* plan_;
  Setup setup_;
  std::unique_ptr<Calendar> calendar_;  // on the heap: the parts below point at it, and a Simulator moves
  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<FactBook> facts_;
  std::optional<rollout::Judge> judge_;
  std::optional<NaiveWindow> window_;
  rollout::RolloutState started_;            ///< the state right after the order to start
  std::vector<std::vector<char>> measured_;  ///< by phase and criterion: not a person's
  std::vector<NaiveLines> lines_;            ///< by phase

  // Of the run.
  std::optional<rollout::RunFold> fold_;
  rollout::RolloutState state_;
  int blocker_ = -1;
  Instant earliest_{};      ///< of the phase looked at last: when its gate may open
  std::vector<char> seen_;  ///< users called by new
  std::int64_t users_seen_ = 0;
};

}  // namespace callramp::simulation
