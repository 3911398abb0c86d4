// What is true of a callramp database at any instant, whoever died in the middle of whatever.
#pragma once

#include <string>

#include "adapters/sql/db.hpp"

namespace callramp::sql {

/// Each broken invariant as a line; empty if all hold.
inline std::string broken_invariants(Db& db) {
  std::string broken;
  const auto none = [&](const char* what, std::string_view sql) {
    if (const auto rows = db.number(sql).value_or(0); rows != 0)
      broken += std::string(what) + ": " + std::to_string(rows) + "\n";
  };
  db.select("pragma integrity_check", "t", {}, [&](Row& row) {
    if (const std::string line = row.text(); line != "ok") broken += "integrity: " + line + "\n";
  });
  db.select("select \"table\" from pragma_foreign_key_check", "t", {},
            [&](Row& row) { broken += "an orphan in " + row.text() + "\n"; });

  none("numbers with two open attempts",
       "select count(*) from (select phone from attempts where outcome is null group by phone having count(*) > 1)");
  none("calls under way without exactly one open attempt",
       "select count(*) from calls where status in ('dialing', 'ringing', 'in_progress') and (select count(*) from "
       "attempts where call_id = calls.id and outcome is null) <> 1");
  none(
      "calls not under way with an open attempt",
      "select count(*) from calls where status in ('scheduled', 'queued', 'final', 'handed_back') and exists (select 1 "
      "from attempts where call_id = calls.id and outcome is null)");
  none("calls whose count of attempts is wrong",
       "select count(*) from calls where attempts <> (select count(*) from attempts where call_id = calls.id)");
  none("calls whose count of retries is wrong",
       "select count(*) from calls where coalesce(outcome, '') <> 'cancelled' and retries <> (select count(*) from "
       "attempts where call_id = calls.id and first_dial = 0 and manual_retry = 0 and coalesce(outcome, '') <> "
       "'cancelled')");
  none("retries that wait without a dial before them, or that do not wait",
       "select count(*) from calls where retry_at is not null and (first_attempt_at is null or status not in "
       "('scheduled', 'queued'))");
  none("calls that were dialed and wait for nothing",
       "select count(*) from calls where status in ('scheduled', 'queued') and first_attempt_at is not null and "
       "retry_at is null");
  none("calls that were ended by an attempt that says otherwise",
       "select count(*) from calls join attempts on attempts.id = calls.ended_by where calls.outcome is null or "
       "(calls.outcome <> attempts.outcome and not (attempts.outcome = 'unknown' and calls.outcome = 'failed'))");

  // What counting all outcomes gives against what was counted along the way, in both directions.
  const std::string outcomes =
      "(select 'call' as stream, first_attempt_at as at, span_id as span, calls.system as system, calls.outcome as "
      "outcome, coalesce(attempts.connected, 0) as connected, exists (select 1 from attempts as retry where "
      "retry.call_id = calls.id and retry.first_dial = 0 and retry.manual_retry = 0 and retry.outcome <> 'cancelled') "
      "as retried from calls left "
      "join attempts on attempts.id = calls.ended_by where calls.status = 'final' and calls.outcome <> 'cancelled' and "
      "test = 0 and crossed = 0 and first_attempt_at is not null "
      "union all select 'first_attempt', started_at, span_id, attempts.system, attempts.outcome, connected, 0 from "
      "attempts join calls on calls.id = attempts.call_id where attempts.outcome is not null and attempts.outcome <> "
      "'cancelled' and first_dial = 1 and test = 0 "
      "union all select stream, started_at, span_id, system, outcome, case when outcome not in ('no_answer', 'busy', "
      "'rejected', 'invalid_number', 'expired') and duration_s >= 10 then 1 else 0 end, 0 from reported_outcomes, "
      "(select 'call' as stream union all select 'first_attempt') where outcome <> 'cancelled')";
  const std::string counted =
      "select stream, at - at % coalesce(bucket_us, 300000000), coalesce(span, 0), system, outcome, connected, "
      "retried, count(*) as calls from " +
      outcomes + " left join rollout_spans on rollout_spans.id = span group by 1, 2, 3, 4, 5, 6, 7";
  const std::string stored =
      "select stream, bucket_start, span_id, system, outcome, connected, retried, calls from evidence_counts where "
      "calls <> 0";
  none("outcomes that the evidence does not have", "select count(*) from (" + counted + " except " + stored + ")");
  none("evidence that no outcome stands behind", "select count(*) from (" + stored + " except " + counted + ")");
  none("calls in the evidence that were never dialed or are tests",
       "select count(*) from calls join rollout_spans on rollout_spans.id = span_id where first_attempt_at is null or "
       "test = 1");

  // Flag, state and log agree.
  none("rollouts whose revision is not that of their decisions",
       "select count(*) from rollouts where revision <> 1 + (select count(*) from decisions where decisions.rollout = "
       "name) or "
       "coalesce(last_decision, 0) <> coalesce((select max(id) from decisions where decisions.rollout = name), 0)");
  none("decisions whose flags are not in force or in the history",
       "select count(*) from decisions where sets_flags = 1 and not exists (select 1 from flag_changes where version = "
       "flags_after and source = 'rollout')");
  none("flags that a rollout set without a decision",
       "select count(*) from flag_changes where source = 'rollout' and not exists (select 1 from decisions where "
       "flags_after = version and sets_flags = 1)");
  none("flags that are not the newest change",
       "select count(*) from flags where version > 1 and version <> (select max(version) from flag_changes)");
  none("a phase in force that its rollout is not in",
       "select count(*) from rollout_spans join rollouts on name = rollout_spans.rollout join decisions on "
       "decisions.id = "
       "last_decision where open_mark = 1 and rollout_spans.phase <> decisions.phase");
  return broken;
}

}  // namespace callramp::sql
