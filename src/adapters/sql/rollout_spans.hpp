// Spans as the stores use them inside a transaction: which phase of which run a call, an outcome or an event counts
// for.
#pragma once

#include <optional>

#include "adapters/sql/db.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::sql {

/// Buckets outside every span; spans may have shorter ones that divide it.
inline constexpr minutes default_bucket{5};

/// What a count needs of its span.
struct SpanMark {
  std::int64_t id = 0;  ///< 0: none
  Duration bucket = default_bucket;
};

/// Null for no span, as the tables hold it.
inline std::optional<std::int64_t> id_or_null(const SpanMark& mark) {
  return mark.id == 0 ? std::nullopt : std::optional(mark.id);
}

/// The span in force; none between rollouts.
SpanMark open_span(Db& db);
/// The span that was in force at `at`.
SpanMark span_at(Db& db, Instant at);
/// The span that a call was stamped with at its first dial.
SpanMark span_of_call(Db& db, const CallId& call);

std::vector<PhaseSpan> read_spans(Db& db, const std::string& rollout);

}  // namespace callramp::sql
