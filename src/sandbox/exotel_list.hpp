// The carrier's bulk query, GET /v1/Accounts/{sid}/Calls: filters, order and pages. The product settles calls with it
// whose dial it does not know the end of.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sandbox/exotel_wire.hpp"

namespace callramp::sandbox::exotel {

/// A page as JSON. `records` in order of creation; `fields` are the query's; `path` is the request's, for the links.
/// Understood: Sid, From, To, PhoneNumber (comma lists), DateCreated (gte:…;lte:…, India's time), Status, PageSize,
/// SortBy, After, Before; anything else in the documentation (Duration, Price, Direction, RecordingUrlValidity) is
/// refused.
std::variant<std::string, RestError> list_calls(const std::vector<const CallRecord*>& records,
                                                const net::FormFields& fields, std::string_view path, Instant now);

}  // namespace callramp::sandbox::exotel
