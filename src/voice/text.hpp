// Small questions about spoken text that several parts of voice/ ask: UTF-8 in, no locale, no tables.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace callramp::voice {

/// Code points, not bytes: Hindi takes three bytes a letter. Broken UTF-8 counts a little off and harms nothing.
std::size_t code_points(std::string_view text) noexcept;

/// True if there is something to say: a letter or digit of any script, not only punctuation and spaces.
bool is_speakable(std::string_view text) noexcept;

/// Without white space at either end.
std::string_view trimmed(std::string_view text) noexcept;

/// Words as they stand, punctuation attached; views into `text`.
std::vector<std::string_view> words_of(std::string_view text);

/// `more` after `text` with one space between; either may be empty.
void append_spaced(std::string& text, std::string_view more);

/// The first `bytes` bytes at most, never half a code point.
std::string_view prefix(std::string_view text, std::size_t bytes) noexcept;

}  // namespace callramp::voice
