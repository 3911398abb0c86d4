#include "adapters/sql/figure_sums.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {
namespace {

struct UserCount {
  std::string user;
  std::int64_t calls = 0;
  std::int64_t good = 0;
};

UserCount read_count(Row& row) { return {.user = row.text(), .calls = row.number(), .good = row.number()}; }

// Success of new's whole calls, dialed by us or reported by others: what the phase's success rate counts.
std::vector<UserCount> calls_of(Db& db, std::int64_t span, Instant from, Instant to) {
  return db.all(
      "select user_id, count(*), cast(sum(good) as bigint) from (select user_id, case when outcome in ('completed', "
      "'voicemail_left') then 1 else 0 end as good from calls where span_id = :span and first_attempt_at >= :from and "
      "first_attempt_at < :to and system = 'new-system' and final_at is not null and outcome <> 'cancelled' and "
      "crossed = 0 union all select user_id, case when outcome in ('completed', 'voicemail_left') then 1 else 0 end "
      "from reported_outcomes where span_id = :span2 and started_at >= :from2 and started_at < :to2 and system = "
      "'new-system' and outcome <> 'cancelled') as one group by user_id order by user_id",
      "tnn", {span, from, to, span, from, to}, read_count);
}

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

}  // namespace

void add_users(Db& db, std::int64_t span, Instant bucket, Duration length) {
  const std::vector<UserCount> counts = calls_of(db, span, bucket, bucket + length);
  if (counts.empty()) return;
  UserFigures figures = db.one("select clusters, n, s, nn, sn, ss, largest from user_sums where span_id = :span",
                               "nnnnnnn", {span}, read_figures)
                            .value_or(UserFigures{});
  for (const UserCount& one : counts) {
    const UserCount before =
        db.one("select user_id, calls, good from user_calls where span_id = :span and user_id = :user", "tnn",
               {span, one.user}, read_count)
            .value_or(UserCount{});
    const std::int64_t calls = before.calls + one.calls;
    const std::int64_t good = before.good + one.good;
    db.run(
        "insert into user_calls (span_id, user_id, calls, good) values (:span, :user, :calls, :good) on conflict "
        "(span_id, user_id) do update set calls = excluded.calls, good = excluded.good",
        {span, one.user, calls, good});
    figures.sums.remove(before.good, before.calls);
    figures.sums.add(good, calls);
    figures.largest_calls = std::max(figures.largest_calls, calls);
  }
  const rollout::ClusterSums& sums = figures.sums;
  db.run(
      "insert into user_sums (span_id, clusters, n, s, nn, sn, ss, largest) values (:span, :clusters, :n, :s, :nn, "
      ":sn, :ss, :largest) on conflict (span_id) do update set clusters = excluded.clusters, n = excluded.n, s = "
      "excluded.s, nn = excluded.nn, sn = excluded.sn, ss = excluded.ss, largest = excluded.largest",
      {span, sums.clusters, sums.n, sums.s, sums.nn, sums.sn, sums.ss, figures.largest_calls});
}

UserFigures user_figures_of(Db& db, const std::string& rollout, int run, int phase) {
  // One span a phase and run: what others there could be would share users, and are added as if they did not.
  static const std::string sql = fmt::format(
      "select cast(coalesce(sum(clusters), 0) as bigint), cast(coalesce(sum(n), 0) as bigint), cast(coalesce(sum(s), "
      "0) as bigint), cast(coalesce(sum(nn), 0) as bigint), cast(coalesce(sum(sn), 0) as bigint), "
      "cast(coalesce(sum(ss), 0) as bigint), coalesce(max(largest), 0) from user_sums where span_id in {}",
      spans_of_phase);
  return db.one(sql, "nnnnnnn", {rollout, run, phase}, read_figures).value_or(UserFigures{});
}

void add_costs(Db& db, const AttemptId& attempt, const std::vector<CostLine>& lines, int sign) {
  if (lines.empty()) return;
  struct Place {
    std::int64_t span = 0;
    Instant bucket{};
  };
  const auto place = db.one(
      "select span_id, first_attempt_at - first_attempt_at % bucket_us from calls join attempts on call_id = calls.id "
      "join rollout_spans on rollout_spans.id = span_id where attempts.id = :id and first_attempt_at is not null and "
      "calls.system = 'new-system'",
      "nn", {attempt}, +[](Row& row) { return Place{.span = row.number(), .bucket = row.instant()}; });
  if (!place) return;
  for (const CostLine& line : lines)
    db.run(
        "insert into cost_sums (span_id, bucket_start, currency, micros) values (:span, :bucket, :currency, :micros) "
        "on conflict (span_id, bucket_start, currency) do update set micros = cost_sums.micros + excluded.micros",
        {place->span, place->bucket, line.cost.currency.str(), sign * line.cost.micros});
}

}  // namespace callramp::sql
