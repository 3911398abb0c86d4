#include "adapters/sql/evidence.hpp"

#include "base/ensure.hpp"

namespace callramp::sql {

std::string_view to_string(Stream stream) noexcept { return stream == Stream::call ? "call" : "first_attempt"; }

void count_evidence(Db& db, const EvidenceKey& key, int change) {
  const Instant bucket = rollout::bucket_start(key.started_at, key.span.bucket);
  db.run(
      "insert into evidence_counts (stream, bucket_start, span_id, system, outcome, connected, retried, calls) values "
      "(:stream, :bucket, :span, :system, :outcome, :connected, :retried, 0) on conflict (stream, bucket_start, "
      "span_id, system, outcome, connected, retried) do nothing",
      {to_string(key.stream), bucket, key.span.id, to_string(key.system), to_string(key.outcome), key.connected,
       key.retried});
  db.run(
      "update evidence_counts set calls = calls + :change where stream = :stream and bucket_start = :bucket and "
      "span_id = :span and system = :system and outcome = :outcome and connected = :connected and retried = :retried",
      {change, to_string(key.stream), bucket, key.span.id, to_string(key.system), to_string(key.outcome), key.connected,
       key.retried});
}

bool had_dialed_retry(Db& db, const CallId& call) {
  return db.exists(
      "select 1 from attempts where call_id = :id and first_dial = 0 and manual_retry = 0 and (outcome is null or "
      "outcome <> 'cancelled') "
      "limit 1",
      {call});
}

AttemptEvidence evidence_of(const Attempt& attempt, const Call& call, const AttemptMarks& marks) {
  AttemptEvidence evidence;
  if (call.test) return evidence;
  if (marks.first_dial && attempt.outcome && is_counted(*attempt.outcome))
    evidence.first_attempt = EvidenceKey{.stream = Stream::first_attempt,
                                         .span = marks.span,
                                         .started_at = attempt.started_at,
                                         .system = attempt.system,
                                         .outcome = *attempt.outcome,
                                         .connected = marks.connected};
  if (marks.ended_call && !marks.crossed && call.outcome && is_counted(*call.outcome))
    evidence.call = EvidenceKey{.stream = Stream::call,
                                .span = marks.span,
                                .started_at = call.first_attempt_at.value_or(attempt.started_at),
                                .system = call.system.value_or(attempt.system),
                                .outcome = *call.outcome,
                                .connected = marks.connected,
                                .retried = marks.retried};
  return evidence;
}

bool is_connected(Outcome outcome, Duration duration) {
  switch (outcome) {
    case Outcome::completed:
    case Outcome::voicemail_left:
    case Outcome::voicemail:
    case Outcome::unreachable:  // an announcement that somebody may have taken for an answer
    case Outcome::early_hangup:
    case Outcome::failed:
    case Outcome::unknown: return duration >= connected_from;
    case Outcome::no_answer:
    case Outcome::busy:
    case Outcome::rejected:
    case Outcome::invalid_number:
    case Outcome::cancelled:
    case Outcome::expired: return false;
  }
  ENSURE(false, "an Outcome outside its enumeration");
}

bool is_connected(const Attempt& attempt) {
  if (!attempt.outcome) return false;
  Duration duration{0};
  if (attempt.carrier_duration)
    duration = *attempt.carrier_duration;
  else if (attempt.answered_at && attempt.ended_at)
    duration = *attempt.ended_at - *attempt.answered_at;
  return is_connected(*attempt.outcome, duration);
}

}  // namespace callramp::sql
