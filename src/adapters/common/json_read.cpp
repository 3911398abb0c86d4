#include "adapters/common/json_read.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace callramp::adapters {
namespace {

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_key(std::string_view a, std::string_view b) noexcept {
  std::size_t i = 0;
  std::size_t j = 0;
  while (true) {
    while (i < a.size() && a[i] == '_') ++i;
    while (j < b.size() && b[j] == '_') ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (fold(a[i++]) != fold(b[j++])) return false;
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, {.max_depth = 32});
  if (error) return fail(ErrorCode::invalid_request, std::string(what) + " is no JSON (" + error.message() + ")");
  return value;
}

const json::value* find(const json::object& object, std::string_view key) noexcept {
  const json::value* found = object.if_contains(key);  // the usual spelling, by hash
  for (auto entry = object.begin(); !found && entry != object.end(); ++entry)
    if (same_key(entry->key(), key)) found = &entry->value();
  return found && !found->is_null() ? found : nullptr;
}

const json::value* find(const json::value& value, std::string_view key) noexcept {
  const json::object* object = value.if_object();
  return object ? find(*object, key) : nullptr;
}

std::optional<std::string> text_of(const json::value* value) {
  if (!value) return std::nullopt;
  if (const json::string* string = value->if_string()) return std::string(string->data(), string->size());
  if (value->is_double()) {
    // As a price is written, "0.5" and not "5E-1". Beyond 1e15 no vendor's number means anything.
    if (!(std::fabs(value->get_double()) < 1e15)) return std::nullopt;
    std::array<char, 64> digits;
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), value->get_double(), std::chars_format::fixed);
    return error == std::errc() ? std::optional(std::string(digits.data(), end)) : std::nullopt;
  }
  if (value->is_number() || value->is_bool()) return json::serialize(*value);
  return std::nullopt;
}

std::optional<double> number_of(const json::value* value) {
  if (!value) return std::nullopt;
  if (const json::string* string = value->if_string()) {
    const std::string_view text = trimmed({string->data(), string->size()});
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
  }
  if (value->is_double() && std::isfinite(value->get_double())) return value->get_double();
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  if (value->is_uint64()) return static_cast<double>(value->get_uint64());
  return std::nullopt;
}

std::optional<std::int64_t> integer_of(const json::value* value) {
  if (value && value->is_int64()) return value->get_int64();
  const std::optional<double> number = number_of(value);
  if (!number || std::fabs(*number) > 9.0e18) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<bool> boolean_of(const json::value* value) {
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  const std::optional<std::string> text = text_of(value);
  if (!text) return std::nullopt;
  if (same_key(*text, "true") || *text == "1") return true;
  if (same_key(*text, "false") || *text == "0") return false;
  return std::nullopt;
}

std::string excerpt(std::string_view text, std::size_t limit) {
  std::size_t end = std::min(limit, text.size());
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string cut(text.substr(0, end));
  for (char& c : cut)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return cut;
}

}  // namespace callramp::adapters
