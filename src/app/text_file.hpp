// Files that a command is given by name: read whole, and the spelling of a CSV's columns.
#pragma once

#include <string>
#include <string_view>

#include "app/command.hpp"

namespace callramp::app {

/// The refusal names the file.
Done<std::string> read_text_file(const std::string& name);

/// A header's name as everybody spells it: "user_id", "userId" and "User ID" are "userid".
std::string plain_column(std::string_view header);

}  // namespace callramp::app
