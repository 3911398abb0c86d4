// The contact list as exports really look, and the people who do not exist.
#include "app/contacts.hpp"

#include <doctest/doctest.h>

#include <set>

#include "adapters/phone/lib_phone_number_directory.hpp"

using namespace callramp;
using app::CsvRecord;

namespace {

const PhoneDirectory& phones() {
  static const auto directory = phone::LibPhoneNumberDirectory::create().value();
  return *directory;
}

app::ContactList parsed(std::string_view csv) {
  auto list = app::parse_contacts(csv, phones(), "IN");
  REQUIRE_MESSAGE(list.has_value(), list.error().message);
  return *list;
}

}  // namespace

TEST_CASE("reads records as RFC 4180 writes them") {
  struct {
    std::string_view text;
    std::vector<std::vector<std::string>> records;
  } const rows[] = {
      {"", {}},
      {"a,b", {{"a", "b"}}},
      {"a,b\n", {{"a", "b"}}},
      {"a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}}},
      {"a,b\rc,d", {{"a", "b"}, {"c", "d"}}},
      {"\xEF\xBB\xBF"
       "a,b",
       {{"a", "b"}}},
      {"a,,c", {{"a", "", "c"}}},
      {",", {{"", ""}}},
      {"\n\na\n  \nb\n", {{"a"}, {"b"}}},
      {R"("a,b",c)", {{"a,b", "c"}}},
      {R"("say ""hi""",c)", {{R"(say "hi")", "c"}}},
      {"\"two\nlines\",c\nd,e", {{"two\nlines", "c"}, {"d", "e"}}},
      {"\"two\r\nlines\",c", {{"two\r\nlines", "c"}}},
      {R"("",c)", {{"", "c"}}},
      {R"("")", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    std::vector<std::vector<std::string>> records;
    for (const CsvRecord& record : app::parse_csv(row.text)) {
      CHECK(record.error == "");
      records.push_back(record.fields);
    }
    CHECK(records == row.records);
  }
}

TEST_CASE("a bad quote costs its line and no other") {
  struct {
    std::string_view text;
    std::string_view error;
  } const rows[] = {
      {"a,b\"c\nd,e", "a quote in the middle of a field; put the field in quotes and double the quote"},
      {"\"a\"b,c\nd,e", "text after a closing quote; double a quote that is part of the field"},
      {"\"a,b\nd,e", "a quote that is never closed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto records = app::parse_csv(row.text);
    REQUIRE(records.size() == 2);
    CHECK(records[0].error == row.error);
    CHECK(records[0].line == 1);
    CHECK(records[1].error == "");
    CHECK(records[1].fields == std::vector<std::string>{"d", "e"});
    CHECK(records[1].line == 2);
  }
}

TEST_CASE("a record's line is where it starts and quoted newlines count") {
  const auto records = app::parse_csv("a\n\"b\nb\"\nc\n");
  REQUIRE(records.size() == 3);
  CHECK(records[1].line == 2);
  CHECK(records[2].line == 4);
}

TEST_CASE("one number is one number however it is spelt") {
  for (const std::string spelling : {"9845012345", "09845012345", "+919845012345", "919845012345", "+91 98450 12345",
                                     "98450-12345", "(+91) 9845012345", "+91 (984) 501-2345", "0091 9845012345",
                                     "+91.98450.12345", " 9845012345 ", "0 98450 12345"}) {
    CAPTURE(spelling);
    const auto list = parsed("phone,name\n" + spelling + ",Asha\n");
    REQUIRE(list.contacts.size() == 1);
    CHECK(list.contacts[0].phone.e164() == "+919845012345");
  }
}

TEST_CASE("rejects a row with its line and reason and keeps the others") {
  struct {
    std::string row;
    std::string_view reason;  // part of it
  } const rows[] = {
      {",Asha", "no phone number"},
      {"98765,Asha", ""},
      {"not available,Asha", ""},
      {"12345678901234567,Asha", ""},
      {"9845012345", "1 fields where the header has 2"},
      {"9845012345,Asha,paid", "3 fields where the header has 2"},
      {"9845012345,A\"sha", "quote"},
      {"98450 99999,Asha", "the number of line 2 again"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.row);
    const auto list = parsed("phone,name\n9845099999,First\n" + row.row + "\n9845088888,Last\n");
    CHECK(list.contacts.size() == 2);
    REQUIRE(list.rejected.size() == 1);
    CHECK(list.rejected[0].line == 3);
    CHECK(list.rejected[0].reason != "");
    CHECK(list.rejected[0].reason.find(row.reason) != std::string::npos);
    CHECK(list.rejected[0].duplicate == (row.reason == "the number of line 2 again"));
  }
}

TEST_CASE("other columns become fields and empty ones are left out") {
  const auto list = parsed("Name, PHONE ,Order_ID,city\n\" José, Sr. \",9845012345,,\"Lake\nRoad\"\n");
  REQUIRE(list.contacts.size() == 1);
  CHECK(list.contacts[0].line == 2);
  CHECK(list.contacts[0].fields ==
        std::map<std::string, std::string, std::less<>>{{"city", "Lake\nRoad"}, {"name", "José, Sr."}});
}

TEST_CASE("a list without a phone column or without anything is an error that says so") {
  struct {
    std::string_view csv;
    std::string_view message;
  } const rows[] = {
      {"", "the contact list is empty; it needs a header with a column 'phone'"},
      {"\n\n", "the contact list is empty; it needs a header with a column 'phone'"},
      {"\nname,mobile\nAsha,9845012345", "line 2: the header has no column 'phone', only: name, mobile"},
  };
  for (const auto& row : rows) {
    const auto list = app::parse_contacts(row.csv, phones(), "IN");
    REQUIRE(!list.has_value());
    CHECK(list.error().message == row.message);
  }
  const auto missing = app::load_contacts("/nowhere/contacts.csv", phones(), "IN");
  REQUIRE(!missing.has_value());
  CHECK(missing.error().message == "cannot read the contact list '/nowhere/contacts.csv'");
}

TEST_CASE("the example list has its 300 rows with good and bad ones") {
  const auto list = app::example_contacts(phones());
  int duplicates = 0;
  for (const auto& row : list.rejected) duplicates += row.duplicate;
  CHECK(list.contacts.size() + list.rejected.size() == 300);
  CHECK(duplicates == 13);
  CHECK(list.rejected.size() == 28);
  for (const auto& contact : list.contacts) {
    CAPTURE(contact.line);
    CHECK(contact.phone.e164().starts_with("+9198"));
  }
}

TEST_CASE("invented contacts repeat with their seed and can be dialed") {
  const auto contacts = app::generated_contacts(2000, 7);
  REQUIRE(contacts.size() == 2000);
  std::set<std::string> numbers;
  for (const auto& contact : contacts) {
    numbers.insert(contact.phone.e164());
    const auto normalised = phones().normalise(contact.phone.e164(), "IN");
    REQUIRE_MESSAGE(normalised.has_value(), contact.phone.e164());
    CHECK(*normalised == contact.phone);
    CHECK(contact.fields.size() == 4);
  }
  CHECK(numbers.size() == 2000);
  const auto again = app::generated_contacts(2000, 7);
  CHECK(again[1999].phone == contacts[1999].phone);
  CHECK(again[1999].fields == contacts[1999].fields);
  CHECK(app::generated_contacts(1, 8)[0].phone != contacts[0].phone);
  for (const auto& listed : app::example_contacts(phones()).contacts) CHECK(!numbers.contains(listed.phone.e164()));
}
