// Texts with places for a contact's data: "Hello {{name}}, your order {{order}} is ready."
//
// Names and columns come from imported files, so their contents are data and nothing else: filled in once, never read
// as a template again, cleaned of control characters and cut to a sane length.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace callramp::voice {

/// Column names (as imported) and their values.
using Fields = std::map<std::string, std::string, std::less<>>;

struct FilledText {
  std::string text;
  /// Names that had neither a value nor a default; their places are left out, with the space around them tidied.
  std::vector<std::string> missing;
};

/// Fills {{name}} and {{name|default}}; spaces inside the braces do not matter, case does. An unclosed "{{" stays as it
/// is.
FilledText fill(std::string_view pattern, const Fields& fields);

}  // namespace callramp::voice
