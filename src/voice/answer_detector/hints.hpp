// Hints: what the first words of an answer say about who answers: voicemail, a menu, an operator's announcement, a
// call-screening assistant, or a person.
//
// Works on interim text, because a machine's words come 1 to 2 s before the recogniser calls them final. Phrases are
// those of voicemail systems, of Indian and international operators and of phones' assistants, in the script that a
// recogniser writes them in and romanised, as others do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace callramp::voice {

enum class Party : std::uint8_t { none, human, machine, ivr, announcement, screening };
std::string_view to_string(Party party) noexcept;

struct Hint {
  Party party = Party::none;
  std::string_view phrase;  ///< as the table has it; empty for a digit string or a mere count of words
  /// Log-odds that the text adds for a recording against a person.
  float log_odds = 0;
  int words = 0;
  int longest_digits = 0;  ///< longest unbroken run of spoken or written digits
};

/// Judges the words so far. Not thread-safe: keeps its buffer, so that text of usual length allocates nothing.
class HintReader {
 public:
  HintReader();
  Hint read(std::string_view text);

 private:
  std::string plain_;  // lower case, one space between words and at both ends
};

/// How many phrases the table has.
std::size_t hint_phrase_count() noexcept;

}  // namespace callramp::voice
