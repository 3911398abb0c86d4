// multipart/form-data (RFC 7578) in whole bodies: a carrier's callbacks arrive in it, its requests may be sent in it.
//
// For small forms that fit in memory; a streamed import reads its file part by other means.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace callramp::net {

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// The parameter `boundary` of a multipart/form-data content type; an error for any other type.
Result<std::string> multipart_boundary(std::string_view content_type);
/// Names and contents in order, repeats kept; a file's name and type are dropped. invalid_request for a body that is
/// cut off or has parts without a name.
Result<FormFields> parse_multipart(std::string_view content_type, std::string_view body);
/// A body for "multipart/form-data; boundary=`boundary`". `boundary` must not occur in any value.
std::string format_multipart(const FormFields& fields, std::string_view boundary);

/// The fields of a form body of either kind, by its content type; unsupported_media_type for another.
Result<FormFields> parse_form(std::string_view content_type, std::string_view body);

}  // namespace callramp::net
