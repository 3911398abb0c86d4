// The simulated calls are what the truth says, and become evidence when a real one's would.
#include "core/simulation/timeline.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "futures.hpp"

using namespace callramp;
using namespace callramp::simulation;

namespace {

struct Seen {
  rollout::Tally first;
  rollout::Tally first_old;
  rollout::Tally calls;
  std::int64_t latest = 0;  // slots between a bucket and its whole calls
};

Seen watch(const Truth& truth, int days, int phase, History const* history = nullptr) {
  const rollout::Plan plan = two_questions();
  const Calendar calendar{plan, truth};
  Timeline timeline{plan, truth, calendar, history};
  timeline.begin_run(3, 0);
  Seen seen;
  for (std::int64_t slot = calendar.opening(); slot < (days + 4) * calendar.slots_a_day(); ++slot) {
    const bool over = calendar.day(slot) >= days;
    timeline.advance(slot, phase, over ? Percent{} : plan.phases[static_cast<std::size_t>(phase)].percentage);
    if (const rollout::Bucket* first = timeline.first()) {
      seen.first += first->fresh;
      if (first->start < calendar.start(days * calendar.slots_a_day())) seen.first_old += first->old;
    }
    for (const Whole& whole : timeline.calls()) {
      seen.calls += whole.calls.fresh;
      if (whole.calls.fresh.total > 0) seen.latest = std::max(seen.latest, slot - calendar.slot_at(whole.calls.start));
    }
  }
  return seen;
}

// Within four standard deviations.
bool near(std::int64_t hits, std::int64_t of, double share) {
  const auto n = static_cast<double>(of);
  return std::abs(static_cast<double>(hits) - share * n) <= 4 * std::sqrt(n * share * (1 - share)) + 1e-9;
}

}  // namespace

TEST_CASE("calls succeed after retries and connect at first as often as the truth says") {
  const Seen seen = watch(truth_of("success=0.6,old=0.75,retry=0.5,errors=0.02,unknown=0.03"), 28, 2);
  CHECK(seen.calls.total == seen.first.total);
  CHECK(seen.calls.total > 28 * 250);
  CHECK(near(seen.calls.successful(), seen.calls.total, 0.6));
  CHECK(near(seen.first.connected, seen.first.total, 0.6));
  CHECK(near(seen.calls.retried, seen.calls.total, 0.2));
  CHECK(near(seen.calls.retried_successful, seen.calls.retried, 0.5));
  CHECK(near(seen.calls.failed, seen.calls.total, 0.02));
  CHECK(near(seen.first_old.connected, seen.first_old.total + seen.first_old.unknown, 0.75));
  CHECK(near(seen.first_old.unknown, seen.first_old.total + seen.first_old.unknown, 0.03));
  // A quarter of all calls is new's.
  CHECK(near(seen.first.total, seen.first.total + seen.first_old.total + seen.first_old.unknown, 0.25));
}

TEST_CASE("a drop begins with the call that the truth names") {
  const Seen seen = watch(truth_of("success=1,drop=0@1000calls"), 28, 2);
  CHECK(seen.calls.total > 1000);
  CHECK(seen.calls.successful() == 1000);
}

TEST_CASE("a retry of the evening is final in the morning after and later when that is a holiday") {
  const std::int64_t day = 288;
  const Seen seen = watch(truth_of("success=0.6"), 5, 4);
  CHECK(seen.latest > day / 2);
  CHECK(seen.latest < day);
  const Seen holiday = watch(truth_of("success=0.6,holiday=day3"), 5, 4);
  CHECK(holiday.latest > day + day / 2);
  CHECK(holiday.latest < 2 * day);
}

TEST_CASE("nobody is called at night or on a holiday") {
  const rollout::Plan plan = two_questions();
  const Truth truth = truth_of("success=0.6,holiday=day2");
  const Calendar calendar{plan, truth};
  Traffic traffic{plan, truth, calendar, nullptr};
  traffic.begin_run(1, 1);
  Begun begun;
  std::array<std::int64_t, 3> by_day{};
  for (std::int64_t slot = 0; slot < 3 * calendar.slots_a_day(); ++slot) {
    traffic.draw(slot, 4, plan.phases[4].percentage, begun);
    by_day[static_cast<std::size_t>(calendar.day(slot))] += begun.first.fresh.total;
    if (calendar.hour(slot) < 9 || calendar.hour(slot) >= 21) CHECK(begun.first.fresh.total == 0);
  }
  CHECK(by_day[0] > 500);
  CHECK(by_day[1] == 0);
  CHECK(by_day[2] > 500);
}

TEST_CASE("the same seed gives the same days whatever came before them") {
  const rollout::Plan plan = two_questions();
  const Truth truth = truth_of("success=0.6");
  const Calendar calendar{plan, truth};
  Traffic one{plan, truth, calendar, nullptr};
  Traffic other{plan, truth, calendar, nullptr};
  one.begin_run(1, 1);
  other.begin_run(1, 1);
  Begun left;
  Begun right;
  for (std::int64_t slot = 0; slot < 2 * calendar.slots_a_day(); ++slot) {
    const bool second = calendar.day(slot) == 1;
    one.draw(slot, 0, plan.phases[0].percentage, left);
    other.draw(slot, second ? 0 : 3, plan.phases[second ? 0 : 3].percentage, right);
    if (second) CHECK(left.first == right.first);
  }
}

TEST_CASE("users of history and truth call as often as they do, and the percentage is of users") {
  const Truth truth = truth_of("success=0.75,users=2000");
  const rollout::Plan plan = two_questions();
  const Calendar calendar{plan, truth};
  Traffic traffic{plan, truth, calendar, nullptr};
  traffic.begin_run(1, 1);
  CHECK(traffic.users() == 2000);
  CHECK(std::abs(traffic.users_below(plan.phases[2].percentage) - 500) < 80);
  const rollout::AaResult a_a = traffic.a_a(plan.phases[0].percentage);
  CHECK(a_a.run);
  CHECK(a_a.users > 1900);
  CHECK(a_a.design_effect > 1.5);  // calls of one user behave alike
  CHECK(!a_a.alarm);
  Begun begun;
  std::int64_t calls = 0;
  for (std::int64_t slot = 0; slot < 3 * calendar.slots_a_day(); ++slot) {
    traffic.draw(slot, 2, plan.phases[2].percentage, begun);
    CHECK(std::ssize(begun.by_user) == begun.first.fresh.total);
    calls += begun.first.fresh.total;
  }
  CHECK(calls > 0);
}

TEST_CASE("history gives volumes by weekday and hour") {
  History history{.calls = 700, .days = 7};
  history.calls_by_weekday = {0, 1000, 1000, 1000, 1000, 1000, 1000};
  history.share_by_hour[10] = 1;
  history.calls_by_user.assign(5000, 1);
  const rollout::Plan plan = two_questions();
  const Truth truth = truth_of("success=0.75");
  const Calendar calendar{plan, truth};
  Traffic traffic{plan, truth, calendar, &history};
  traffic.begin_run(1, 1);
  Begun begun;
  std::int64_t calls = 0;
  for (std::int64_t slot = 0; slot < 7 * calendar.slots_a_day(); ++slot) {
    traffic.draw(slot, 3, plan.phases[3].percentage, begun);
    const std::int64_t now = begun.first.fresh.total + begun.first.old.total;
    if (calendar.hour(slot) != 10 || calendar.weekday(calendar.day(slot)) == 0) CHECK(now == 0);
    calls += now;
  }
  CHECK(std::abs(static_cast<double>(calls) - 6000) < 4 * std::sqrt(6000.0));
}
