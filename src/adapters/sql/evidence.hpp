// Evidence counters: how many calls that started in a bucket ended how, by system. They are kept in the transaction
// that stores an outcome, so that at any instant they equal what counting the outcomes would give.
//
// Two streams (definitions.md §1, decisions.md): `first_attempt`, of each call's first dial, and `call`, of calls that
// are final. Test calls and cancelled ones are in neither; crossed ones (their system changed between attempts) not in
// `call`; a call that was never dialed has no bucket and is in neither.
//
// Start times are counted in buckets as long as the call's span says: five minutes in production and outside every
// span, seconds in a demo. So there are as many rows as buckets times outcomes, never as many as calls.
#pragma once

#include <optional>
#include <string_view>

#include "adapters/sql/db.hpp"
#include "adapters/sql/rollout_spans.hpp"
#include "core/calls/types.hpp"

namespace callramp::sql {

/// Shortest connection that counts as connected, by the carrier's duration (definitions.md §1, new against old).
inline constexpr seconds connected_from{10};

using Stream = EvidenceStream;
std::string_view to_string(Stream stream) noexcept;  ///< "first_attempt", "call"

struct EvidenceKey {
  Stream stream = Stream::call;
  SpanMark span;
  Instant started_at{};
  System system = System::new_system;
  Outcome outcome = Outcome::completed;
  bool connected = false;
  bool retried = false;  ///< of a call: it had a dialed retry that nobody asked for
};

/// `change` is +1, or -1 when what was counted turns out to be something else.
void count_evidence(Db& db, const EvidenceKey& key, int change);

/// Both streams' keys of a finished attempt, as far as it is counted in them.
struct AttemptEvidence {
  std::optional<EvidenceKey> first_attempt;  ///< only of the call's first dial
  std::optional<EvidenceKey> call;           ///< only of the attempt that made its call final
};
struct AttemptMarks {
  bool first_dial = false;  ///< no earlier attempt of the call was really made
  bool ended_call = false;  ///< the call became final by it
  bool crossed = false;     ///< the call changed its system between attempts
  bool connected = false;
  bool retried = false;  ///< the call had a dialed retry
  SpanMark span;
};
AttemptEvidence evidence_of(const Attempt& attempt, const Call& call, const AttemptMarks& marks);

/// Whether a dial was made after the first, by itself: one that was taken back before it reached the carrier is none,
/// and one that a person asked for is not counted (definitions.md §1).
bool had_dialed_retry(Db& db, const CallId& call);

/// Whether somebody, or something, was on the line for 10 s: never if nobody answered, whatever duration was sent.
bool is_connected(Outcome outcome, Duration duration);
/// The same for a finished attempt: by the carrier's duration, and until that is known by our own clock.
bool is_connected(const Attempt& attempt);

}  // namespace callramp::sql
