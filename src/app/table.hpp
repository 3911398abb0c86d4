// Table: rows for people, columns as wide as their widest cell.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace callramp::app {

/// Columns that `text` takes on a terminal, one per character; control characters count and print as one '?', so that
/// nothing from a server moves the cursor.
std::size_t width(std::string_view text);
std::string printable(std::string_view text);

class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  /// As many cells as the header has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void print(std::ostream& out, const std::string& indent = {}) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace callramp::app
