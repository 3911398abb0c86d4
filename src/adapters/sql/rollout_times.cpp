// Times as counts of those that exceeded each bound. A process sends what it has counted since a bucket's start, again
// and again; the larger count stands, and what it grew by is added to the phase's sum.
#include <charconv>

#include "adapters/sql/rollout_spans.hpp"
#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {
namespace {

// Beyond it no process sends a bucket again.
constexpr hours buckets_kept{48};

// "12,7,3": as many as there are bounds.
std::string as_text(const std::vector<std::int64_t>& counts) {
  std::string text;
  for (const std::int64_t count : counts) text += (text.empty() ? "" : ",") + std::to_string(count);
  return text;
}

std::vector<std::int64_t> as_counts(std::string_view text) {
  std::vector<std::int64_t> counts;
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{}) throw DbFailure({ErrorCode::internal, "the database holds counts that are none"});
    counts.push_back(count);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return counts;
}

rollout::Exceedances read_exceedances(Row& row) {
  const std::int64_t total = row.number();
  return {.total = total, .over = as_counts(row.text())};
}

void add(rollout::Exceedances& sum, std::int64_t total, const std::vector<std::int64_t>& over) {
  sum.total += total;
  if (sum.over.size() < over.size()) sum.over.resize(over.size());
  for (std::size_t i = 0; i < over.size(); ++i) sum.over[i] += over[i];
}

// Keeps the larger of each count, and returns by how much they grew.
rollout::Exceedances merge(rollout::Exceedances& known, const TimeCounts& news) {
  rollout::Exceedances growth{.total = std::max<std::int64_t>(0, news.total - known.total), .over = {}};
  known.total += growth.total;
  if (known.over.size() < news.over.size()) known.over.resize(news.over.size());
  for (std::size_t i = 0; i < news.over.size(); ++i) {
    growth.over.push_back(std::max<std::int64_t>(0, news.over[i] - known.over[i]));
    known.over[i] += growth.over[i];
  }
  return growth;
}

void add_to_phase(Db& db, std::int64_t span, const std::string& metric, const rollout::Exceedances& growth) {
  auto sum = db.one("select total, over_bounds from time_sums where span_id = :span and metric = :metric", "nt",
                    {span, metric}, read_exceedances)
                 .value_or(rollout::Exceedances{});
  add(sum, growth.total, growth.over);
  db.run(
      "insert into time_sums (span_id, metric, total, over_bounds) values (:span, :metric, :total, :over) on conflict "
      "(span_id, metric) do update set total = excluded.total, over_bounds = excluded.over_bounds",
      {span, metric, sum.total, as_text(sum.over)});
}

void add_bucket(Db& db, const TimeCounts& news) {
  auto known = db.one(
      "select total, over_bounds from time_counts where bucket_start = :bucket and metric = :metric and source = "
      ":source",
      "nt", {news.bucket, news.metric, news.source}, read_exceedances);
  // The phase is settled by the bucket's first report, so that what is sent again lands where it was.
  const std::int64_t span =
      known ? db.number(
                    "select span_id from time_counts where bucket_start = :bucket and metric = :metric and source = "
                    ":source",
                    {news.bucket, news.metric, news.source})
                  .value_or(0)
            : span_at(db, news.bucket).id;
  rollout::Exceedances counts = known.value_or(rollout::Exceedances{});
  const rollout::Exceedances growth = merge(counts, news);
  db.run(
      "insert into time_counts (metric, source, bucket_start, span_id, total, over_bounds) values (:metric, :source, "
      ":bucket, :span, :total, :over) on conflict (bucket_start, metric, source) do update set total = "
      "excluded.total, over_bounds = excluded.over_bounds",
      {news.metric, news.source, news.bucket, span, counts.total, as_text(counts.over)});
  if (span != 0) add_to_phase(db, span, news.metric, growth);
}

}  // namespace

Awaitable<Status> SqlRolloutStore::add_times(std::vector<TimeCounts> counts, Instant now) {
  return executor_.write<void>([counts = std::move(counts), now](Db& db) -> Status {
    for (const TimeCounts& news : counts)
      if (news.bucket > now - buckets_kept) add_bucket(db, news);
    db.run("delete from time_counts where bucket_start <= :before", {now - buckets_kept});
    return {};
  });
}

Awaitable<Result<std::map<std::string, rollout::Exceedances, std::less<>>>> SqlRolloutStore::times(std::string rollout,
                                                                                                   int run, int phase) {
  using Times = std::map<std::string, rollout::Exceedances, std::less<>>;
  return executor_.read<Times>([=](Db& db) -> Result<Times> {
    Times times;
    db.select(
        "select metric, total, over_bounds from time_sums join rollout_spans on rollout_spans.id = span_id where "
        "rollout = :rollout and run = :run and phase = :phase",
        "tnt", {rollout, run, phase}, [&](Row& row) {
          rollout::Exceedances& sum = times[row.text()];
          const std::int64_t total = row.number();
          add(sum, total, as_counts(row.text()));
        });
    return times;
  });
}

}  // namespace callramp::sql
