// Result<T>: a value, or an Error that a person can act on.
//
// ErrorCode is the list of codes that the HTTP API promises, so an error keeps its meaning from the place where it
// happened to the client that reads it. The message names the thing, the value and the next step.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace callramp {

enum class ErrorCode {
  invalid_request,
  invalid_phone_number,
  schedule_in_past,
  unauthorized,
  forbidden,
  not_found,
  agent_not_found,
  conflict,
  call_already_completed,
  do_not_call,
  method_not_allowed,
  precondition_failed,
  payload_too_large,
  unsupported_media_type,
  rate_limited,
  concurrent_limit_reached,
  internal,
  unavailable,
  timeout,    ///< a deadline passed before an answer; whether the act happened is unknown
  cancelled,  ///< the caller gave up
};

/// The code as the API writes it, e.g. "INVALID_REQUEST". timeout and cancelled read as SERVICE_UNAVAILABLE.
std::string_view to_string(ErrorCode code) noexcept;

/// What went wrong, for a person. `field` names the input at fault, if one is: "outboundCallsPercentage".
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string field = {};
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string field = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(field)});
}

}  // namespace callramp

#define CALLRAMP_CONCAT_(a, b) a##b
#define CALLRAMP_CONCAT(a, b) CALLRAMP_CONCAT_(a, b)
/// TRY(name, expression): `auto name = value`, or return the error to the caller.
#define TRY(name, ...)                                                                                              \
  auto CALLRAMP_CONCAT(try_, __LINE__) = (__VA_ARGS__);                                                             \
  if (!CALLRAMP_CONCAT(try_, __LINE__)) return std::unexpected(std::move(CALLRAMP_CONCAT(try_, __LINE__)).error()); \
  auto name = std::move(CALLRAMP_CONCAT(try_, __LINE__)).value()
/// The same inside a coroutine.
#define CO_TRY(name, ...)                                                                                              \
  auto CALLRAMP_CONCAT(try_, __LINE__) = (__VA_ARGS__);                                                                \
  if (!CALLRAMP_CONCAT(try_, __LINE__)) co_return std::unexpected(std::move(CALLRAMP_CONCAT(try_, __LINE__)).error()); \
  auto name = std::move(CALLRAMP_CONCAT(try_, __LINE__)).value()
/// For a Status, whose value is nothing.
#define TRY_VOID(...) \
  if (auto try_status = (__VA_ARGS__); !try_status) return std::unexpected(std::move(try_status).error())
#define CO_TRY_VOID(...) \
  if (auto try_status = (__VA_ARGS__); !try_status) co_return std::unexpected(std::move(try_status).error())
