// Minutes of uptime from heartbeats: pure, so that every kind of gap is a row of a test.
#pragma once

#include <optional>
#include <vector>

#include "ports/rollout_store.hpp"

namespace callramp::sql {

/// Longest silence between two beats that is not down. Three beats of ten seconds: a restart takes less.
inline constexpr seconds beat_gap{30};

/// One node's beats of a kind without a gap; a moment for a stop.
struct BeatSpan {
  enum class Kind { up, impaired, failed, stopped, unknown };
  Kind kind = Kind::up;
  Instant from{};
  Instant to{};
};

/// `spans` must reach back to the last `up` before `from`. Whole minutes in [from, to) only, none before `first_beat`.
UptimeMinutes count_minutes(std::vector<BeatSpan> spans, std::optional<Instant> first_beat, Instant from, Instant to);

}  // namespace callramp::sql
