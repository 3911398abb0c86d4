#include "base/phone.hpp"

#include <algorithm>
#include <cctype>

namespace callramp {

Result<PhoneNumber> PhoneNumber::parse(std::string_view text) {
  const auto digits = text.starts_with('+') ? text.substr(1) : std::string_view{};
  const bool all_digits = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (digits.size() < 7 || digits.size() > 15 || digits.front() == '0' || !all_digits)
    return fail(ErrorCode::invalid_phone_number,
                "phone number '" + masked_input(text) + "' is not in E.164 form; write it like +919876543210",
                "phoneNumber");
  return PhoneNumber{std::string(text)};
}

std::string PhoneNumber::masked() const {
  std::string text = e164_;
  for (std::size_t i = 1; i + 4 < text.size(); ++i) text[i] = '*';
  return text;
}

std::string masked_input(std::string_view text) {
  std::string shown(text.substr(0, 40));
  const std::size_t hidden = shown.size() > 4 ? shown.size() - 4 : 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto c = static_cast<unsigned char>(shown[i]);
    // Digits have other scripts too, and the cut at 40 may have gone through a character: no such byte is shown.
    if (c >= 0x80 || (i < hidden && std::isalnum(c))) shown[i] = '*';
  }
  return shown;
}

}  // namespace callramp
