// Contacts: the list of people to call, as exports really look: a CSV (RFC 4180) whose phone column is spelt in every
// way there is, and invented contacts for as many more as a demonstration wants.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ports/phone_directory.hpp"

namespace callramp::app {

struct Contact {
  int line = 0;  ///< of the file, where its row starts; 0 for an invented one
  PhoneNumber phone;
  std::map<std::string, std::string, std::less<>> fields;  ///< the other columns that have a value, by name
};

/// A row that cannot be called.
struct RejectedRow {
  int line = 0;
  std::string reason;
  bool duplicate = false;  ///< its number stands in an earlier row
};

struct ContactList {
  std::vector<Contact> contacts;  ///< each number once, in the file's order
  std::vector<RejectedRow> rejected;
};

/// A bad row never spoils the good ones. Needs a header with a `phone` column, in any case; an error only if there is
/// none, or no row at all. A BOM is skipped; empty lines too. `region` is that of numbers without a country code.
Result<ContactList> parse_contacts(std::string_view csv, const PhoneDirectory& phones, std::string_view region);

/// The file's; the error names it.
Result<ContactList> load_contacts(const std::string& file, const PhoneDirectory& phones, std::string_view region);

/// The list that comes with the program: examples/contacts.csv.
ContactList example_contacts(const PhoneDirectory& phones);

/// One record of a CSV: its fields, or why it has none.
struct CsvRecord {
  int line = 0;  ///< where it starts, from 1
  std::vector<std::string> fields;
  std::string error;  ///< a quote where none may be, or one that never closes; the next record starts a line later
};
std::vector<CsvRecord> parse_csv(std::string_view text);

/// `count` (0 … 5,000,000) people who do not exist, with name, order_id, city and language: the same for the same seed.
/// Their numbers differ from each other and read +91 98[5-9]xx 0xxxx; examples/contacts.csv has only 98[0-4]xx.
std::vector<Contact> generated_contacts(std::size_t count, std::uint64_t seed);

}  // namespace callramp::app
