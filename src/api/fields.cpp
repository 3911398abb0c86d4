#include "api/fields.hpp"

#include <algorithm>
#include <charconv>

namespace callramp::api {
namespace {

constexpr std::size_t max_shown_bytes = 60;  // of a wrong value, in a message

std::string shown(const json::value& value) {
  std::string text = json::serialize(value);
  if (text.size() <= max_shown_bytes) return text;
  std::size_t end = max_shown_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return text.substr(0, end) + "…";
}

bool is_json(const net::Request& request) {
  const auto type = request.headers.find("Content-Type");
  if (!type) return false;
  auto name = type->substr(0, type->find(';'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  return net::same_name(name, "application/json");
}

Result<json::object> parse_object(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error) return fail(ErrorCode::invalid_request, "the body is not JSON: " + error.message());
  if (!value.is_object())
    return fail(ErrorCode::invalid_request, "the body is " + shown(value) + "; a JSON object is expected");
  return std::move(value.get_object());
}

}  // namespace

Awaitable<Result<json::object>> read_object(Exchange& exchange) {
  if (!is_json(exchange.request))
    co_return fail(ErrorCode::unsupported_media_type,
                   "Content-Type is '" + std::string(exchange.request.headers.find("Content-Type").value_or("")) +
                       "'; application/json is expected");
  CO_TRY(body, co_await net::read_all(*exchange.request.body, max_body_bytes));
  co_return parse_object(body);
}

Awaitable<Result<json::object>> read_object_or_nothing(Exchange& exchange) {
  if (is_json(exchange.request)) {
    CO_TRY(body, co_await net::read_all(*exchange.request.body, max_body_bytes));
    if (body.empty()) co_return json::object{};
    co_return parse_object(body);
  }
  CO_TRY(first, co_await exchange.request.body->read_some());
  if (first.empty()) co_return json::object{};
  co_return fail(ErrorCode::unsupported_media_type, "the body is no application/json; send JSON, or no body");
}

Result<json::object> read_query(const net::Request& request) {
  TRY(pairs, net::parse_query(request.query));
  json::object fields;
  for (const auto& [name, value] : pairs) {
    if (fields.contains(name)) return fail(ErrorCode::invalid_request, "parameter '" + name + "' is given twice", name);
    fields[name] = value;
  }
  return fields;
}

Result<std::optional<std::int64_t>> read_if_match(const net::Request& request) {
  const auto header = request.headers.find("If-Match");
  if (!header || *header == "*") return std::nullopt;
  std::string_view text = *header;
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(
        ErrorCode::precondition_failed,
        "If-Match is '" + std::string(header->substr(0, 60)) + "', which is no version; send the ETag of what you read",
        "If-Match");
  return version;
}

const json::value* Fields::find(std::string_view name) {
  known_.push_back(name);
  return object_.if_contains(name);
}

void Fields::require(std::string_view name) {
  if (!object_.contains(name))
    refuse(name, {.code = ErrorCode::invalid_request, .message = std::string(name) + " is missing; it is required"});
}

void Fields::refuse(std::string_view name, Error error) {
  if (error_) return;
  if (error.message.find(name) == std::string::npos) {
    const json::value* value = object_.if_contains(name);
    error.message = std::string(name) + (value ? " is " + shown(*value) : "") + ": " + error.message;
  }
  error.field = name;
  error_ = std::move(error);
}

void Fields::wrong(std::string_view name, const json::value& value, std::string_view expected) {
  refuse(name, {.code = ErrorCode::invalid_request,
                .message = std::string(name) + " is " + shown(value) + "; " + std::string(expected) + " is expected"});
}

std::string Fields::text(std::string_view name, std::size_t max_bytes) {
  require(name);
  auto value = maybe_text(name, max_bytes);
  if (value && value->empty()) wrong(name, "", "a text that is not empty");
  return std::move(value).value_or("");
}

std::optional<std::string> Fields::maybe_text(std::string_view name, std::size_t max_bytes) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const json::string* text = value->if_string();
  if (text == nullptr) {
    wrong(name, *value, "a string");
  } else if (text->size() > max_bytes) {
    wrong(name, *value, "a string of at most " + std::to_string(max_bytes) + " bytes");
  } else if (text->find('\0') != json::string::npos) {
    wrong(name, *value, "a string without NUL");
  } else {
    return std::string(*text);
  }
  return std::nullopt;
}

std::optional<bool> Fields::maybe_boolean(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  wrong(name, *value, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::maybe_integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto* number = value->if_int64();
  if (number != nullptr && *number >= least && *number <= most) return *number;
  wrong(name, *value, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<double> Fields::maybe_number(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->to_number<double>();
  wrong(name, *value, "a number");
  return std::nullopt;
}

const json::object* Fields::maybe_object(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) wrong(name, *value, "an object");
  return value->if_object();
}

Status Fields::finish() const {
  if (error_) return std::unexpected(*error_);
  for (const auto& [key, value] : object_) {
    const std::string_view name(key);
    if (std::ranges::find(known_, name) != known_.end()) continue;
    std::string message = "field '" + std::string(name.substr(0, max_shown_bytes)) + "' with the value " +
                          shown(value) + " is not known; known are";
    for (const std::string_view known : known_) message += " " + std::string(known);
    return fail(ErrorCode::invalid_request, std::move(message), std::string(name.substr(0, max_shown_bytes)));
  }
  return {};
}

Result<std::string> parse_region(std::string_view text) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text.size() == 2 && std::ranges::all_of(text, capital)) return std::string(text);
  return fail(ErrorCode::invalid_request, "two capital letters are expected, ISO 3166, such as IN");
}

Result<std::int64_t> parse_count(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
    return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, max_shown_bytes)) +
                                                "' is not a number from " + std::to_string(least) + " to " +
                                                std::to_string(most));
  return number;
}

Page read_page(Fields& fields) {
  const auto page = fields.maybe("page", [](std::string_view text) { return parse_count(text, 1, max_page); });
  const auto limit = fields.maybe("limit", [](std::string_view text) { return parse_count(text, 1, max_limit); });
  return {.page = static_cast<int>(page.value_or(1)), .limit = static_cast<int>(limit.value_or(default_limit))};
}

}  // namespace callramp::api
