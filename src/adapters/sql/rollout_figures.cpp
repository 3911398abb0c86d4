// Sums over the calls themselves: by user, whose calls behave alike, and by day, which cost money.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "adapters/sql/figure_sums.hpp"
#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {
namespace {

UserTally read_tally(Row& row) {
  return UserTally{.user = row.id<UserId>(), .calls = row.number(), .good = row.number(), .connected = row.number()};
}

std::vector<UserTally> tallies_of(Db& db, System system, Instant from, Instant to) {
  // Connected as new-against-old compares it: at the first attempt, without the unknown and those pinned by name.
  return db.all(
      "select user_id, count(*), cast(sum(good) as bigint), cast(sum(connected) as bigint) from (select "
      "calls.user_id, case when calls.outcome in ('completed', 'voicemail_left') then 1 else 0 end as good, "
      "attempts.connected as connected from calls join attempts on call_id = calls.id and first_dial = 1 and "
      "attempts.outcome not in ('cancelled', 'unknown') where first_attempt_at >= :from and first_attempt_at < :to and "
      "calls.system = :system and final_at is not null and calls.outcome <> 'cancelled' and test = 0 and crossed = 0 "
      "and route_reason not in ('pinned', 'included') union all select user_id, case when outcome in ('completed', "
      "'voicemail_left') then 1 else 0 end, case when outcome not in ('no_answer', 'busy', 'rejected', "
      "'invalid_number', 'expired') and duration_s >= 10 then 1 else 0 end from reported_outcomes where started_at >= "
      ":from2 and started_at < :to2 and system = :system2 and outcome not in ('cancelled', 'unknown')) as one group by "
      "user_id order by user_id",
      "tnnn", {from, to, to_string(system), from, to, to_string(system)}, read_tally);
}

Adoption adoption_of(Db& db, Instant now) {
  RoutingState routing{.flags = read_flags(db), .pins = {}};
  for (Pin& pin : read_pins(db)) {
    std::string user = pin.user.str();
    routing.pins.insert_or_assign(std::move(user), std::move(pin));
  }
  Adoption adoption;
  db.select(
      "select user_id, max(case when system = 'new-system' then 1 else 0 end) from calls where first_attempt_at >= "
      ":from and test = 0 group by user_id",
      "tn", {now - hours{7 * 24}}, [&](Row& row) {
        const std::string user = row.text();
        if (row.flag()) ++adoption.users_on_new;
        if (route(routing, user, now).system == System::new_system) ++adoption.users_routable;
      });
  return adoption;
}

Switching switching_of(Db& db, Percent from, Percent to, Instant now) {
  const auto [low, high] = std::minmax({from.basis_points(), to.basis_points()});
  std::set<std::string> pinned;
  for (const Pin& pin : read_pins(db))
    if (!pin.until || *pin.until > now) pinned.insert(pin.user.str());
  Switching switching;
  db.select(
      "select user_id, max(open) from (select distinct user_id, 0 as open from calls where first_attempt_at >= :from "
      "union all select user_id, 1 from calls where status in ('scheduled', 'queued', 'dialing', 'ringing', "
      "'in_progress') and test = 0) as one group by user_id",
      "tn", {now - hours{28 * 24}}, [&](Row& row) {
        const std::string user = row.text();
        const bool open = row.flag();
        const int position = position_hundredths(user);
        if (position < low || position >= high || pinned.contains(user)) return;
        ++switching.users;
        switching.open += open ? 1 : 0;
      });
  return switching;
}

std::vector<rollout::DailyCost> costs_of(Db& db, const std::string& rollout, int run, int phase,
                                         const Currency& currency, const std::function<std::int64_t(Instant)>& day_of) {
  // Final calls from the counts of evidence, money from the sums that are kept beside the lines.
  static const std::string calls = fmt::format(
      "select bucket_start, cast(sum(calls) as bigint) from evidence_counts where stream = 'call' and system = "
      "'new-system' and span_id in {} group by bucket_start",
      spans_of_phase);
  static const std::string money = fmt::format(
      "select bucket_start, micros from cost_sums where currency = :currency and span_id in {}", spans_of_phase);
  std::map<std::int64_t, rollout::DailyCost> days;
  const auto day_at = [&](Instant at) -> rollout::DailyCost& {
    const std::int64_t number = day_of(at);
    rollout::DailyCost& day = days[number];
    day.day = number;
    return day;
  };
  db.select(calls, "nn", {rollout, run, phase}, [&](Row& row) {
    rollout::DailyCost& day = day_at(row.instant());
    day.calls += row.number();
  });
  db.select(money, "nn", {currency.str(), rollout, run, phase}, [&](Row& row) {
    rollout::DailyCost& day = day_at(row.instant());
    day.micros += row.number();
  });
  std::vector<rollout::DailyCost> costs;
  for (const auto& [number, day] : days) costs.push_back(day);
  return costs;
}

}  // namespace

Awaitable<Result<UserFigures>> SqlRolloutStore::user_figures(std::string rollout, int run, int phase) {
  return executor_.read<UserFigures>(
      [=](Db& db) -> Result<UserFigures> { return user_figures_of(db, rollout, run, phase); });
}

Awaitable<Result<std::vector<UserTally>>> SqlRolloutStore::user_tallies(System system, Instant from, Instant to) {
  using Tallies = std::vector<UserTally>;
  return executor_.read<Tallies>([=](Db& db) -> Result<Tallies> { return tallies_of(db, system, from, to); });
}

Awaitable<Result<Adoption>> SqlRolloutStore::adoption(Instant now) {
  return executor_.read<Adoption>([now](Db& db) -> Result<Adoption> { return adoption_of(db, now); });
}

Awaitable<Result<Switching>> SqlRolloutStore::switching(Percent from, Percent to, Instant now) {
  return executor_.read<Switching>([=](Db& db) -> Result<Switching> { return switching_of(db, from, to, now); });
}

Awaitable<Result<std::vector<rollout::DailyCost>>> SqlRolloutStore::costs(std::string rollout, int run, int phase,
                                                                          Currency currency,
                                                                          std::function<std::int64_t(Instant)> day_of) {
  using Costs = std::vector<rollout::DailyCost>;
  return executor_.read<Costs>([=, day_of = std::move(day_of)](Db& db) -> Result<Costs> {
    return costs_of(db, rollout, run, phase, currency, day_of);
  });
}

}  // namespace callramp::sql
