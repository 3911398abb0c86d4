// What is done with the text of every field: blanks off, told readable from not, written into JSON.
#pragma once

#include <string>
#include <string_view>

namespace callramp::import {

/// Without blanks around: spaces, tabs, line ends, no-break spaces and the invisible marks that come along when a
/// number is copied from a chat or a web page (zero-width and direction marks, byte order marks).
std::string_view trimmed(std::string_view text) noexcept;

/// Well-formed UTF-8 without NUL.
bool is_clean_text(std::string_view text) noexcept;

/// `text`, which must be clean, as a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);

/// At most `bytes` of it, cut between characters, with "…" where something is missing; what is not clean is replaced,
/// so that it can be shown and stored.
std::string excerpt(std::string_view text, std::size_t bytes);

}  // namespace callramp::import
