// What a phone number is: whether it can exist, how people write it, and in which time zones it may ring.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/phone.hpp"
#include "core/calls/calling_window.hpp"

namespace callramp {

/// Thread-safe and without I/O after construction.
class PhoneDirectory {
 public:
  virtual ~PhoneDirectory() = default;
  /// Any usual spelling to E.164. `region` (ISO 3166, "IN") is assumed for numbers without a country code. The error
  /// says why: too short, not a possible number of its region, …
  virtual Result<PhoneNumber> normalise(std::string_view text, std::string_view region) const = 0;
  /// IANA zones that the number may be in; never empty for a valid country code.
  virtual std::vector<std::string> zones(const PhoneNumber& phone) const = 0;
  /// The wall clock of `zone`; an error for an unknown name.
  virtual Result<LocalClock> local_clock(std::string_view zone, Instant at) const = 0;
  /// When the wall clock of `zone` shows `wall`: of a time that summer time skips the first instant after the gap, of
  /// one that comes twice the first. An error for an unknown name.
  virtual Result<Instant> instant_of(std::string_view zone, std::chrono::local_seconds wall) const = 0;
  /// What the wall clock of `zone` shows.
  virtual Result<std::chrono::local_seconds> wall_of(std::string_view zone, Instant at) const = 0;
};

}  // namespace callramp
