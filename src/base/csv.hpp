// CSV as it is written: RFC 4180, so that spreadsheets and programs read the same.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace callramp {

/// One line, built cell by cell: cells with a comma, a quote or a line break are quoted, quotes doubled.
class CsvLine {
 public:
  CsvLine& add(std::string_view cell) {
    if (!first_) text_ += ',';
    first_ = false;
    if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
      text_ += cell;
      return *this;
    }
    text_ += '"';
    for (const char c : cell) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    text_ += '"';
    return *this;
  }
  /// With its CRLF.
  std::string str() && { return std::move(text_) + "\r\n"; }

 private:
  std::string text_;
  bool first_ = true;
};

}  // namespace callramp
