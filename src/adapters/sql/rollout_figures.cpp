// Sums over the calls themselves: by user, whose calls behave alike, and by day, which cost money.
#include <fmt/format.h>

#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {
namespace {

// The order of the columns is that of the struct.
UserFigures read_figures(Row& row) {
  UserFigures figures;
  figures.sums.clusters = row.number();
  figures.sums.n = row.number();
  figures.sums.s = row.number();
  figures.sums.nn = row.number();
  figures.sums.sn = row.number();
  figures.sums.ss = row.number();
  figures.largest_calls = row.number();
  return figures;
}

UserFigures figures_of(Db& db, const std::string& rollout, int run, int phase) {
  // Success of new's whole calls, dialed by us or reported by others: what the phase's success rate counts.
  static const std::string sql = fmt::format(
      "select count(*), cast(coalesce(sum(n), 0) as bigint), cast(coalesce(sum(s), 0) as bigint), cast(coalesce(sum(n "
      "* n), 0) as bigint), cast(coalesce(sum(s * n), 0) as bigint), cast(coalesce(sum(s * s), 0) as bigint), "
      "coalesce(max(n), 0) from (select user_id, count(*) as n, sum(case when outcome in ('completed', "
      "'voicemail_left') then 1 else 0 end) as s from (select user_id, outcome from calls where span_id in {} and "
      "system = 'new-system' and final_at is not null and outcome <> 'cancelled' and crossed = 0 union all select "
      "user_id, outcome from reported_outcomes where span_id in {} and system = 'new-system' and outcome <> "
      "'cancelled') as one group by user_id) as by_user",
      spans_of_phase, "(select id from rollout_spans where rollout = :rollout2 and run = :run2 and phase = :phase2)");
  return db.one(sql, "nnnnnnn", {rollout, run, phase, rollout, run, phase}, read_figures).value_or(UserFigures{});
}

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

std::vector<rollout::DailyCost> costs_of(Db& db, const std::string& rollout, int run, int phase,
                                         const Currency& currency, const DayNumbers& numbers) {
  static const std::string sql = fmt::format(
      "select step, count(*), cast(sum(cost) as bigint) from (select first_attempt_at - first_attempt_at % :step as "
      "step, coalesce((select sum(micros) from cost_lines join attempts on attempts.id = attempt_id "
      "where call_id = calls.id and currency = :currency), 0) as cost from calls where span_id in {} and system = "
      "'new-system' and final_at is not null) as one group by step order by step",
      spans_of_phase);
  std::map<std::int64_t, rollout::DailyCost> days;
  db.select(sql, "nnn", {numbers.step.count(), currency.str(), rollout, run, phase}, [&](Row& row) {
    const std::int64_t number = numbers.of(row.instant());
    rollout::DailyCost& day = days[number];
    day.day = number;
    day.calls += row.number();
    day.micros += row.number();
  });
  std::vector<rollout::DailyCost> costs;
  for (const auto& [number, day] : days) costs.push_back(day);
  return costs;
}

}  // namespace

Awaitable<Result<UserFigures>> SqlRolloutStore::user_figures(std::string rollout, int run, int phase) {
  return executor_.read<UserFigures>(
      [=](Db& db) -> Result<UserFigures> { return figures_of(db, rollout, run, phase); });
}

Awaitable<Result<std::vector<UserTally>>> SqlRolloutStore::user_tallies(System system, Instant from, Instant to) {
  using Tallies = std::vector<UserTally>;
  return executor_.read<Tallies>([=](Db& db) -> Result<Tallies> { return tallies_of(db, system, from, to); });
}

Awaitable<Result<Adoption>> SqlRolloutStore::adoption(Instant now) {
  return executor_.read<Adoption>([now](Db& db) -> Result<Adoption> { return adoption_of(db, now); });
}

Awaitable<Result<std::vector<rollout::DailyCost>>> SqlRolloutStore::costs(std::string rollout, int run, int phase,
                                                                          Currency currency, DayNumbers days) {
  using Costs = std::vector<rollout::DailyCost>;
  return executor_.read<Costs>([=, days = std::move(days)](Db& db) -> Result<Costs> {
    return costs_of(db, rollout, run, phase, currency, days);
  });
}

}  // namespace callramp::sql
