#include "core/import/columns.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <map>
#include <set>

#include "core/import/field_text.hpp"

namespace callramp::import {
namespace {

using Spellings = std::map<std::string_view, ColumnKind>;

const Spellings& spellings() {
  using enum ColumnKind;
  static const Spellings known{
      {"phone", phone},
      {"phoneno", phone},
      {"phonenumber", phone},
      {"phonenum", phone},
      {"mobile", phone},
      {"mobileno", phone},
      {"mobilenumber", phone},
      {"mobilephone", phone},
      {"msisdn", phone},
      {"contactno", phone},
      {"contactnumber", phone},
      {"contactphone", phone},
      {"cellphone", phone},
      {"cellnumber", phone},
      {"telephone", phone},
      {"telephonenumber", phone},
      {"whatsappnumber", phone},
      {"name", name},
      {"fullname", name},
      {"contactname", name},
      {"customername", name},
      {"clientname", name},
      {"userid", user},
      {"user", user},
      {"customerid", user},
      {"timezone", timezone},
      {"tz", timezone},
      {"agentid", agent},
      {"agent", agent},
      {"consent", consent_given},
      {"hasconsent", consent_given},
      {"consentgiven", consent_given},
      {"optin", consent_given},
      {"optedin", consent_given},
      {"consentat", consent},
      {"consentdate", consent},
      {"consenttime", consent},
      {"consentsource", consent},
      {"consentreference", consent},
      {"consentref", consent},
      {"consenttext", consent},
      {"consentmethod", consent},
      {"consentchannel", consent},
      {"optindate", consent},
      {"optinat", consent},
      {"optinsource", consent},
  };
  return known;
}

// Names of the phone column in lists that have no better one: an order has a number too.
constexpr std::array<std::string_view, 6> vague{"number", "no", "contact", "tel", "cell", "whatsapp"};

// The kinds that a contact has one of. Of several columns for one of them ("Phone", "Mobile") the first counts, and the
// others are kept as metadata.
constexpr std::array single{ColumnKind::name, ColumnKind::user, ColumnKind::timezone, ColumnKind::agent};

ColumnKind kind_of(std::string_view plain) {
  const auto known = spellings().find(plain);
  return known == spellings().end() ? ColumnKind::metadata : known->second;
}

// The column with the numbers; header.size() if there is none.
Result<std::size_t> phone_column(const std::vector<std::string>& plain) {
  const auto is_phone = [](const std::string& name) { return kind_of(name) == ColumnKind::phone; };
  auto first = std::ranges::find_if(plain, is_phone);
  if (first == plain.end())
    first = std::ranges::find_if(plain,
                                 [](const std::string& name) { return std::ranges::find(vague, name) != vague.end(); });
  if (first != plain.end() && std::find(std::next(first), plain.end(), *first) != plain.end())
    return fail(ErrorCode::invalid_request,
                "two columns are called " + *first + "; rename the one that is not to be called");
  return static_cast<std::size_t>(first - plain.begin());
}

// "city", then "city 2": metadata keys must differ.
std::string unlike(const std::string& name, std::set<std::string>& taken) {
  std::string free = name;
  for (int i = 2; !taken.insert(free).second; ++i) free = name + " " + std::to_string(i);
  return free;
}

bool looks_like_a_number(std::string_view field) {
  const auto digits = std::ranges::count_if(field, [](unsigned char c) { return std::isdigit(c) != 0; });
  const bool only = std::ranges::all_of(field, [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '+' || c == '-' || c == ' ' || c == '(' || c == ')' || c == '.' || c == 'E' ||
           c == 'e';
  });
  return only && digits >= 7;
}

}  // namespace

std::string plain_name(std::string_view header) {
  std::string name;
  for (const char c : header)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

Result<std::vector<Column>> read_columns(std::span<const std::string_view> header, std::int64_t line) {
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::invalid_request, "line " + std::to_string(line) + ": " + what);
  };
  std::vector<std::string> plain;
  std::string names;
  for (const std::string_view written : header) {
    if (!is_clean_text(written))
      return refuse("the header is no readable text; save the list as CSV in UTF-8, with a line of column names");
    plain.push_back(plain_name(written));
    if (const auto name = trimmed(written); !name.empty()) names.append(names.empty() ? "" : ", ").append(name);
  }
  const auto phone = phone_column(plain);
  if (!phone) return refuse(phone.error().message);
  if (*phone == header.size()) {
    if (std::ranges::any_of(header, [](auto field) { return looks_like_a_number(trimmed(field)); }))
      return refuse("the first line holds a contact and no column names; put a line such as phone,name above it");
    return refuse("no column is called phone (or mobile, phone number, msisdn, contact_no …)" +
                  (names.empty() ? std::string() : ", only: " + excerpt(names, 200)) +
                  "; rename the one that has the numbers");
  }
  std::vector<Column> columns;
  std::set<std::string> taken;
  std::set<ColumnKind> found;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name(trimmed(header[i]));
    Column column{.kind = i == *phone ? ColumnKind::phone : kind_of(plain[i]), .name = name};
    if (name.empty())
      column.kind = ColumnKind::nameless;
    else if ((column.kind == ColumnKind::phone && i != *phone) ||
             (std::ranges::find(single, column.kind) != single.end() && !found.insert(column.kind).second))
      column.kind = ColumnKind::metadata;
    // The contact's name is metadata too, by its own word.
    if (column.kind == ColumnKind::name)
      taken.insert("name");
    else if (!name.empty())
      column.name = unlike(name, taken);
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<Header> read_header(std::string_view text, bool whole) {
  const SeparatorLine hint = separator_line(text);
  const char separator = hint.bytes > 0 ? hint.separator : detect_separator(text);
  CsvReader reader(separator, {.offset = hint.bytes, .line = hint.bytes > 0 ? 2 : 1});
  reader.feed(text.substr(hint.bytes));
  if (whole) reader.finish();
  CsvRecord record;
  const auto got = reader.next(record);
  if (got == CsvReader::Got::end)
    return fail(ErrorCode::invalid_request,
                "the file is empty; it needs a line of column names such as phone,name and a row per contact");
  if (got == CsvReader::Got::need_more)
    return fail(ErrorCode::invalid_request, "the first line does not end within " +
                                                std::to_string(header_bytes / 1024) +
                                                " KiB; is this a CSV with a line of column names?");
  const std::int64_t line = record.at.line;
  if (!record.problem.empty())
    return fail(ErrorCode::invalid_request, "line " + std::to_string(line) + ": the header has " + record.problem);
  TRY(columns, read_columns(record.fields, line));
  return Header{.separator = separator, .columns = std::move(columns), .rows = reader.position()};
}

}  // namespace callramp::import
