// Old calls: a month of calls as the old dialer exports them, read for what a simulation needs to know of the traffic.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "core/simulation/traffic.hpp"

namespace callramp::app {

/// A CSV with a header: startedAt (ISO-8601), userId or phone, outcome (the words of POST /outcomes; unknown or empty:
/// not known), durationSeconds if it is there. The local hour is as written before the zone. Rows that cannot be read
/// are left out; an error only if the columns are missing or no row is left.
Result<simulation::History> read_old_calls(std::string_view csv);

}  // namespace callramp::app
