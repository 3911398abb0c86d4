// to_text: JSON values as people write them. Boost.JSON writes 12.5 as 1.25E1, which is correct and which nobody who
// reads an answer or an audit record expects.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace callramp::net {

/// Without spaces, members in their order. The shortest text that reads back as the same number: 10, 12.5, 1e+30; what
/// is no number (NaN, infinity) is null.
std::string to_text(const boost::json::value& value);

}  // namespace callramp::net
