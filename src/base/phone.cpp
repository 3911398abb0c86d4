#include "base/phone.hpp"

#include <algorithm>

namespace callramp {

Result<PhoneNumber> PhoneNumber::parse(std::string_view text) {
  const auto digits = text.starts_with('+') ? text.substr(1) : std::string_view{};
  const bool all_digits = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (digits.size() < 7 || digits.size() > 15 || digits.front() == '0' || !all_digits)
    return fail(
        ErrorCode::invalid_phone_number,
        "phone number '" + std::string(text.substr(0, 32)) + "' is not in E.164 form; write it like +919876543210",
        "phoneNumber");
  return PhoneNumber{std::string(text)};
}

std::string PhoneNumber::masked() const {
  std::string text = e164_;
  for (std::size_t i = 1; i + 4 < text.size(); ++i) text[i] = '*';
  return text;
}

}  // namespace callramp
