// Instants and durations, and their ISO-8601 spelling.
//
// Everything inside is UTC in microseconds; zones exist only where a calling window is judged or a person reads.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace callramp {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Duration = std::chrono::microseconds;
/// A point of time, UTC, microseconds since 1970.
using Instant = std::chrono::sys_time<Duration>;

constexpr std::int64_t to_micros(Instant at) noexcept { return at.time_since_epoch().count(); }
constexpr Instant from_micros(std::int64_t micros) noexcept { return Instant{Duration{micros}}; }

/// "2026-11-24T07:53:04.123Z"; milliseconds, truncated.
std::string to_iso(Instant at);

/// Accepts what ISO-8601 and RFC 3339 write: date, 'T' or a space, seconds and their fraction optional, 'Z' or an
/// offset. A time without zone is an error: guessing one moves a call by hours.
Result<Instant> parse_iso(std::string_view text);

/// "2 h 10 min", "8.0 s", "350 ms": for people, two units at most.
std::string to_words(Duration span);

/// "30s", "5m", "2h", "3d": one whole number and its unit, as settings and commands write spans; at most a year.
Result<seconds> parse_seconds(std::string_view text);
/// What parse_seconds reads, in the largest unit that is exact: "90s", "5m".
std::string to_span_text(seconds span);

}  // namespace callramp
