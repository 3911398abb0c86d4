#include "net/json_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

namespace callramp::net {
namespace {

namespace json = boost::json;

template <class Number>
void append_number(std::string& text, Number number) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_number(std::string& text, double number) {
  // Up to 2^53 every whole number is exact: all its digits rather than 1e+06.
  if (std::abs(number) < 0x1p53 && number == std::trunc(number))
    append_number(text, static_cast<std::int64_t>(number));
  else if (std::isfinite(number))
    append_number<double>(text, number);
  else
    text += "null";
}

void append_string(std::string& text, std::string_view string) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
  for (const char c : string)
    if (!plain(c)) {
      text += json::serialize(json::string_view(string.data(), string.size()));
      return;
    }
  text += '"';
  text += string;
  text += '"';
}

void append(std::string& text, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: text += "null"; return;
    case json::kind::bool_: text += value.get_bool() ? "true" : "false"; return;
    case json::kind::int64: append_number(text, value.get_int64()); return;
    case json::kind::uint64: append_number(text, value.get_uint64()); return;
    case json::kind::double_: append_number(text, value.get_double()); return;
    case json::kind::string: append_string(text, value.get_string()); return;
    case json::kind::array: {
      char before = '[';
      for (const json::value& element : value.get_array()) {
        text += std::exchange(before, ',');
        append(text, element);
      }
      text += before == '[' ? "[]" : "]";
      return;
    }
    case json::kind::object: {
      char before = '{';
      for (const auto& member : value.get_object()) {
        text += std::exchange(before, ',');
        append_string(text, member.key());
        text += ':';
        append(text, member.value());
      }
      text += before == '{' ? "{}" : "}";
      return;
    }
  }
}

}  // namespace

std::string to_text(const json::value& value) {
  std::string text;
  append(text, value);
  return text;
}

}  // namespace callramp::net
