#include "base/result.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace callramp {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::invalid_request, std::to_string(value) + " is odd", "value");
  return value / 2;
}

Result<int> quarter(int value) {
  TRY(once, half(value));
  TRY(twice, half(once));
  return twice;
}

Status even(int value) {
  TRY_VOID(half(value));
  return {};
}

Result<std::unique_ptr<int>> boxed(int value) {
  TRY(box, Result<std::unique_ptr<int>>(std::make_unique<int>(value)));
  return box;
}

TEST_CASE("TRY goes on with the value or returns the error as it was") {
  CHECK(*quarter(8) == 2);
  const auto failed = quarter(6);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::invalid_request);
  CHECK(failed.error().message == "3 is odd");
  CHECK(failed.error().field == "value");
}

TEST_CASE("TRY moves what cannot be copied") { CHECK(**boxed(5) == 5); }

TEST_CASE("TRY_VOID is for a Status") {
  CHECK(even(4));
  CHECK(even(5).error().message == "5 is odd");
}

TEST_CASE("every error code is spelled as the API promises") {
  struct Row {
    ErrorCode code;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{ErrorCode::invalid_request, "INVALID_REQUEST"},
                                         {ErrorCode::invalid_phone_number, "INVALID_PHONE_NUMBER"},
                                         {ErrorCode::schedule_in_past, "SCHEDULE_IN_PAST"},
                                         {ErrorCode::unauthorized, "UNAUTHORIZED"},
                                         {ErrorCode::forbidden, "FORBIDDEN"},
                                         {ErrorCode::not_found, "NOT_FOUND"},
                                         {ErrorCode::agent_not_found, "AGENT_NOT_FOUND"},
                                         {ErrorCode::conflict, "CONFLICT"},
                                         {ErrorCode::call_already_completed, "CALL_ALREADY_COMPLETED"},
                                         {ErrorCode::do_not_call, "DO_NOT_CALL"},
                                         {ErrorCode::method_not_allowed, "METHOD_NOT_ALLOWED"},
                                         {ErrorCode::precondition_failed, "PRECONDITION_FAILED"},
                                         {ErrorCode::payload_too_large, "PAYLOAD_TOO_LARGE"},
                                         {ErrorCode::unsupported_media_type, "UNSUPPORTED_MEDIA_TYPE"},
                                         {ErrorCode::rate_limited, "RATE_LIMITED"},
                                         {ErrorCode::concurrent_limit_reached, "CONCURRENT_LIMIT_REACHED"},
                                         {ErrorCode::internal, "INTERNAL_ERROR"},
                                         {ErrorCode::unavailable, "SERVICE_UNAVAILABLE"},
                                         {ErrorCode::timeout, "SERVICE_UNAVAILABLE"},
                                         {ErrorCode::cancelled, "SERVICE_UNAVAILABLE"}}) {
    CHECK(to_string(row.code) == row.text);
  }
}

}  // namespace
}  // namespace callramp
