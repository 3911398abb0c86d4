// CsvReader: records of a CSV (RFC 4180) as its text arrives, cut anywhere. One bad record costs its line and not the
// rest of the file, and nothing that a file holds makes it take more memory than its limits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace callramp::import {

/// Where a record starts. Offsets count bytes of the decoded text.
struct CsvPosition {
  std::uint64_t offset = 0;
  std::int64_t line = 1;
  bool operator==(const CsvPosition&) const = default;
};

struct CsvLimits {
  std::size_t record_bytes = 256 * 1024;  ///< and so the longest quoted field
  std::size_t fields = 1'000;
};

struct CsvRecord {
  CsvPosition at;
  std::vector<std::string_view> fields;  ///< good until the reader is asked or fed again
  std::string problem;  ///< why it has no fields: the record is passed over, and the next one starts a line later
};

class CsvReader {
 public:
  /// `separator` is one of , ; and tab. Starts at the beginning of the text, or where an earlier reader stood.
  explicit CsvReader(char separator, CsvPosition at = {}, CsvLimits limits = {});

  /// More text.
  void feed(std::string_view text);
  /// There is no more.
  void finish() { finished_ = true; }

  enum class Got { record, need_more, end };
  /// The next record that is not an empty line. Lines end with LF, CRLF or CR.
  Got next(CsvRecord& record);
  /// Where the next record starts: a reader that is made there and fed from there reads on as this one would.
  CsvPosition position() const noexcept { return {.offset = offset_ + at_, .line = line_}; }

 private:
  struct Field {
    std::size_t begin;
    std::size_t end;
    bool doubled;  // has doubled quotes
  };
  enum class Scan { record, problem, need_more };
  Scan scan();
  Scan scan_quoted(std::size_t& at, std::int64_t& line);
  Scan wrong(std::string problem);
  bool skip_line();
  bool blank() const;
  Got give(CsvRecord& record);

  const char separator_;
  const CsvLimits limits_;
  std::string text_;
  std::size_t at_ = 0;        // in text_: where the next record starts
  std::uint64_t offset_ = 0;  // of text_ in the whole
  std::int64_t line_ = 1;
  bool finished_ = false;
  std::vector<Field> fields_;  // of the record that was scanned
  std::size_t record_end_ = 0;
  std::int64_t next_line_ = 1;
  std::string problem_;  // of a record whose line is still to be passed over
  CsvPosition problem_at_;
};

/// What separates the fields of a file that starts with `text`: of comma, semicolon and tab the one that its first line
/// has most of outside quotes; comma if it has none.
char detect_separator(std::string_view text) noexcept;

/// Excel's own hint, a first line "sep=;": its separator and how many bytes it takes, its line end included; 0 for
/// none.
struct SeparatorLine {
  char separator = 0;
  std::size_t bytes = 0;
};
SeparatorLine separator_line(std::string_view text) noexcept;

}  // namespace callramp::import
