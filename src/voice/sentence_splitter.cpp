#include "voice/sentence_splitter.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "voice/text.hpp"

namespace callramp::voice {

namespace {

constexpr std::size_t none = std::string_view::npos;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

// A name or a number follows: never the end of a sentence.
constexpr std::array<std::string_view, 19> titles{"mr", "mrs", "ms",   "dr",  "prof", "sr", "jr",  "st", "smt", "shri",
                                                  "rs", "vs",  "capt", "col", "gen",  "lt", "hon", "mt", "डॉ"};
// May also end a sentence: then a capital letter follows.
constexpr std::array<std::string_view, 16> abbreviations{"etc", "a.m",  "p.m",    "e.g",  "i.e", "ltd",  "pvt", "inc",
                                                         "co",  "corp", "approx", "dept", "ext", "govt", "min", "u.s"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// The length of a sentence end at `at` other than the full stop, which needs to see what follows; 0 if there is none.
std::size_t plain_end(std::string_view text, std::size_t at) {
  if (text[at] == '!' || text[at] == '?' || text[at] == '\n') return 1;
  for (std::string_view mark : {"।", "॥", "…", "。", "？", "！", "؟"})
    if (text.substr(at).starts_with(mark)) return mark.size();
  return 0;
}

// The length of a clause end at `at`; it must be followed by a space, or 1,000 would be two pieces.
std::size_t clause_end(std::string_view text, std::size_t at) {
  for (std::string_view mark : {",", ";", ":", "—", "–", "،"})
    if (text.substr(at).starts_with(mark) && at + mark.size() < text.size() && is_space(text[at + mark.size()]))
      return mark.size();
  return 0;
}

// Quotes and brackets that close a sentence belong to it.
std::size_t skip_closers(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '"' || text[at] == '\'' || text[at] == ')' || text[at] == '!' || text[at] == '?')
      ++at;
    else if (text.substr(at).starts_with("”") || text.substr(at).starts_with("’"))
      at += 3;
    else
      break;
  }
  return at;
}

// What is left over at the beginning of a piece and has no sound: list marks, headings, a closer that came late.
std::string_view without_lead(std::string_view text) {
  while (!text.empty()) {
    if (std::string_view(" \t\r\n.!?,;:)'\"#-").find(text.front()) != none) {
      // "-5 degrees" keeps its sign.
      if (text.front() == '-' && text.size() > 1 && is_digit(text[1])) break;
      // So do opening quotes.
      if ((text.front() == '"' || text.front() == '\'') && text.size() > 1 && is_letter(text[1])) break;
      text.remove_prefix(1);
    } else if (text.starts_with("”") || text.starts_with("•")) {
      text.remove_prefix(3);
    } else {
      break;
    }
  }
  return text;
}

std::string speakable(std::string_view piece) {
  std::string out;
  bool space = false;
  for (char c : without_lead(piece)) {
    if (c == '*' || c == '`') continue;
    if (is_space(c)) {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

}  // namespace

std::vector<std::string> SentenceSplitter::feed(std::string_view delta) {
  text_ += delta;
  std::vector<std::string> pieces;
  for (std::size_t end = find_end(); end != none; end = find_end())
    if (auto piece = take(end)) pieces.push_back(std::move(*piece));
  return pieces;
}

std::optional<std::string> SentenceSplitter::flush() {
  auto piece = take(text_.size());
  first_ = true;
  return piece;
}

std::optional<std::string> SentenceSplitter::take(std::size_t bytes) {
  std::string piece = speakable(std::string_view(text_).substr(0, bytes));
  text_.erase(0, bytes);
  if (!is_speakable(piece)) return std::nullopt;
  first_ = false;
  return piece;
}

std::size_t SentenceSplitter::find_end() const {
  const std::string_view text = text_;
  const std::size_t clause_from = first_ ? settings_.first_clause_letters : settings_.clause_letters;
  std::size_t letters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) continue;
    ++letters;
    if (text[at] == '.' && ends_at_full_stop(at)) return skip_closers(text, at + 1);
    if (const std::size_t length = plain_end(text, at); length > 0) return skip_closers(text, at + length);
    if (letters >= clause_from)
      if (const std::size_t length = clause_end(text, at); length > 0) return at + length;
    if (letters >= settings_.longest_letters && is_space(text[at])) return at;
    // Not one space in so much text: no language, and nothing may grow without limit.
    if (letters >= 2 * settings_.longest_letters) return at;
  }
  return none;
}

bool SentenceSplitter::ends_at_full_stop(std::size_t at) const {
  const std::string_view text = text_;
  if (at + 1 < text.size() && text[at + 1] == '.') return false;  // an ellipsis ends at its last dot
  const std::size_t after = skip_closers(text, at + 1);
  if (after >= text.size() || !is_space(text[after])) return false;  // "3.5", "example.com", or not known yet
  std::size_t begin = at;
  while (begin > 0 && !is_space(text[begin - 1]) && text[begin - 1] != '(' && text[begin - 1] != '"') --begin;
  const std::string_view word = text.substr(begin, at - begin);
  if (word.empty()) return true;
  const std::string lowered = lower(word);
  if (contains(titles, lowered)) return false;
  // "J. Smith" and "2. Second item": an initial, the number of a list item. "I." is the pronoun.
  if (word.size() == 1 && is_upper(word.front()) && word != "I") return false;
  const bool opens_line = begin == 0 || text[begin - 1] == '\n';
  if (opens_line && word.size() <= 2 && std::ranges::all_of(word, is_digit)) return false;

  const bool number_sign = lowered == "no" || lowered == "nos";
  if (!number_sign && !contains(abbreviations, lowered)) return true;
  const std::size_t next = text.find_first_not_of(" \t\r\n", after);
  if (next == none) return false;  // not known yet
  return number_sign ? !is_digit(text[next]) : is_upper(text[next]) || static_cast<unsigned char>(text[next]) >= 0x80;
}

std::vector<std::string> sentences_of(std::string_view text) {
  SentenceSplitter splitter({.first_clause_letters = SplitterSettings{}.clause_letters});
  std::vector<std::string> pieces = splitter.feed(text);
  if (auto rest = splitter.flush()) pieces.push_back(std::move(*rest));
  return pieces;
}

}  // namespace callramp::voice
