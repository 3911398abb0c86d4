// Gauges: a reading a minute for two days, and sums by day and by phase for as long as there are reports.
#include "adapters/sql/rollout_spans.hpp"
#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {
namespace {

constexpr hours readings_kept{48};
using Day = std::chrono::days;

void name_gauge(Db& db, const GaugeReport& report) {
  db.run(
      "insert into gauge_names (name, exists_here, missing) values (:name, :exists, :missing) on conflict (name) do "
      "update set exists_here = excluded.exists_here, missing = excluded.missing",
      {report.name, report.exists, report.value ? std::string() : report.missing});
}

// `change` is what the sum grows by; a minute that is read again counts once, with its latest value.
void add_to_day(Db& db, const GaugeReport& report, int readings, double change) {
  const std::int64_t day = std::chrono::floor<Day>(report.at).time_since_epoch().count();
  db.run(
      "insert into gauge_days (name, day, readings, low, high, total) values (:name, :day, 0, :low, :high, 0) on "
      "conflict (name, day) do nothing",
      {report.name, day, *report.value, *report.value});
  db.run(
      "update gauge_days set readings = readings + :readings, total = total + :change, low = case when low > :low then "
      ":low2 else low end, high = case when high < :high then :high2 else high end where name = :name and day = :day",
      {readings, change, *report.value, *report.value, *report.value, *report.value, report.name, day});
}

void add_to_phase(Db& db, const std::string& name, Instant at, int readings, double change) {
  const SpanMark span = span_at(db, at);
  if (span.id == 0) return;
  db.run(
      "insert into gauge_sums (name, span_id, readings, total) values (:name, :span, 0, 0) on conflict (span_id, name) "
      "do nothing",
      {name, span.id});
  db.run(
      "update gauge_sums set readings = readings + :readings, total = total + :change where span_id = :span and "
      "name = :name",
      {readings, change, span.id, name});
}

rollout::LevelReading read_reading(Row& row) {
  const Instant at = row.instant();
  return {.at = at, .value = row.real()};
}

void store_reading(Db& db, const GaugeReport& report) {
  const Instant minute = std::chrono::floor<minutes>(report.at);
  const auto known = db.one("select at, value from gauge_readings where name = :name and minute_start = :minute", "nr",
                            {report.name, minute}, read_reading);
  db.run(
      "insert into gauge_readings (name, minute_start, at, value) values (:name, :minute, :at, :value) on conflict "
      "(name, minute_start) do update set at = excluded.at, value = excluded.value",
      {report.name, minute, report.at, *report.value});
  add_to_day(db, report, known ? 0 : 1, *report.value - (known ? known->value : 0));
  // Between the two the phase may have changed: the minute is its new one's.
  if (known) add_to_phase(db, report.name, known->at, -1, -known->value);
  add_to_phase(db, report.name, report.at, 1, *report.value);
}

using Gauges = std::map<std::string, rollout::Gauge, std::less<>>;

Gauges gauges_of(Db& db, const std::string& rollout, int run, Instant from) {
  Gauges gauges;
  db.select("select name, exists_here, missing from gauge_names", "tnt", {}, [&](Row& row) {
    rollout::Gauge& gauge = gauges[row.text()];
    gauge.exists = row.flag();
    gauge.missing = row.text();
  });
  db.select("select name, at, value from gauge_readings where minute_start >= :from order by name, minute_start", "tnr",
            {Instant{std::chrono::floor<minutes>(from)}}, [&](Row& row) {
              rollout::Gauge& gauge = gauges[row.text()];
              const Instant at = row.instant();
              gauge.readings.push_back({.at = at, .value = row.real()});
            });
  db.select(
      "select name, phase, cast(sum(readings) as bigint), sum(total) from gauge_sums join rollout_spans on "
      "rollout_spans.id = span_id where rollout = :rollout and run = :run group by name, phase having sum(readings) > "
      "0 "
      "order by name, phase",
      "tnnr", {rollout, run}, [&](Row& row) {
        rollout::Gauge& gauge = gauges[row.text()];
        const int phase = row.integer();
        const auto readings = static_cast<double>(row.number());
        gauge.phases.push_back({.phase = phase, .mean = row.real() / readings});
      });
  return gauges;
}

DailyGauge read_day(Row& row) {
  DailyGauge day{.day = row.number(), .readings = row.number(), .low = row.real(), .high = row.real()};
  day.mean = row.real() / static_cast<double>(day.readings);
  return day;
}

}  // namespace

Awaitable<Status> SqlRolloutStore::add_gauges(std::vector<GaugeReport> readings, Instant now) {
  return executor_.write<void>([readings = std::move(readings), now](Db& db) -> Status {
    for (const GaugeReport& report : readings) {
      name_gauge(db, report);
      if (report.value) store_reading(db, report);
    }
    db.run("delete from gauge_readings where minute_start < :before", {now - readings_kept});
    return {};
  });
}

Awaitable<Result<Gauges>> SqlRolloutStore::gauges(std::string rollout, int run, Instant from) {
  return executor_.read<Gauges>([=](Db& db) -> Result<Gauges> { return gauges_of(db, rollout, run, from); });
}

Awaitable<Result<std::vector<DailyGauge>>> SqlRolloutStore::daily_gauge(std::string name, int days) {
  using Days = std::vector<DailyGauge>;
  return executor_.read<Days>([=](Db& db) -> Result<Days> {
    return db.all(
        "select day, readings, low, high, total from gauge_days where name = :name order by day desc limit :days",
        "nnrrr", {name, days}, read_day);
  });
}

}  // namespace callramp::sql
