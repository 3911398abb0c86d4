#include "adapters/sql/evidence.hpp"

#include "base/ensure.hpp"

namespace callramp::sql {
namespace {

std::string_view name(Stream stream) { return stream == Stream::call ? "call" : "first_attempt"; }

}  // namespace

void count_evidence(Db& db, const EvidenceKey& key, int change) {
  db.run(
      "insert into evidence_counts (bucket_start, stream, system, outcome, connected, calls) values (:bucket, :stream, "
      ":system, :outcome, :connected, 0) on conflict (stream, bucket_start, system, outcome, connected) do nothing",
      {bucket_start(key.started_at), name(key.stream), to_string(key.system), to_string(key.outcome), key.connected});
  db.run(
      "update evidence_counts set calls = calls + :change where bucket_start = :bucket and stream = :stream and system "
      "= "
      ":system and outcome = :outcome and connected = :connected",
      {change, bucket_start(key.started_at), name(key.stream), to_string(key.system), to_string(key.outcome),
       key.connected});
}

AttemptEvidence evidence_of(const Attempt& attempt, const Call& call, const AttemptMarks& marks) {
  AttemptEvidence evidence;
  if (call.test) return evidence;
  if (marks.first_dial && attempt.outcome && is_counted(*attempt.outcome))
    evidence.first_attempt = EvidenceKey{.stream = Stream::first_attempt,
                                         .started_at = attempt.started_at,
                                         .system = attempt.system,
                                         .outcome = *attempt.outcome,
                                         .connected = marks.connected};
  if (marks.ended_call && !marks.crossed && call.outcome && is_counted(*call.outcome))
    evidence.call = EvidenceKey{.stream = Stream::call,
                                .started_at = call.first_attempt_at.value_or(attempt.started_at),
                                .system = call.system.value_or(attempt.system),
                                .outcome = *call.outcome,
                                .connected = marks.connected};
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
