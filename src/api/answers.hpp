// Answers: how results and errors become HTTP responses; every error of the API has the one body of product.md §5.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "net/http.hpp"
#include "wire/scalars.hpp"

namespace callramp::api {

namespace json = boost::json;

/// The status that product.md §5 gives the code.
int http_status(ErrorCode code) noexcept;
/// {"error":{"code","message","details","requestId"}}; details names the field at fault, if one is.
json::object error_body(const Error& error, const std::string& request_id);
net::Response error_response(const Error& error, const std::string& request_id);
/// The same with `body`, which error_body made.
net::Response error_response(const Error& error, json::object body);

net::Response json_text(int status, std::string body);
net::Response json_response(int status, const json::value& body);
net::Response no_content();

/// The same value always gives the same text: keys in order, no spaces.
std::string canonical(const json::value& value);

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}
using wire::iso_or_null;
using wire::percent_number;
/// What a store holds as JSON text.
json::value stored_json(std::string_view text);

}  // namespace callramp::api
