// Traffic: the calls of both systems in a simulated future, bucket by bucket, with the times at which their outcomes
// are known.
//
// Calls arrive as a Poisson process in the plan's calling hours; a day's volume is uniform in what the plan expects of
// the phase, and old has the rest. A call of new is successful at its first attempt, ends without one, or is dialed
// again by the retry policy and is final minutes, or a night, later. Failures end sooner than successes. The same seed
// gives the same days whatever the rollout decides, as long as it stands at the same percentage.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/rollout/evidence.hpp"
#include "core/rollout/plan.hpp"
#include "core/simulation/draw.hpp"
#include "core/simulation/truth.hpp"

namespace callramp::simulation {

/// What old's records say of the traffic, instead of the plan's expected volumes.
struct History {
  std::array<double, 7> calls_by_weekday{};  ///< mean of a day, both systems together; Sunday first
  std::array<double, 24> share_by_hour{};    ///< sums to 1
  std::vector<double> calls_by_user;         ///< one entry a user
  std::int64_t calls = 0;
  std::int64_t days = 0;        ///< from the first to the last call
  std::int64_t known = 0;       ///< calls with an outcome
  std::int64_t successful = 0;  ///< completed or voicemail left
  std::int64_t connected = 0;
};

/// Time of a simulation: spans as long as the plan's bucket, counted from the local midnight before the first day.
class Calendar {
 public:
  Calendar(const rollout::Plan& plan, const Truth& truth);

  std::int64_t slots_a_day() const noexcept { return slots_a_day_; }
  std::int64_t day(std::int64_t slot) const noexcept { return slot / slots_a_day_; }  ///< 0 is the first
  std::int64_t opening() const noexcept { return opens_; }                            ///< slot of the first day
  std::int64_t calling_slots() const noexcept { return closes_ - opens_; }            ///< of a day
  /// By the plan's hours; a holiday is no exception to them, only to the calls.
  bool in_hours(std::int64_t slot) const noexcept;
  bool calls_in(std::int64_t slot) const noexcept { return in_hours(slot) && !holiday(day(slot)); }
  bool holiday(std::int64_t day) const noexcept;
  int weekday(std::int64_t day) const noexcept { return static_cast<int>((day + 1) % 7); }  ///< day 0 is a Monday
  int hour(std::int64_t slot) const noexcept;  ///< of 24, in which the slot starts
  Instant start(std::int64_t slot) const noexcept;
  /// When production reads what a slot's end has closed.
  Instant look(std::int64_t slot) const noexcept { return start(slot + 1) + grace_; }
  std::int64_t slot_at(Instant at) const noexcept { return (at - start(0)) / length_; }
  Duration slot_length() const noexcept { return length_; }
  /// When a call that is due may be dialed: then, or when calls are next made. In slots.
  double next_dial(double due) const noexcept;
  /// Of what a call's parts take, written for a day of 24 h, the length in slots.
  double slots(double minutes) const noexcept { return minutes * static_cast<double>(slots_a_day_) / (24.0 * 60); }

 private:
  Duration length_;
  Duration grace_;
  std::int64_t slots_a_day_;
  std::int64_t opens_;
  std::int64_t closes_;
  std::vector<int> holidays_;  ///< 0 is the first day
};

/// One call of new by a known user, final with its bucket.
struct UserCall {
  std::uint32_t user = 0;
  bool good = false;
};

/// The calls that begin in one bucket.
struct Begun {
  rollout::Bucket first;  ///< first attempts of both systems
  rollout::Bucket calls;  ///< whole calls
  double final_at = 0;    ///< in slots: when the last of new's calls is final; 0 without one
  std::vector<UserCall> by_user;
  std::int64_t slow = 0;  ///< requests, of calls.fresh.total
};

class Traffic {
 public:
  /// `history` may be null; all are borrowed. The plan has a volume in at least one phase, or there is a history.
  Traffic(const rollout::Plan& plan, const Truth& truth, const Calendar& calendar, const History* history);

  void begin_run(std::uint64_t seed, std::uint64_t run);
  /// Slots must come in order. `begun` is overwritten.
  void draw(std::int64_t slot, int phase, Percent percentage, Begun& begun);

  std::int64_t calls_of_new() const noexcept { return calls_; }  ///< of the run so far
  int users() const noexcept { return static_cast<int>(weights_.size()); }
  int users_below(Percent percentage) const;
  /// The users' old calls before the rollout, split as the first phase will split them.
  rollout::AaResult a_a(Percent first);

 private:
  // How calls at one rate of success fall out.
  struct Shape {
    double first_success = 0;    // successful at the first attempt
    double plain = 0;            // neither successful nor dialed again
    double plain_connected = 0;  // of those, share that was connected
    double plain_failed = 0;     // of those, share that failed
  };
  struct Hour {
    double fresh = 0;  // calls a slot
    double old = 0;
    double success_off = 0;  // from the day's mean, on both systems
  };
  void begin_day(std::int64_t day);
  void set_rates(std::int64_t slot, int phase, Percent percentage);
  Shape shape(double success) const;
  double success_now() const;
  void one_call(const Shape& shape, double begins, Begun& begun, bool* good);
  double after_retries(double begins, bool success);
  void draw_users(std::int64_t slot, Percent percentage, Begun& begun);

  const rollout::Plan& plan_;
  const Truth& truth_;
  const Calendar& calendar_;
  const History* history_;
  std::vector<rollout::Volume> full_;  ///< by phase: calls a day of both systems together
  std::vector<double> weights_;        ///< by user; empty: calls are independent
  Alias users_;

  std::uint64_t seed_ = 0;
  std::uint64_t run_ = 0;
  std::int64_t calls_ = 0;
  SeededRandom random_{0};
  std::int64_t day_ = -1;
  double day_share_ = 0;  ///< where in the expected volume the day lies
  std::vector<double> position_;
  std::vector<double> user_rate_;  ///< on old

  // What the tables below were made for.
  double fresh_rate_ = -1;
  double old_rate_ = -1;
  double success_off_ = 0;
  Poisson fresh_;
  Poisson old_connected_;
  Poisson old_plain_;
  Poisson old_failed_;
  Poisson old_unknown_;
  Shape before_drop_;
  Shape after_drop_;
};

}  // namespace callramp::simulation
