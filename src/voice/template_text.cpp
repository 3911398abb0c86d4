#include "voice/template_text.hpp"

#include <algorithm>

#include "voice/text.hpp"

namespace callramp::voice {

namespace {

// Longer than any name or address; a whole document in a column would only confuse the model.
constexpr std::size_t longest_value = 300;

std::string clean(std::string_view value) {
  std::string out;
  for (char c : prefix(trimmed(value), longest_value)) {
    const auto code = static_cast<unsigned char>(c);
    out += code < 0x20 || code == 0x7f ? ' ' : c;
  }
  return out;
}

// "Hello , this" → "Hello, this": what a missing value leaves behind.
void tidy(std::string& text, std::size_t at) {
  const bool space_before = at == 0 || text[at - 1] == ' ';
  if (!space_before) return;
  if (at < text.size() && std::string_view(" ,.;:!?").find(text[at]) != std::string_view::npos) {
    if (at > 0)
      text.erase(at - 1, 1);
    else if (text[at] == ' ')
      text.erase(at, 1);
  }
}

}  // namespace

FilledText fill(std::string_view pattern, const Fields& fields) {
  FilledText filled;
  std::size_t tidy_at = std::string::npos;
  const auto append = [&](std::string_view text) {
    if (text.empty()) return;
    filled.text += text;
    if (tidy_at != std::string::npos) tidy(filled.text, tidy_at);
    tidy_at = std::string::npos;
  };
  while (true) {
    const std::size_t open = pattern.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : pattern.find("}}", open + 2);
    if (close == std::string_view::npos) break;
    append(pattern.substr(0, open));
    const std::string_view place = pattern.substr(open + 2, close - open - 2);
    const std::size_t bar = place.find('|');
    const std::string_view name = trimmed(place.substr(0, bar));
    const auto found = fields.find(name);
    std::string value = found == fields.end() ? "" : clean(found->second);
    if (value.empty() && bar != std::string_view::npos) value = clean(place.substr(bar + 1));
    if (value.empty()) {
      if (std::ranges::find(filled.missing, name) == filled.missing.end()) filled.missing.emplace_back(name);
      tidy_at = filled.text.size();
    } else {
      append(value);
    }
    pattern.remove_prefix(close + 2);
  }
  append(pattern);
  filled.text = std::string(trimmed(filled.text));
  return filled;
}

}  // namespace callramp::voice
