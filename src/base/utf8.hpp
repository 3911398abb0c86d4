// UTF-8 read one character at a time, ill-formed input included: what a JavaScript or Python decoder would make of it.
#pragma once

#include <cstddef>
#include <string_view>

namespace callramp {

struct DecodedChar {
  char32_t value = 0;       ///< U+FFFD where the bytes are ill-formed
  std::size_t length = 1;   ///< bytes it took, at least 1
  bool well_formed = true;  ///< false: `value` stands for bytes that mean nothing
};

/// The character at the front of `text`, which must not be empty. Overlong forms, surrogates, values above U+10FFFF and
/// cut sequences are ill-formed; each maximal cut sequence is one U+FFFD (Unicode 15 §3.9, WHATWG Encoding).
DecodedChar decode_utf8(std::string_view text) noexcept;

}  // namespace callramp
