#include "core/import/field_text.hpp"

#include <array>
#include <cstring>

#include "base/utf8.hpp"

namespace callramp::import {
namespace {

// How many bytes of a blank `text` starts with (or ends with).
constexpr std::array<std::string_view, 13> wide_blanks{
    "\xC2\xA0",      // U+00A0 no-break space
    "\xE2\x80\x8B",  // U+200B zero-width space
    "\xE2\x80\x8C",  // U+200C
    "\xE2\x80\x8D",  // U+200D
    "\xE2\x80\x8E",  // U+200E left-to-right mark
    "\xE2\x80\x8F",  // U+200F
    "\xE2\x80\xAA",  // U+202A left-to-right embedding
    "\xE2\x80\xAC",  // U+202C pop directional formatting
    "\xE2\x80\xAD",  // U+202D
    "\xE2\x80\xAF",  // U+202F narrow no-break space
    "\xE2\x81\xA0",  // U+2060 word joiner
    "\xE2\x81\xA6",  // U+2066
    "\xEF\xBB\xBF",  // U+FEFF byte order mark
};
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
  for (bool more = true; more && !text.empty();) {
    more = false;
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    // Blanks of more than one byte are rare: only a byte above ASCII at an end is worth the look.
    if (text.empty() || (static_cast<signed char>(text.front()) >= 0 && static_cast<signed char>(text.back()) >= 0))
      break;
    for (const std::string_view blank : wide_blanks) {
      while (text.starts_with(blank)) {
        text.remove_prefix(blank.size());
        more = true;
      }
      while (text.ends_with(blank)) {
        text.remove_suffix(blank.size());
        more = true;
      }
    }
  }
  return text;
}

bool is_clean_text(std::string_view text) noexcept {
  while (!text.empty()) {
    // Eight ASCII characters at a time; a byte of zero makes the subtraction borrow into its top bit.
    if (text.size() >= 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data(), 8);
      constexpr std::uint64_t tops = 0x8080808080808080u;
      if ((word & tops) == 0 && ((word - 0x0101010101010101u) & tops) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    const DecodedChar decoded = decode_utf8(text);
    if (!decoded.well_formed || decoded.value == 0) return false;
    text.remove_prefix(decoded.length);
  }
  return true;
}

void append_json_string(std::string_view text, std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // start of what needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += hex[c >> 4];
        out += hex[c & 15];
    }
  }
  out += text.substr(plain);
  out += '"';
}

std::string excerpt(std::string_view text, std::size_t bytes) {
  std::string out;
  while (!text.empty()) {
    const DecodedChar decoded = decode_utf8(text);
    const bool clean = decoded.well_formed && decoded.value != 0;
    const std::string_view piece = clean ? text.substr(0, decoded.length) : std::string_view("\xEF\xBF\xBD");
    if (out.size() + piece.size() > bytes) return out + "…";
    out += piece;
    text.remove_prefix(decoded.length);
  }
  return out;
}

}  // namespace callramp::import
