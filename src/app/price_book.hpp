// The price book's file: YAML to core's PriceBook, every row checked.
#pragma once

#include <string>
#include <string_view>

#include "core/calls/price.hpp"

namespace callramp::app {

/// Errors name the file, the line, the row and what is wrong; a row without `as_of` and `source` is one.
Result<PriceBook> parse_price_book(std::string_view yaml, const std::string& file);
/// `file`, or the book that comes with the program if it is empty.
Result<PriceBook> load_price_book(const std::string& file);

}  // namespace callramp::app
