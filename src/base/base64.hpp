// Base 64 (RFC 4648 §4), as media frames and Basic authentication carry it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace callramp {

std::string base64_encode(std::string_view bytes);
/// Padding optional; a character outside the alphabet or an impossible length is an error. No white space.
Result<std::string> base64_decode(std::string_view text);

}  // namespace callramp
