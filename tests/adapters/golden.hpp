// The vendors' messages under tests/data/wire, and the variants in which real services send them.
#pragma once

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace callramp::adapters {

inline std::string golden(const std::string& name) {
  std::ifstream file(std::string(CALLRAMP_SOURCE_DIR) + "/tests/data/wire/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  REQUIRE_MESSAGE(!text.str().empty(), ("no golden file " + name));
  return text.str();
}

namespace detail {

inline std::string camel(std::string_view key) {
  std::string out;
  bool up = false;
  for (const char c : key) {
    if (c == '_') {
      up = !out.empty();
      continue;
    }
    out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    up = false;
  }
  return out;
}
inline std::string snake(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out += '_';
    out += capital ? static_cast<char>(c + 32) : c;
  }
  return out;
}
inline std::string lower(std::string_view key) {
  std::string out(key);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

enum class Numbers { as_they_are, as_text, as_numbers };

template <class Key>
boost::json::value rewritten(const boost::json::value& value, Key key, Numbers numbers) {
  if (const auto* object = value.if_object()) {
    boost::json::object out;
    for (const auto& entry : *object) out[key(entry.key())] = rewritten(entry.value(), key, numbers);
    return out;
  }
  if (const auto* array = value.if_array()) {
    boost::json::array out;
    for (const auto& element : *array) out.push_back(rewritten(element, key, numbers));
    return out;
  }
  if (numbers == Numbers::as_text && value.is_number()) return boost::json::value(boost::json::serialize(value));
  if (numbers == Numbers::as_numbers && value.is_string()) {
    const std::string text(value.get_string().data(), value.get_string().size());
    // Numbers of at most nine characters: ids and phone numbers stay text, as they do everywhere.
    if (!text.empty() && text.size() < 9 && text.find_first_not_of("0123456789.") == std::string::npos) {
      boost::system::error_code error;
      auto number = boost::json::parse(text, error);
      if (!error) return number;
    }
  }
  return value;
}

}  // namespace detail

/// `text` in every mixture of key case and number form that the vendors' documents show, itself first.
inline std::vector<std::string> variants(const std::string& text) {
  const auto value = boost::json::parse(text);
  std::vector<std::string> all{text};
  using detail::Numbers;
  for (const Numbers numbers : {Numbers::as_they_are, Numbers::as_text, Numbers::as_numbers}) {
    const auto add = [&](auto key) { all.push_back(boost::json::serialize(detail::rewritten(value, key, numbers))); };
    add([](std::string_view key) { return std::string(key); });
    add([](std::string_view key) { return detail::camel(key); });
    add([](std::string_view key) { return detail::snake(key); });
    add([](std::string_view key) { return detail::lower(key); });
  }
  return all;
}

/// What is broken about `text` in ways that a parser must survive: cut anywhere, with a byte changed, wrapped, emptied.
inline std::vector<std::string> damaged(const std::string& text) {
  std::vector<std::string> all{
      "", " ", "null", "true", "[]", "{}", "\"text\"", "[" + text + "]", text + text, "\xff\xfe", std::string(3, '\0')};
  for (std::size_t cut = 1; cut < text.size(); cut += 1 + text.size() / 200) all.push_back(text.substr(0, cut));
  for (std::size_t at = 0; at < text.size(); at += 1 + text.size() / 200) {
    all.push_back(text);
    all.back()[at] = static_cast<char>(all.back()[at] ^ 0x15);
  }
  all.push_back(std::string(5000, '['));
  return all;
}

}  // namespace callramp::adapters
