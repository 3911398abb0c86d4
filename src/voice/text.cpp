#include "voice/text.hpp"

#include <algorithm>

namespace callramp::voice {

namespace {

constexpr std::string_view white_space = " \t\r\n\f\v";

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// General punctuation (U+2000 to U+206F: dashes, quotes, ellipsis) and the dandas: no sound of their own.
bool is_silent_sequence(std::string_view sequence) noexcept {
  return sequence.starts_with("\xe2\x80") || sequence.starts_with("\xe2\x81") || sequence == "।" || sequence == "॥";
}

}  // namespace

std::size_t code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

bool is_speakable(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) {
      if ((first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z'))
        return true;
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < text.size() && is_continuation(text[end])) ++end;
    if (!is_silent_sequence(text.substr(at, end - at))) return true;
    at = end;
  }
  return false;
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(white_space); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(white_space, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(white_space, end);
  }
  return words;
}

void append_spaced(std::string& text, std::string_view more) {
  if (more.empty()) return;
  if (!text.empty()) text += ' ';
  text += more;
}

std::string_view prefix(std::string_view text, std::size_t bytes) noexcept {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && is_continuation(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

}  // namespace callramp::voice
