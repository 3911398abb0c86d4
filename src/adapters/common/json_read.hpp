// Tolerant reading of vendors' JSON: keys without regard to case and underscores, numbers written as text and the other
// way round, null like absent. What the vendors' documents disagree on ends here.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace callramp::adapters {

namespace json = boost::json;

/// invalid_request, naming `what` and the reason, for anything that is no JSON. Nesting deeper than 32 is refused.
Result<json::value> parse_json(std::string_view text, std::string_view what);

/// The value under `key`, which also finds "stream_sid" as "streamSid", "StreamSid" and "streamsid". Null for an absent
/// or null value and for what is no object.
const json::value* find(const json::value& object, std::string_view key) noexcept;
const json::value* find(const json::object& object, std::string_view key) noexcept;

/// A string, or a number or bool as its text; nothing for the rest.
std::optional<std::string> text_of(const json::value* value);
/// A number, or text that is wholly one; fractions are cut off, nothing if it does not fit.
std::optional<std::int64_t> integer_of(const json::value* value);
std::optional<double> number_of(const json::value* value);
/// true, "true", "True", 1 and their opposites.
std::optional<bool> boolean_of(const json::value* value);

inline std::optional<std::string> text(const json::value& object, std::string_view key) {
  return text_of(find(object, key));
}
inline std::optional<std::int64_t> integer(const json::value& object, std::string_view key) {
  return integer_of(find(object, key));
}
inline std::optional<double> number(const json::value& object, std::string_view key) {
  return number_of(find(object, key));
}
inline std::optional<bool> boolean(const json::value& object, std::string_view key) {
  return boolean_of(find(object, key));
}

/// The first `limit` bytes for a message, cut at a character, control characters as spaces.
std::string excerpt(std::string_view text, std::size_t limit = 200);

}  // namespace callramp::adapters
