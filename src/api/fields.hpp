// Fields: strict reading of a request's JSON object (or query). A field that is unknown, missing, of the wrong type or
// out of range is an error that names it, its value and what is expected; the first one found counts.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/router.hpp"
#include "base/phone.hpp"

namespace callramp {
class PhoneDirectory;
}

namespace callramp::api {

namespace json = boost::json;

/// Largest body that is read (product.md §5).
constexpr std::size_t max_body_bytes = 1024 * 1024;
/// Longest `reason` that an operator may give.
constexpr std::size_t max_reason_bytes = 1000;
/// Longest id of somebody else's thing.
constexpr std::size_t max_external_id_bytes = 200;
/// A clock of theirs that runs ahead is forgiven this much; what happens tomorrow is a mistake.
constexpr minutes clock_skew{5};

/// The body as an object. unsupported_media_type unless it says application/json, payload_too_large, invalid_request.
Awaitable<Result<json::object>> read_object(Exchange& exchange);
/// The same, and {} for a request without a body.
Awaitable<Result<json::object>> read_object_or_nothing(Exchange& exchange);
/// The query's parameters as text fields; a parameter given twice is an error.
Result<json::object> read_query(const net::Request& request);

/// If-Match: "7". "*" and no header guard nothing; what is no version of ours matches none: precondition_failed.
Result<std::optional<std::int64_t>> read_if_match(const net::Request& request);

class Fields {
 public:
  /// Borrows the object.
  explicit Fields(const json::object& object) : object_(object) {}

  /// Without NUL; required ones not empty. After an error the values mean nothing: ask finish() before using them.
  std::string text(std::string_view name, std::size_t max_bytes);
  std::optional<std::string> maybe_text(std::string_view name, std::size_t max_bytes);
  std::optional<bool> maybe_boolean(std::string_view name);
  std::optional<std::int64_t> maybe_integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<double> maybe_number(std::string_view name);
  const json::object* maybe_object(std::string_view name);
  /// Text that `parse` understands: parse_iso, parse_outcome, …
  template <class Parse>
  auto maybe(std::string_view name, Parse parse)
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    const auto written = maybe_text(name, max_reason_bytes);
    if (!written) return std::nullopt;
    auto value = parse(std::string_view(*written));
    if (value) return *std::move(value);
    refuse(name, value.error());
    return std::nullopt;
  }
  template <class Parse>
  auto required(std::string_view name, Parse parse) -> typename decltype(parse(std::string_view{}))::value_type {
    require(name);
    return maybe(name, parse).value_or(typename decltype(parse(std::string_view{}))::value_type{});
  }
  bool has(std::string_view name) const { return object_.contains(name); }
  /// The field is known, and whoever asks reads it himself.
  void skip(std::string_view name) { known_.push_back(name); }
  /// Remembers an error of the field's value.
  void refuse(std::string_view name, Error error);
  /// The first error; an unknown field if there was none.
  Status finish() const;

 private:
  const json::value* find(std::string_view name);
  void require(std::string_view name);
  void wrong(std::string_view name, const json::value& value, std::string_view expected);

  const json::object& object_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

constexpr int max_page = 1'000'000;
constexpr int max_limit = 100;  // product.md §5
constexpr int default_limit = 20;

/// ISO 3166: two capital letters.
Result<std::string> parse_region(std::string_view text);

/// A whole number of a query.
Result<std::int64_t> parse_count(std::string_view text, std::int64_t least, std::int64_t most);

/// "page" and "limit" of a listing.
struct Page {
  int page = 1;
  int limit = default_limit;
};
Page read_page(Fields& fields);

}  // namespace callramp::api
