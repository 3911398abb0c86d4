// ContactRows: a row of a contact list to a contact that can be called, or the reason why it cannot. Pure: what the
// number is and what the other words name is asked of the rules that the caller brings.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/calls/campaign.hpp"
#include "core/import/columns.hpp"

namespace callramp::import {

/// Why a row was not taken.
struct Rejection {
  std::string field;  ///< the column's name in the header; empty where it is the whole row
  std::string value;  ///< what stood there, at most 200 bytes
  std::string reason;
};

struct Number {
  PhoneNumber phone;
  std::string zones;  ///< sorted, commas between, never empty
};

/// Each is asked once per row at most; cheap and thread-safe.
struct RowRules {
  std::function<Result<Number>(std::string_view)> number;
  std::function<bool(std::string_view)> knows_zone;
  std::function<bool(const AgentId&)> knows_agent;
};

/// Beyond this a contact's metadata is refused, as a call's is (product.md §5).
constexpr std::size_t max_metadata_bytes = 10 * 1024;
constexpr std::size_t max_name_bytes = 200;
constexpr std::size_t max_consent_bytes = 2'000;

class ContactRows {
 public:
  ContactRows(std::vector<Column> columns, RowRules rules);

  /// True if every field is blank: such a row is passed over, it is no contact and no mistake.
  static bool is_empty(const CsvRecord& record) noexcept;
  /// Of the contact `campaign` and `batch` are the caller's to set.
  std::variant<Contact, Rejection> read(const CsvRecord& record) const;
  const std::vector<Column>& columns() const noexcept { return columns_; }

 private:
  std::vector<Column> columns_;
  RowRules rules_;
};

/// What spreadsheets put around and into a number, taken off where that is safe; the reason where it is not, for the
/// digits are lost: "9.19877E+11".
Result<std::string> plain_phone(std::string_view written);

}  // namespace callramp::import
