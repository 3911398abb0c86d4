#include "app/contacts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <numeric>
#include <sstream>

#include "base/ensure.hpp"
#include "base/random.hpp"
#include "embedded/contacts.hpp"

namespace callramp::app {
namespace {

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::string column_name(std::string_view text) {
  std::string name = trimmed(text);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// Reads records one by one; RFC 4180, with LF, CRLF or CR at a line's end.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }

  CsvRecord next() {
    CsvRecord record{.line = line_};
    const std::size_t start = at_;
    while (true) {
      std::string field;
      const std::string error = peek() == '"' ? quoted(field) : plain(field);
      if (!error.empty()) {
        // Back to the record's first line, so that one stray quote costs one line and not the rest of the file.
        at_ = start;
        line_ = record.line;
        skip_line();
        record.fields.clear();
        record.error = error;
        return record;
      }
      record.fields.push_back(std::move(field));
      if (peek() != ',') break;
      ++at_;
    }
    end_line();
    return record;
  }

 private:
  // '\n' at the end, which ends a record like a line's end does.
  char peek() const { return done() ? '\n' : text_[at_]; }
  bool at_line_end() const { return peek() == '\n' || peek() == '\r'; }

  std::string plain(std::string& field) {
    while (!at_line_end() && peek() != ',') {
      if (peek() == '"') return "a quote in the middle of a field; put the field in quotes and double the quote";
      field += text_[at_++];
    }
    return "";
  }

  std::string quoted(std::string& field) {
    ++at_;
    while (!done()) {
      const char c = text_[at_++];
      if (c == '\n') ++line_;
      if (c != '"') {
        field += c;
      } else if (!done() && peek() == '"') {
        field += '"';
        ++at_;
      } else if (at_line_end() || peek() == ',') {
        return "";
      } else {
        return "text after a closing quote; double a quote that is part of the field";
      }
    }
    return "a quote that is never closed";
  }

  void end_line() {
    if (done()) return;
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  void skip_line() {
    while (!at_line_end()) ++at_;
    end_line();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

bool is_blank(const CsvRecord& record) {
  return record.error.empty() && record.fields.size() == 1 && trimmed(record.fields[0]).empty();
}

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<CsvRecord> records;
  CsvReader reader(text);
  while (!reader.done()) {
    CsvRecord record = reader.next();
    if (!is_blank(record)) records.push_back(std::move(record));
  }
  return records;
}

Result<ContactList> parse_contacts(std::string_view csv, const PhoneDirectory& phones, std::string_view region) {
  const std::vector<CsvRecord> records = parse_csv(csv);
  if (records.empty())
    return fail(ErrorCode::invalid_request, "the contact list is empty; it needs a header with a column 'phone'");
  std::vector<std::string> columns;
  for (const std::string& field : records[0].fields) columns.push_back(column_name(field));
  const auto phone_column = static_cast<std::size_t>(std::ranges::find(columns, "phone") - columns.begin());
  if (phone_column == columns.size())
    return fail(ErrorCode::invalid_request, fmt::format("line {}: the header has no column 'phone', only: {}",
                                                        records[0].line, fmt::join(columns, ", ")));

  ContactList list;
  std::map<PhoneNumber, int> first_line;  // of each number
  for (const CsvRecord& record : std::span(records).subspan(1)) {
    const auto reject = [&](std::string reason, bool duplicate = false) {
      list.rejected.push_back({.line = record.line, .reason = std::move(reason), .duplicate = duplicate});
    };
    if (!record.error.empty()) {
      reject(record.error);
      continue;
    }
    if (record.fields.size() != columns.size()) {
      reject(fmt::format("{} fields where the header has {}", record.fields.size(), columns.size()));
      continue;
    }
    const std::string written = trimmed(record.fields[phone_column]);
    if (written.empty()) {
      reject("no phone number");
      continue;
    }
    const auto phone = phones.normalise(written, region);
    if (!phone) {
      reject(phone.error().message);
      continue;
    }
    const auto [known, is_new] = first_line.emplace(*phone, record.line);
    if (!is_new) {
      reject(fmt::format("the number of line {} again", known->second), true);
      continue;
    }
    Contact contact{.line = record.line, .phone = *phone};
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (std::string value = trimmed(record.fields[i]); i != phone_column && !value.empty() && !columns[i].empty())
        contact.fields[columns[i]] = std::move(value);
    list.contacts.push_back(std::move(contact));
  }
  return list;
}

Result<ContactList> load_contacts(const std::string& file, const PhoneDirectory& phones, std::string_view region) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  if (!stream || !(content << stream.rdbuf()))
    return fail(ErrorCode::not_found, "cannot read the contact list '" + file + "'");
  auto list = parse_contacts(content.view(), phones, region);
  if (!list) return fail(list.error().code, file + ": " + list.error().message);
  return list;
}

ContactList example_contacts(const PhoneDirectory& phones) {
  auto list = parse_contacts(embedded::contacts, phones, "IN");
  ENSURE(list.has_value(), "the example that comes with the program has a phone column");
  return *std::move(list);
}

std::vector<Contact> generated_contacts(std::size_t count, std::uint64_t seed) {
  static constexpr std::array given{"Aarav", "Ananya", "Arjun",  "Asha",  "Deepa", "Divya",  "Farhan", "Gita",
                                    "Imran", "Ishaan", "Jyoti",  "Kabir", "Kavya", "Lata",   "Manoj",  "Meera",
                                    "Neha",  "Nikhil", "Pooja",  "Priya", "Rahul", "Ravi",   "Rohan",  "Sanjay",
                                    "Sara",  "Shreya", "Sunita", "Tara",  "Uma",   "Vikram", "Yusuf",  "Zoya"};
  static constexpr std::array family{"Agarwal", "Bose",  "Chauhan", "Das",    "Fernandes", "Gupta", "Iyer",   "Joshi",
                                     "Khan",    "Kumar", "Menon",   "Mishra", "Nair",      "Patel", "Pillai", "Rao",
                                     "Reddy",   "Shah",  "Sharma",  "Singh",  "Thomas",    "Varma", "Yadav",  "Zaidi"};
  static constexpr std::array city{"Bengaluru", "Chennai", "Delhi",  "Hyderabad", "Jaipur",
                                   "Kochi",     "Kolkata", "Mumbai", "Pune"};
  static constexpr std::array language{"en-IN", "en-IN", "en-IN", "hi", "ta"};
  // 5 x 100 x 10,000 numbers 98[5-9]xx 0xxxx. A step without a common divisor visits each once before it comes back.
  constexpr std::uint64_t numbers = 5'000'000;
  constexpr std::uint64_t step = 3'141'593;
  static_assert(std::gcd(numbers, step) == 1);
  ENSURE(count <= numbers, "there are five million invented numbers, not more");

  SeededRandom random(seed);
  const auto one_of = [&](const auto& list) { return std::string(list[random.below(list.size())]); };
  std::uint64_t at = random.below(numbers);
  std::vector<Contact> contacts;
  contacts.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    at = (at + step) % numbers;
    const auto phone = PhoneNumber::parse(fmt::format("+9198{:03}0{:04}", 500 + at / 10'000, at % 10'000));
    ENSURE(phone.has_value(), "an invented number has the shape of one");
    Contact contact{.phone = *phone};
    contact.fields["name"] = one_of(given) + " " + one_of(family);
    contact.fields["order_id"] = fmt::format("ORD-{}", 20'000 + i);
    contact.fields["city"] = one_of(city);
    contact.fields["language"] = one_of(language);
    contacts.push_back(std::move(contact));
  }
  return contacts;
}

}  // namespace callramp::app
