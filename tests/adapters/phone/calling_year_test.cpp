// A year of calling, in every zone that there is: never outside the window, by a clock that is not ours.
#include <doctest/doctest.h>

#include <date/tz.h>
#include <stdlib.h>
#include <time.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "adapters/phone/lib_phone_number_directory.hpp"
#include "core/calls/claim.hpp"

using namespace callramp;

namespace {

const Instant year_start = parse_iso("2026-01-01T00:00Z").value();
const Instant year_end = parse_iso("2027-01-01T00:00Z").value();
constexpr minutes step{97};  // no divisor of a day: a year sees every part of the hour

// The C library reads its own tables: what it calls ten past nine is not our arithmetic.
class OtherClock {
 public:
  explicit OtherClock(const std::string& zone) {
    ::setenv("TZ", zone.c_str(), 1);
    ::tzset();
  }
  ~OtherClock() {
    ::unsetenv("TZ");
    ::tzset();
  }
  static tm at(Instant at) {
    const time_t count = std::chrono::floor<seconds>(at).time_since_epoch().count();
    tm local{};
    ::localtime_r(&count, &local);
    return local;
  }
};

// One zone for each history of offsets in this year: the others behave the same.
std::vector<std::string> different_zones() {
  std::map<std::string, std::string> by_history;
  for (const date::time_zone& zone : date::get_tzdb().zones) {
    std::string history;
    for (Instant at = year_start; at < year_end;) {
      const auto info = zone.get_info(at);
      history += std::to_string(info.offset.count()) + "@" + std::to_string(info.end.time_since_epoch().count()) + " ";
      at = info.end >= date::sys_seconds{std::chrono::floor<seconds>(year_end).time_since_epoch()}
               ? year_end
               : Instant{info.end.time_since_epoch()};
    }
    by_history.try_emplace(history, zone.name());
  }
  std::vector<std::string> zones;
  for (const auto& [history, name] : by_history) zones.push_back(name);
  return zones;
}

}  // namespace

TEST_CASE("in a year no dial is claimed outside the window in any zone with its summer time") {
  auto directory = phone::LibPhoneNumberDirectory::create();
  REQUIRE(directory);
  const std::chrono::year_month_day holiday = std::chrono::year{2026} / 3 / 29;  // on which Europe's clocks change
  ClaimCandidate candidate{.call = {.user = UserId{"u"}, .agent = AgentId{"a"}, .due_at = year_start}};
  candidate.campaign = CampaignAtClaim{
      .campaign = {.id = CampaignId{"c"},
                   .status = CampaignStatus::active,
                   .settings = {.window = parse_window("09:00-21:00 Mon-Sat").value(), .holidays = {holiday}}},
      .load = {}};
  const CallingWindow unused;
  const std::vector<std::string> zones = different_zones();
  CHECK(zones.size() > 40);
  std::int64_t dials = 0;
  for (const std::string& zone : zones) {
    CAPTURE(zone);
    const OtherClock other(zone);
    std::set<int> days;
    int outside = 0;
    int overslept = 0;
    for (Instant now = year_start; now < year_end;) {
      const auto local = (*directory)->local_clock(zone, now);
      REQUIRE(local);
      const ClaimVerdict verdict =
          judge_claim(candidate, RoutingState{}, unused, {*local}, {.old_system_available = true}, now);
      if (std::holds_alternative<DialNow>(verdict)) {
        const tm clock = other.at(now);
        const bool is_holiday = clock.tm_mon == 2 && clock.tm_mday == 29;
        if (clock.tm_hour < 9 || clock.tm_hour >= 21 || clock.tm_wday == 0 || is_holiday) ++outside;
        days.insert(clock.tm_yday);
        ++dials;
        // The last minute of the window, too, and the first one after it.
        const minutes to_close{(21 - clock.tm_hour) * 60 - clock.tm_min};
        now = to_close > step         ? now + step
              : to_close > minutes{1} ? std::chrono::floor<minutes>(now) + to_close - seconds{1}
                                      : std::chrono::floor<minutes>(now) + to_close;
        continue;
      }
      const auto* wait = std::get_if<WaitUntil>(&verdict);
      REQUIRE(wait);
      REQUIRE(wait->until > now);
      // Who waits across a change of clocks wakes late by the change, which is two hours at most: Troll's.
      const tm woken = other.at(wait->until);
      if (woken.tm_hour * 60 + woken.tm_min > 11 * 60) ++overslept;
      now = wait->until;
    }
    CHECK(outside == 0);
    CHECK(overslept == 0);
    CHECK(days.size() >= 311);  // 313 days that are no Sundays, where the year does not end in the middle of one
  }
  MESSAGE(zones.size() << " different zones, " << dials << " dials in a year, none outside its window");
}
