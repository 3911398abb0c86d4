#include "core/import/contact_rows.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/flags/flags.hpp"
#include "core/import/field_text.hpp"

namespace callramp::import {
namespace {

constexpr std::size_t max_value_bytes = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 9.19877E+11, 9.2e11: a spreadsheet's way to show a long number, whose last digits are gone.
bool is_scientific(std::string_view text) {
  std::size_t at = text.starts_with('+') ? 1 : 0;
  const std::size_t first = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == first) return false;
  if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
    ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
  }
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const std::size_t exponent = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at == text.size() && at > exponent;
}

// 919876543210.0: a number that went through a column of decimals and lost nothing.
std::string_view without_decimals(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point < 7) return text;
  const std::string_view whole = text.substr(text.starts_with('+') ? 1 : 0, point - (text.starts_with('+') ? 1 : 0));
  const std::string_view decimals = text.substr(point + 1);
  if (!std::ranges::all_of(whole, is_digit) || decimals.empty() || decimals.size() > 2) return text;
  return std::ranges::all_of(decimals, [](char c) { return c == '0'; }) ? text.substr(0, point) : text;
}

// "98765 43210 / 98765 43211": which of them?
bool is_several(std::string_view text) {
  const std::size_t at = text.find_first_of("/;|&\n\r");
  if (at == std::string_view::npos) return false;
  const auto digits = [](std::string_view part) { return std::ranges::count_if(part, is_digit); };
  return digits(text.substr(0, at)) >= 7 && digits(text.substr(at)) >= 5;
}

enum class Said { yes, no, other };
Said read_consent(std::string_view value) {
  std::string word;
  for (const char c : value) word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array<std::string_view, 5> yes{"yes", "y", "true", "1", "given"};
  constexpr std::array<std::string_view, 7> no{"no", "n", "false", "0", "none", "withdrawn", "revoked"};
  if (std::ranges::find(yes, word) != yes.end()) return Said::yes;
  if (std::ranges::find(no, word) != no.end()) return Said::no;
  return Said::other;
}

void append_member(std::string_view name, std::string_view value, std::string& object) {
  object += object.empty() ? '{' : ',';
  append_json_string(name, object);
  object += ':';
  append_json_string(value, object);
}

std::string closed(std::string object) { return object.empty() ? "{}" : std::move(object) + "}"; }

}  // namespace

Result<std::string> plain_phone(std::string_view written) {
  std::string_view text = trimmed(written);
  const auto refuse = [](std::string reason) { return fail(ErrorCode::invalid_phone_number, std::move(reason)); };
  // ="9876543210" keeps a spreadsheet from counting with it, as an apostrophe in front does.
  if (text.starts_with("=\"") && text.ends_with('"') && text.size() > 3) text = text.substr(2, text.size() - 3);
  if (text.starts_with('\'')) text.remove_prefix(1);
  text = trimmed(text);
  if (text.empty()) return refuse("no phone number");
  if (is_scientific(text))
    return refuse(
        "a spreadsheet has rounded this number and its last digits are lost; format the column as text, type or load "
        "the "
        "numbers again, and export it anew");
  if (is_several(text)) return refuse("more than one number in the field; make a row of each");
  return std::string(without_decimals(text));
}

ContactRows::ContactRows(std::vector<Column> columns, RowRules rules)
    : columns_(std::move(columns)), rules_(std::move(rules)) {}

bool ContactRows::is_empty(const CsvRecord& record) noexcept {
  return record.problem.empty() &&
         std::ranges::all_of(record.fields, [](auto field) { return trimmed(field).empty(); });
}

std::variant<Contact, Rejection> ContactRows::read(const CsvRecord& record) const {
  if (!record.problem.empty()) return Rejection{.field = {}, .value = {}, .reason = record.problem};
  const auto& fields = record.fields;
  // Spreadsheets write as many fields as their widest row has; a field too many that says something is a mistake.
  const bool too_many = fields.size() > columns_.size() &&
                        !std::ranges::all_of(fields.begin() + static_cast<std::ptrdiff_t>(columns_.size()),
                                             fields.end(), [](auto field) { return trimmed(field).empty(); });
  if (too_many || fields.size() < columns_.size())
    return Rejection{.field = {},
                     .value = {},
                     .reason = std::to_string(fields.size()) + " fields where the header has " +
                               std::to_string(columns_.size()) +
                               "; put a field that holds the separator or a line end in quotes"};

  Contact contact;
  contact.line = record.at.line;
  std::string metadata;
  std::string consent;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const std::string_view value = trimmed(fields[i]);
    const auto refuse = [&](std::string reason) {
      return Rejection{.field = column.name, .value = excerpt(value, max_value_bytes), .reason = std::move(reason)};
    };
    if (value.empty()) {
      if (column.kind == ColumnKind::phone) return refuse("no phone number");
      continue;
    }
    if (!is_clean_text(value))
      return refuse(value.find('\0') == std::string_view::npos
                        ? "bytes that are no UTF-8; save the list as \"CSV UTF-8\""
                        : "a NUL byte in the field; export the list as CSV");
    switch (column.kind) {
      case ColumnKind::phone: {
        const auto plain = plain_phone(value);
        if (!plain) return refuse(plain.error().message);
        auto number = rules_.number(*plain);
        if (!number) return refuse(std::move(number).error().message);
        contact.phone = std::move(number->phone);
        contact.zones = std::move(number->zones);
        break;
      }
      case ColumnKind::name:
        if (value.size() > max_name_bytes)
          return refuse("a name of " + std::to_string(value.size()) + " bytes; at most " +
                        std::to_string(max_name_bytes) + " are kept");
        contact.name = value;
        append_member("name", value, metadata);
        break;
      case ColumnKind::user: {
        auto user = parse_user_id(value);
        if (!user) return refuse(std::move(user).error().message);
        contact.user = std::move(*user);
        break;
      }
      case ColumnKind::timezone:
        if (!rules_.knows_zone(value)) return refuse("no time zone; write an IANA name such as Asia/Kolkata");
        contact.timezone = value;
        break;
      case ColumnKind::agent: {
        AgentId agent{std::string(value)};
        if (!rules_.knows_agent(agent))
          return refuse("there is no such agent; `callramp agents list` shows those that there are");
        contact.agent = std::move(agent);
        break;
      }
      case ColumnKind::consent_given:
        if (read_consent(value) == Said::no) return refuse("the contact gave no consent");
        [[fallthrough]];
      case ColumnKind::consent: append_member(column.name, value, consent); break;
      case ColumnKind::metadata: append_member(column.name, value, metadata); break;
      case ColumnKind::nameless: return refuse("a value under a column without a name; name the column");
    }
  }
  // The contact's own zone, where it is told, is where its window must be open.
  if (!contact.timezone.empty()) contact.zones = contact.timezone;
  if (contact.user.empty()) contact.user = UserId{contact.phone.e164()};
  if (metadata.size() >= max_metadata_bytes)
    return Rejection{.field = {},
                     .value = {},
                     .reason = "the columns that become metadata have " + std::to_string(metadata.size()) +
                               " bytes; at most " + std::to_string(max_metadata_bytes) + " are kept"};
  if (consent.size() >= max_consent_bytes)
    return Rejection{.field = {},
                     .value = {},
                     .reason = "the consent columns have " + std::to_string(consent.size()) + " bytes; at most " +
                               std::to_string(max_consent_bytes) + " are kept"};
  contact.metadata_json = closed(std::move(metadata));
  if (!consent.empty()) contact.consent = closed(std::move(consent));
  return contact;
}

}  // namespace callramp::import
