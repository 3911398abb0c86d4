// Columns: what the header of a contact list says, however it is spelt and in whatever order: "Mobile No.", "user_id"
// and "Time Zone" are known, and every column that is not becomes metadata of its contacts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/import/csv_reader.hpp"

namespace callramp::import {

enum class ColumnKind {
  phone,
  name,
  user,
  timezone,
  agent,
  consent_given,  ///< yes or no; a contact that says no is refused
  consent,        ///< when, how or where it was given
  metadata,
  nameless,  ///< without a header: must be empty in every row
};

struct Column {
  ColumnKind kind = ColumnKind::metadata;
  std::string name;  ///< as the header has it, without blanks around; of metadata its key, unlike every other
};

/// A header as everybody spells it: letters and digits in lower case. "user_id", "userId" and "User ID" are "userid".
std::string plain_name(std::string_view header);

/// The columns of a header. An error says what is wrong with the whole file: no phone column, two of them with the same
/// name, or a first line that holds a contact and no names.
Result<std::vector<Column>> read_columns(std::span<const std::string_view> header, std::int64_t line);

/// What has to be known before the rows can be read.
struct Header {
  char separator = ',';
  std::vector<Column> columns;
  CsvPosition rows;  ///< where they start
};
/// `text` is the beginning of the file, decoded; `whole` if it is all of it. An error is one of the file's.
Result<Header> read_header(std::string_view text, bool whole);
/// As much of the text as read_header needs at most: a header is a row like others.
constexpr std::size_t header_bytes = 300 * 1024;

}  // namespace callramp::import
