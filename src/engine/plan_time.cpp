#include "engine/plan_time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callramp::engine {
namespace {

constexpr Duration calendar_day = hours{24};
constexpr Duration quarter = minutes{15};
constexpr Duration horizon = hours{24 * 60};

}  // namespace

Duration zone_offset(const PhoneDirectory& phones, const std::string& zone, Instant at) {
  const auto local = phones.local_clock(zone, at);
  if (!local) return Duration::zero();
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const minutes utc = std::chrono::floor<minutes>(at - day);
  const int utc_weekday = static_cast<int>(std::chrono::weekday(day).c_encoding());
  Duration offset = local->time_of_day - utc;
  if (local->weekday == (utc_weekday + 1) % 7) offset += calendar_day;
  if (local->weekday == (utc_weekday + 6) % 7) offset -= calendar_day;
  return offset;
}

std::int64_t day_of(const rollout::Plan& plan, const PhoneDirectory& phones, Instant at) {
  if (plan.pace.day != calendar_day) return to_micros(at) / plan.pace.day.count();
  return to_micros(at + zone_offset(phones, plan.timezone, at)) / calendar_day.count();
}

Duration calling_time(const rollout::Plan& plan, const PhoneDirectory& phones, Instant from, Instant to) {
  if (to <= from) return Duration::zero();
  if (plan.pace.day != calendar_day) return to - from;
  Duration counted{};
  for (Instant at = std::max(from, to - horizon); at < to; at += quarter) {
    const Instant local = at + zone_offset(phones, plan.timezone, at);
    const auto hour = std::chrono::floor<hours>(local - std::chrono::floor<std::chrono::days>(local)).count();
    if (hour >= plan.calling_hours[0] && hour < plan.calling_hours[1]) counted += std::min(quarter, to - at);
  }
  return counted;
}

std::string wall_clock(const rollout::Plan& plan, const PhoneDirectory& phones, Instant at) {
  const Instant local = at + zone_offset(phones, plan.timezone, at);
  return to_iso(local).substr(11, 8);
}

}  // namespace callramp::engine
