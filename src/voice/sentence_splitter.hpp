// SentenceSplitter: turns a language model's stream of fragments into pieces that can be spoken, each as early as
// possible.
//
// Text-to-speech sounds right only with whole sentences, and the callee should not wait for the second one: so a piece
// leaves at its full stop, and the first piece of a reply already at a comma once it is long enough to cover the wait
// for the rest. Markup that a model writes by habit (**bold**, lists, headings) is taken out; nobody can hear it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callramp::voice {

struct SplitterSettings {
  /// Letters after which the first piece may end at a comma, colon, semicolon or dash: about 2.5 s of speech, which
  /// covers the rendering of the next piece.
  std::size_t first_clause_letters = 40;
  /// A later sentence longer than this is cut at its next clause, so that one request to a speech service stays small.
  std::size_t clause_letters = 200;
  /// And without any clause, at a space.
  std::size_t longest_letters = 400;
};

class SentenceSplitter {
 public:
  explicit SentenceSplitter(SplitterSettings settings = {}) : settings_(settings) {}

  /// Pieces that are complete now; never empty ones, and none without a letter or digit.
  std::vector<std::string> feed(std::string_view delta);
  /// The end of the reply: what is left, if it can be spoken. The next delta begins a new reply.
  std::optional<std::string> flush();

 private:
  std::size_t find_end() const;
  bool ends_at_full_stop(std::size_t at) const;
  std::optional<std::string> take(std::size_t bytes);

  SplitterSettings settings_;
  std::string text_;
  bool first_ = true;
};

/// A whole text at once, without the early break of the first piece.
std::vector<std::string> sentences_of(std::string_view text);

}  // namespace callramp::voice
