#include "base/result.hpp"

#include "base/ensure.hpp"

namespace callramp {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_request: return "INVALID_REQUEST";
    case ErrorCode::invalid_phone_number: return "INVALID_PHONE_NUMBER";
    case ErrorCode::schedule_in_past: return "SCHEDULE_IN_PAST";
    case ErrorCode::unauthorized: return "UNAUTHORIZED";
    case ErrorCode::forbidden: return "FORBIDDEN";
    case ErrorCode::not_found: return "NOT_FOUND";
    case ErrorCode::agent_not_found: return "AGENT_NOT_FOUND";
    case ErrorCode::conflict: return "CONFLICT";
    case ErrorCode::call_already_completed: return "CALL_ALREADY_COMPLETED";
    case ErrorCode::do_not_call: return "DO_NOT_CALL";
    case ErrorCode::method_not_allowed: return "METHOD_NOT_ALLOWED";
    case ErrorCode::precondition_failed: return "PRECONDITION_FAILED";
    case ErrorCode::payload_too_large: return "PAYLOAD_TOO_LARGE";
    case ErrorCode::unsupported_media_type: return "UNSUPPORTED_MEDIA_TYPE";
    case ErrorCode::rate_limited: return "RATE_LIMITED";
    case ErrorCode::concurrent_limit_reached: return "CONCURRENT_LIMIT_REACHED";
    case ErrorCode::internal: return "INTERNAL_ERROR";
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::cancelled: return "SERVICE_UNAVAILABLE";
  }
  ENSURE(false, "an ErrorCode outside its enumeration");
}

}  // namespace callramp
