#include "core/import/text_decoder.hpp"

namespace callramp::import {
namespace {

constexpr char ill_formed = '\xFF';

void append_utf8(std::uint32_t value, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (value >> shift & 0x3F)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0 | value >> 6);
    tail(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0 | value >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | value >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

void TextDecoder::detect(bool at_end, std::string& out) {
  if (start_.size() < 3 && !at_end) return;
  const std::string start = std::move(start_);
  start_.clear();
  std::string_view rest(start);
  if (rest.starts_with("\xEF\xBB\xBF")) {
    encoding_ = Encoding::utf8;
    rest.remove_prefix(3);
  } else if (rest.starts_with("\xFF\xFE") || rest.starts_with("\xFE\xFF")) {
    encoding_ = rest[0] == '\xFF' ? Encoding::utf16_le : Encoding::utf16_be;
    rest.remove_prefix(2);
  } else if (rest.size() >= 2 && (rest[0] == '\0') != (rest[1] == '\0')) {
    encoding_ = rest[1] == '\0' ? Encoding::utf16_le : Encoding::utf16_be;
  } else {
    encoding_ = Encoding::utf8;
  }
  decode(rest, out);
}

void TextDecoder::decode(std::string_view bytes, std::string& out) {
  switch (encoding_) {
    case Encoding::unknown:
      start_ += bytes;
      detect(false, out);
      break;
    case Encoding::utf8: out += bytes; break;
    case Encoding::utf16_le:
    case Encoding::utf16_be: decode_utf16(bytes, out); break;
  }
}

void TextDecoder::finish(std::string& out) {
  if (encoding_ == Encoding::unknown) detect(true, out);
  if (half_ >= 0 || surrogate_ != 0) out += ill_formed;
  half_ = -1;
  surrogate_ = 0;
}

void TextDecoder::decode_utf16(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (half_ < 0) {
      half_ = byte;
      continue;
    }
    const auto first = static_cast<std::uint32_t>(half_);
    half_ = -1;
    const std::uint32_t unit = encoding_ == Encoding::utf16_le ? first | byte << 8 : first << 8 | byte;
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (surrogate_ != 0) {
      if (low)
        append_utf8(0x10000 + ((surrogate_ - 0xD800) << 10) + (unit - 0xDC00), out);
      else
        out += ill_formed;
      surrogate_ = 0;
      if (low) continue;
    }
    if (unit >= 0xD800 && unit < 0xDC00)
      surrogate_ = unit;
    else if (low)
      out += ill_formed;
    else
      append_utf8(unit, out);
  }
}

}  // namespace callramp::import
