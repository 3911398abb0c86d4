// Headers in any order and spelling, and files that have none.
#include "core/import/columns.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using import::Column;
using import::ColumnKind;

namespace {

std::string_view word(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::phone: return "phone";
    case ColumnKind::name: return "name";
    case ColumnKind::user: return "user";
    case ColumnKind::timezone: return "timezone";
    case ColumnKind::agent: return "agent";
    case ColumnKind::consent_given: return "given";
    case ColumnKind::consent: return "consent";
    case ColumnKind::metadata: return "metadata";
    case ColumnKind::nameless: return "nameless";
  }
  return "";
}

// "phone name metadata:city", or the error.
std::string read(std::string_view text, bool whole = true) {
  const auto header = import::read_header(text, whole);
  if (!header) return header.error().message;
  std::string out;
  for (const Column& column : header->columns) {
    out.append(out.empty() ? "" : " ").append(word(column.kind));
    if (column.kind == ColumnKind::metadata) out += ":" + column.name;
  }
  return out;
}

}  // namespace

TEST_CASE("columns are known in any order and in the usual spellings") {
  struct {
    std::string_view header;
    std::string_view columns;
  } const rows[] = {
      {"phone\n", "phone"},
      {"PHONE", "phone"},
      {"Phone Number,Name", "phone name"},
      {"name;userId;Mobile No.;time zone;Agent ID;City", "name user phone timezone agent metadata:City"},
      {"msisdn\tcontact_name\tcustomer_id", "phone name user"},
      {"contact_no,order_id", "phone metadata:order_id"},
      {"sep=;\r\nphone;a,b", "phone metadata:a,b"},
      {"\n\n\"phone\nnumber\",x", "phone metadata:x"},
      {"Phone,Mobile,Alternate Phone", "phone metadata:Mobile metadata:Alternate Phone"},
      {"number,phone", "metadata:number phone"},
      {"order,number", "metadata:order phone"},
      {"contact,name", "phone name"},
      {"phone,city,city,city", "phone metadata:city metadata:city 2 metadata:city 3"},
      {"phone,Full Name,name,user,userid", "phone name metadata:name 2 user metadata:userid"},
      {"phone,,city,", "phone nameless metadata:city nameless"},
      {"phone,consent,Consent Date,opt_in_source", "phone given consent consent"},
      {"\xC2\xA0phone\xE2\x80\x8B , name", "phone name"},
      {"फ़ोन,phone", "metadata:फ़ोन phone"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    CHECK(read(row.header) == row.columns);
  }
}

TEST_CASE("a file whose header cannot be read says so and what to do") {
  struct {
    std::string_view text;
    std::string_view error;
  } const rows[] = {
      {"", "the file is empty; it needs a line of column names such as phone,name and a row per contact"},
      {"\n \n", "the file is empty; it needs a line of column names such as phone,name and a row per contact"},
      {"name,city\nAsha,Pune",
       "line 1: no column is called phone (or mobile, phone number, msisdn, contact_no …), only: name, city; rename "
       "the "
       "one that has the numbers"},
      {"+919876543210,Asha\n9876543211,Ravi",
       "line 1: the first line holds a contact and no column names; put a line such as phone,name above it"},
      {"\nAsha;98765 43210\n",
       "line 2: the first line holds a contact and no column names; put a line such as phone,name above it"},
      {"9.19877E+11,Asha",
       "line 1: the first line holds a contact and no column names; put a line such as phone,name above it"},
      {"phone,Phone,name", "line 1: two columns are called phone; rename the one that is not to be called"},
      {"number,NUMBER", "line 1: two columns are called number; rename the one that is not to be called"},
      {"ph\"one,name",
       "line 1: the header has a quote in the middle of a field; put the field in quotes and double the quote"},
      {"phone,n\xE9",
       "line 1: the header is no readable text; save the list as CSV in UTF-8, with a line of column names"},
      {std::string_view("PK\x03\x04\0\0,phone", 13),
       "line 1: the header is no readable text; save the list as CSV in UTF-8, with a line of column names"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.error);
  }
  CHECK(read("phone,name", false) ==
        "the first line does not end within 300 KiB; is this a CSV with a line of column names?");
}

TEST_CASE("the header says where the rows start") {
  const auto header = import::read_header("sep=;\r\n\"phone\nnumber\";name\r\n+91", false);
  REQUIRE(header);
  CHECK(header->separator == ';');
  CHECK(header->rows == import::CsvPosition{.offset = 28, .line = 4});
}
