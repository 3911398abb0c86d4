// FakePhoneDirectory: zones by prefix with fixed offsets, so that engine tests need no phone library and no tzdata.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ports/phone_directory.hpp"

namespace callramp::fakes {

class FakePhoneDirectory final : public PhoneDirectory {
 public:
  /// Offsets east of UTC.
  std::map<std::string, minutes, std::less<>> offsets{{"Asia/Kolkata", minutes{330}}, {"Etc/UTC", minutes{0}}};
  /// Zone by prefix of the number; others are Asia/Kolkata.
  std::map<std::string, std::vector<std::string>> zones_by_prefix;

  Result<PhoneNumber> normalise(std::string_view text, std::string_view) const override {
    return PhoneNumber::parse(text);
  }
  std::vector<std::string> zones(const PhoneNumber& phone) const override {
    for (const auto& [prefix, zones] : zones_by_prefix)
      if (phone.e164().starts_with(prefix)) return zones;
    return {"Asia/Kolkata"};
  }
  Result<LocalClock> local_clock(std::string_view zone, Instant at) const override {
    const auto found = offsets.find(zone);
    if (found == offsets.end())
      return fail(ErrorCode::invalid_request, "unknown time zone '" + std::string(zone) + "'");
    const Instant local = at + found->second;
    const auto day = std::chrono::floor<std::chrono::days>(local);
    return LocalClock{.zone = std::string(zone),
                      .time_of_day = std::chrono::floor<minutes>(local - day),
                      .weekday = static_cast<int>(std::chrono::weekday(day).c_encoding()),
                      .date = day};
  }
  Result<Instant> instant_of(std::string_view zone, std::chrono::local_seconds wall) const override {
    const auto found = offsets.find(zone);
    if (found == offsets.end())
      return fail(ErrorCode::invalid_request, "unknown time zone '" + std::string(zone) + "'");
    return Instant{wall.time_since_epoch() - found->second};
  }
  Result<std::chrono::local_seconds> wall_of(std::string_view zone, Instant at) const override {
    const auto found = offsets.find(zone);
    if (found == offsets.end())
      return fail(ErrorCode::invalid_request, "unknown time zone '" + std::string(zone) + "'");
    return std::chrono::local_seconds{std::chrono::floor<seconds>(at + found->second).time_since_epoch()};
  }
};

}  // namespace callramp::fakes
