// TextDecoder: a file's bytes as UTF-8, piece by piece, whatever a spreadsheet wrote: UTF-8 with or without a byte
// order mark, UTF-16 in either order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace callramp::import {

class TextDecoder {
 public:
  enum class Encoding { unknown, utf8, utf16_le, utf16_be };

  /// Appends the text of `bytes` to `out`. UTF-8 passes as it is, ill-formed bytes included: who reads the fields tells
  /// which line they are in. What is ill-formed in UTF-16 becomes the byte FF, which no UTF-8 has.
  void decode(std::string_view bytes, std::string& out);
  /// What the end of the file leaves over: half a character is one FF.
  void finish(std::string& out);
  /// unknown until three bytes were seen, or the end. UTF-16 without a mark is told by the zero in its first character.
  Encoding encoding() const noexcept { return encoding_; }

 private:
  void detect(bool at_end, std::string& out);
  void decode_utf16(std::string_view bytes, std::string& out);

  Encoding encoding_ = Encoding::unknown;
  std::string start_;            // the first bytes, until the encoding is known
  int half_ = -1;                // the first byte of a UTF-16 unit
  std::uint32_t surrogate_ = 0;  // a high one that waits for its low one
};

}  // namespace callramp::import
