#include "api/answers.hpp"

#include <algorithm>
#include <vector>

#include "base/ensure.hpp"
#include "net/json_text.hpp"

namespace callramp::api {

int http_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_request:
    case ErrorCode::invalid_phone_number:
    case ErrorCode::schedule_in_past: return 400;
    case ErrorCode::unauthorized: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found:
    case ErrorCode::agent_not_found: return 404;
    case ErrorCode::method_not_allowed: return 405;
    case ErrorCode::conflict:
    case ErrorCode::call_already_completed: return 409;
    case ErrorCode::precondition_failed: return 412;
    case ErrorCode::payload_too_large: return 413;
    case ErrorCode::unsupported_media_type: return 415;
    case ErrorCode::do_not_call: return 422;
    case ErrorCode::rate_limited:
    case ErrorCode::concurrent_limit_reached: return 429;
    case ErrorCode::internal: return 500;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::cancelled: return 503;
  }
  ENSURE(false, "an ErrorCode outside its enumeration");
}

json::object error_body(const Error& error, const std::string& request_id) {
  json::object details;
  if (!error.field.empty()) details["field"] = error.field;
  // What broke inside is for the log; the client can only tell us the request's id.
  const std::string message = error.code == ErrorCode::internal
                                  ? "something went wrong on our side; it is logged with this requestId"
                                  : error.message;
  return {{"error", json::object{{"code", to_string(error.code)},
                                 {"message", message},
                                 {"details", std::move(details)},
                                 {"requestId", request_id}}}};
}

net::Response error_response(const Error& error, const std::string& request_id) {
  return error_response(error, error_body(error, request_id));
}

net::Response error_response(const Error& error, json::object body) {
  net::Response response = json_response(http_status(error.code), std::move(body));
  if (response.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (response.status == 429) response.headers.add("Retry-After", "60");
  return response;
}

net::Response json_text(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

net::Response json_response(int status, const json::value& body) { return json_text(status, net::to_text(body)); }

net::Response no_content() { return {.status = 204}; }

std::string canonical(const json::value& value) {
  if (const auto* array = value.if_array()) {
    std::string text = "[";
    for (const json::value& element : *array) text.append(text.size() > 1 ? "," : "").append(canonical(element));
    return text + "]";
  }
  const auto* object = value.if_object();
  if (object == nullptr) return net::to_text(value);
  std::vector<const json::key_value_pair*> fields;
  for (const auto& field : *object) fields.push_back(&field);
  std::ranges::sort(fields, {}, [](const auto* field) { return std::string_view(field->key()); });
  std::string text = "{";
  for (const auto* field : fields) {
    if (text.size() > 1) text += ",";
    text += json::serialize(json::value(field->key())) + ":" + canonical(field->value());
  }
  return text + "}";
}

json::value stored_json(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  // Everything in the store was written by us; should it be damaged, the text itself says more than an error.
  return error ? json::value(json::string(text)) : value;
}

}  // namespace callramp::api
