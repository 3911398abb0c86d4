// LibPhoneNumberDirectory: what a number is, by Google's libphonenumber and the system's time zone data.
//
// libphonenumber's C++ has no zones of numbers, so they come from tzdata's zone1970.tab by region: a number may be in
// any zone of its region, and who calls it must be allowed in all of them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "adapters/phone/number_plans.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::phone {

class LibPhoneNumberDirectory final : public PhoneDirectory {
 public:
  /// internal, naming the file, if it cannot be read or holds no zone.
  static Result<std::unique_ptr<LibPhoneNumberDirectory>> create(
      const std::filesystem::path& zone_table = "/usr/share/zoneinfo/zone1970.tab");

  Result<PhoneNumber> normalise(std::string_view text, std::string_view region) const override;
  /// Numbers that no country owns (satellite, +800) are taken to be anywhere: the zones of the widest apart.
  std::vector<std::string> zones(const PhoneNumber& phone) const override;
  Result<LocalClock> local_clock(std::string_view zone, Instant at) const override;
  Result<Instant> instant_of(std::string_view zone, std::chrono::local_seconds wall) const override;
  Result<std::chrono::local_seconds> wall_of(std::string_view zone, Instant at) const override;

 private:
  using Zones = std::map<std::string, std::vector<std::string>, std::less<>>;
  explicit LibPhoneNumberDirectory(Zones zones) : zones_by_region_(std::move(zones)) {}

  Zones zones_by_region_;  // sorted, each once
  NumberPlans plans_;
};

}  // namespace callramp::phone
