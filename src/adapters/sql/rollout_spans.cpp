#include "adapters/sql/rollout_spans.hpp"

namespace callramp::sql {
namespace {

SpanMark read_mark(Row& row) { return SpanMark{.id = row.number(), .bucket = Duration{row.number()}}; }

PhaseSpan read_span(Row& row) {
  return PhaseSpan{.id = row.number(),
                   .rollout = row.text(),
                   .run = row.integer(),
                   .phase = row.integer(),
                   .bucket = Duration{row.number()},
                   .started_at = row.instant(),
                   .ended_at = row.maybe(&Row::instant)};
}

}  // namespace

SpanMark open_span(Db& db) {
  return db.one("select id, bucket_us from rollout_spans where open_mark = 1", "nn", {}, read_mark)
      .value_or(SpanMark{});
}

SpanMark span_at(Db& db, Instant at) {
  // The newest that had begun: spans do not overlap, so an older one has ended before.
  return db
      .one(
          "select id, bucket_us from rollout_spans where id = (select max(id) from rollout_spans where started_at <= "
          ":at) and (ended_at is null or ended_at > :also)",
          "nn", {at, at}, read_mark)
      .value_or(SpanMark{});
}

SpanMark span_of_call(Db& db, const CallId& call) {
  return db
      .one(
          "select rollout_spans.id, bucket_us from calls join rollout_spans on rollout_spans.id = span_id where "
          "calls.id = :id",
          "nn", {call}, read_mark)
      .value_or(SpanMark{});
}

std::vector<PhaseSpan> read_spans(Db& db, const std::string& rollout) {
  return db.all(
      "select id, rollout, run, phase, bucket_us, started_at, ended_at from rollout_spans where rollout = :rollout "
      "order by id",
      "ntnnnnn", {rollout}, read_span);
}

}  // namespace callramp::sql
