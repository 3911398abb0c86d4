#include "app/table.hpp"

#include <algorithm>
#include <ostream>

#include "base/ensure.hpp"
#include "base/utf8.hpp"

namespace callramp::app {

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    text.remove_prefix(decode_utf8(text).length);
    ++columns;
  }
  return columns;
}

std::string printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const DecodedChar decoded = decode_utf8(text);
    const bool control = decoded.value < 0x20 || (decoded.value >= 0x7F && decoded.value <= 0x9F);
    if (control || !decoded.well_formed)
      safe += '?';
    else
      safe += text.substr(0, decoded.length);
    text.remove_prefix(decoded.length);
  }
  return safe;
}

void Table::print(std::ostream& out, const std::string& indent) const {
  std::vector<std::size_t> widths;
  for (const std::string& title : header_) widths.push_back(width(title));
  for (const auto& row : rows_) {
    ENSURE(row.size() == header_.size(), "a table's row has as many cells as its header");
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    out << indent;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out << printable(cells[i]);
      if (i + 1 < cells.size()) out << std::string(widths[i] - width(cells[i]) + 2, ' ');
    }
    out << '\n';
  };
  line(header_);
  for (const auto& row : rows_) line(row);
}

}  // namespace callramp::app
