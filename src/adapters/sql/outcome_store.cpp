#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/evidence.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

ReportedOutcome read_reported(Row& row) {
  ReportedOutcome reported{.external_id = row.text(), .user = row.id<UserId>(), .system = row.word(parse_system)};
  if (!row.skip_null()) reported.phone = row.phone();
  reported.started_at = row.instant();
  reported.outcome = row.word(parse_outcome);
  if (!row.skip_null()) reported.duration = seconds{row.number()};
  return reported;
}

bool same(const ReportedOutcome& a, const ReportedOutcome& b) {
  return a.external_id == b.external_id && a.user == b.user && a.system == b.system && a.phone == b.phone &&
         a.started_at == b.started_at && a.outcome == b.outcome && a.duration == b.duration;
}

OutcomeCount read_count(Row& row) {
  return OutcomeCount{.system = row.word(parse_system),
                      .outcome = row.word(parse_outcome),
                      .calls = row.number(),
                      .connected = row.number()};
}

}  // namespace

Awaitable<Result<bool>> SqlOutcomeStore::report(ReportedOutcome outcome, Instant now) {
  return executor_.write<bool>([outcome = std::move(outcome), now](Db& db) -> Result<bool> {
    const auto known = db.one(
        "select external_id, user_id, system, phone, started_at, outcome, duration_s from reported_outcomes where "
        "external_id = :id",
        "ttttntn", {outcome.external_id}, read_reported);
    if (known && same(*known, outcome)) return false;
    if (known)
      return fail(ErrorCode::conflict,
                  "outcome '" + outcome.external_id +
                      "' was reported before with other content, which stands; use another " +
                      "externalId for another call",
                  "externalId");
    // It counts for the phase in which it began, like a call that we dial.
    const SpanMark span = span_at(db, outcome.started_at);
    db.run(
        "insert into reported_outcomes (external_id, user_id, system, phone, started_at, outcome, duration_s, "
        "reported_at, span_id) values (:id, :user, :system, :phone, :started, :outcome, :duration, :now, :span)",
        {outcome.external_id, outcome.user, to_string(outcome.system), outcome.phone, outcome.started_at,
         to_string(outcome.outcome), outcome.duration, now, id_or_null(span)});
    if (!is_counted(outcome.outcome)) return true;
    // A report without a duration does not claim that anybody was connected.
    const bool connected = is_connected(outcome.outcome, outcome.duration.value_or(seconds{0}));
    for (const Stream stream : {Stream::first_attempt, Stream::call})
      count_evidence(db,
                     {.stream = stream,
                      .span = span,
                      .started_at = outcome.started_at,
                      .system = outcome.system,
                      .outcome = outcome.outcome,
                      .connected = connected},
                     +1);
    return true;
  });
}

Awaitable<Result<std::vector<OutcomeCount>>> SqlOutcomeStore::counts(Instant from, Instant to) {
  return executor_.read<std::vector<OutcomeCount>>([from, to](Db& db) -> Result<std::vector<OutcomeCount>> {
    return db.all(
        "select system, outcome, cast(sum(calls) as bigint), cast(sum(calls * connected) as bigint) from "
        "evidence_counts where stream = 'call' and "
        "bucket_start >= :from and bucket_start < :to and calls > 0 group by system, outcome order by system, outcome",
        "ttnn", {rollout::bucket_start(from, default_bucket), to}, read_count);
  });
}

}  // namespace callramp::sql
