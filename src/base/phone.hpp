// PhoneNumber: an E.164 number, checked for shape; whether it can exist is the phone directory port's matter.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace callramp {

class PhoneNumber {
 public:
  PhoneNumber() = default;
  /// '+', then 7 to 15 digits, the first not 0 (ITU-T E.164: at most 15). No spaces; anything else is
  /// invalid_phone_number, whose message shows `masked_input(text)`.
  static Result<PhoneNumber> parse(std::string_view text);

  const std::string& e164() const noexcept { return e164_; }
  bool empty() const noexcept { return e164_.empty(); }
  /// "+********3210": all but the last four digits hidden. The only form that belongs in a log.
  std::string masked() const;
  auto operator<=>(const PhoneNumber&) const = default;

 private:
  explicit PhoneNumber(std::string e164) : e164_(std::move(e164)) {}
  std::string e164_;
};

/// What somebody gave as a number, for messages: at most 40 characters, all digits and letters but the last four
/// hidden. The shape stays ("***** *3210", "tel:"-like signs), which is what tells why it was refused.
std::string masked_input(std::string_view text);

}  // namespace callramp
