// Sums over a rollout's phase, kept as its calls come: what a look reads costs the same however many there were.
#pragma once

#include <vector>

#include "adapters/sql/db.hpp"
#include "core/calls/types.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::sql {

/// The calls on new of one bucket of a span, which has just been closed, by their users. Once for each bucket.
void add_users(Db& db, std::int64_t span, Instant bucket, Duration length);
/// Of the phase, as far as its buckets are closed.
UserFigures user_figures_of(Db& db, const std::string& rollout, int run, int phase);

/// What an attempt costs more: its lines as they are stored, or taken away with `sign` -1.
void add_costs(Db& db, const AttemptId& attempt, const std::vector<CostLine>& lines, int sign);

}  // namespace callramp::sql
