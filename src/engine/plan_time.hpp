// Time as a plan counts it: days and calling hours in its own zone.
#pragma once

#include <cstdint>
#include <string>

#include "core/rollout/plan.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::engine {

/// What the wall clock of `zone` shows more than UTC at `at`; zero for an unknown zone.
Duration zone_offset(const PhoneDirectory& phones, const std::string& zone, Instant at);
/// The days of DailyCost and Facts::today: since 1970 in the plan's zone, or in its own short days.
std::int64_t day_of(const rollout::Plan& plan, const PhoneDirectory& phones, Instant at);
/// How much of [from, to) lies in the plan's calling hours, to a quarter of an hour; at most 60 days are looked at. A
/// day that is not of 24 h has no hours: all of it counts.
Duration calling_time(const rollout::Plan& plan, const PhoneDirectory& phones, Instant from, Instant to);
/// "02:14:07" in the plan's zone.
std::string wall_clock(const rollout::Plan& plan, const PhoneDirectory& phones, Instant at);

}  // namespace callramp::engine
