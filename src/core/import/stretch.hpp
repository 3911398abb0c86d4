// Stretch: some ten thousand rows of a contact list, read and judged, small enough for memory and large enough that the
// database likes them: contacts go in by number, so that of the index of all numbers only a few pages change at a time.
// A list that is short keeps its own order, and so do the people who wrote it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/import/batch.hpp"
#include "core/import/text_decoder.hpp"

namespace callramp::import {

struct Refusal {
  std::int64_t line = 0;
  Rejection why;
};

struct StretchLimits {
  /// 40 bytes and its text for each: 20 MB where rows are a hundred bytes long. Of an index of a million numbers, a
  /// transaction of 2,500 contacts then touches one page in fifty.
  std::size_t rows = 131'072;
  std::size_t text_bytes = 32 * 1024 * 1024;
  /// Up to these many rows are called in the file's order. Their index fits into the database's cache.
  std::size_t in_file_order = 20'000;
};

class Stretch {
 public:
  void add(const Contact& contact);
  void refuse(Refusal refusal);
  /// Brings the contacts into the order in which they are stored.
  void arrange(const StretchLimits& limits);

  std::size_t contacts() const noexcept { return packed_.size(); }
  /// Number `i` of the order. Campaign and batch are not set.
  Contact contact(std::size_t i) const;
  /// How many of the order an earlier run has stored: up to the one of the checkpoint.
  std::size_t stored(const Checkpoint& checkpoint) const;
  const std::vector<Refusal>& refusals() const noexcept { return refusals_; }  ///< by line
  std::size_t rows() const noexcept { return packed_.size() + refusals_.size(); }
  std::size_t text_bytes() const noexcept { return text_.size() + refused_bytes_; }

  CsvPosition begin;
  CsvPosition end;              ///< where the next one begins
  bool last = false;            ///< the file ends here
  std::int64_t file_bytes = 0;  ///< of the file as it was uploaded, read so far

 private:
  enum Part { user, name, agent, timezone, zones, metadata, consent, parts };
  // A contact without the 600 bytes that fourteen strings take.
  struct Packed {
    std::uint64_t digits;  // of the number: at most 15 (E.164)
    std::int64_t line;
    std::uint32_t text;  // where its parts start in text_, one behind the other
    std::uint16_t bytes[parts];
  };

  bool by_number_ = false;
  std::string text_;
  std::vector<Packed> packed_;
  std::vector<Refusal> refusals_;
  std::size_t refused_bytes_ = 0;
};

/// More of the file, at least one byte; empty at its end.
using ReadMore = std::function<Result<std::string>()>;

/// Reads a file stretch by stretch. Where the stretches are cut depends on the file alone, so that a reader that is
/// made later, at the beginning of one of them, cuts the same.
class StretchReader {
 public:
  /// `more` gives the bytes of the file from its beginning, as they were uploaded but for a compression.
  StretchReader(ReadMore more, RowRules rules, StretchLimits limits = {});
  /// Reads the header; then skips to `from` if that is a later stretch. An error is one of the file.
  Status start(CsvPosition from = {});
  /// The next stretch; not to be asked behind the last one.
  Result<Stretch> next();

 private:
  Status fill(CsvReader& reader);
  Result<bool> decode_more();

  ReadMore more_;
  RowRules rules_;
  StretchLimits limits_;
  TextDecoder decoder_;
  std::string text_;  // decoded and not yet given to the reader
  bool at_end_ = false;
  std::unique_ptr<CsvReader> reader_;
  std::unique_ptr<ContactRows> rows_;
};

/// Numbers and where they stood, for telling duplicates where no database does: 16 bytes each.
class NumberSet {
 public:
  /// Adds those of a stretch that are new; of each contact the line where its number stood first, its own if here.
  std::vector<std::int64_t> add(const Stretch& stretch);

 private:
  std::vector<std::pair<std::uint64_t, std::int64_t>> numbers_;  // sorted
};

}  // namespace callramp::import
