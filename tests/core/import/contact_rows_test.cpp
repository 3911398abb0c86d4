// Rows as lists in the world have them: each a contact, or a reason that helps.
#include "core/import/contact_rows.hpp"

#include <doctest/doctest.h>

#include "core/import/field_text.hpp"

using namespace callramp;
using import::ContactRows;
using import::Rejection;
using namespace std::string_view_literals;

namespace {

// Takes what is digits with blanks and dashes between, as Indian.
Result<import::Number> plain_indian(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
  if (digits.size() == 10) digits = "91" + digits;
  auto phone = PhoneNumber::parse("+" + digits);
  if (!phone || digits.size() != 12) return fail(ErrorCode::invalid_phone_number, "no number of its region looks so");
  return import::Number{.phone = *phone, .zones = "Asia/Kolkata"};
}

// Reads the row below the header: the contact in short, or "FIELD 'VALUE': REASON".
std::string read(std::string_view header_line, std::string_view row) {
  const std::string text = std::string(header_line) + "\n" + std::string(row);
  const auto header = import::read_header(text, true).value();
  const ContactRows rows(header.columns, {.number = plain_indian,
                                          .knows_zone = [](std::string_view zone) { return zone == "Asia/Dubai"; },
                                          .knows_agent = [](const AgentId& agent) { return agent.str() == "sales"; }});
  import::CsvReader reader(header.separator, header.rows);
  reader.feed(std::string_view(text).substr(header.rows.offset));
  reader.finish();
  import::CsvRecord record;
  if (reader.next(record) != import::CsvReader::Got::record) return "nothing";
  if (ContactRows::is_empty(record)) return "empty";
  const auto got = rows.read(record);
  if (const auto* no = std::get_if<Rejection>(&got)) return no->field + " '" + no->value + "': " + no->reason;
  const auto& contact = std::get<Contact>(got);
  std::string out = contact.phone.e164() + " " + contact.user.str() + " " + contact.zones + " " + contact.metadata_json;
  if (!contact.name.empty()) out += " name=" + contact.name;
  if (!contact.timezone.empty()) out += " timezone=" + contact.timezone;
  if (contact.agent) out += " agent=" + contact.agent->str();
  if (!contact.consent.empty()) out += " consent=" + contact.consent;
  return out;
}

}  // namespace

TEST_CASE("a row becomes a contact with everything that it says") {
  struct {
    std::string_view header;
    std::string_view row;
    std::string_view contact;
  } const rows[] = {
      {"phone", "+919876543210", "+919876543210 +919876543210 Asia/Kolkata {}"},
      {"phone,name", "98765 43210, Asha Rao ",
       R"(+919876543210 +919876543210 Asia/Kolkata {"name":"Asha Rao"} name=Asha Rao)"},
      {"city;phone;userId", "Pune;98765-43210;u-17", R"(+919876543210 u-17 Asia/Kolkata {"city":"Pune"})"},
      {"phone,timezone,agentId", "9876543210,Asia/Dubai,sales",
       "+919876543210 +919876543210 Asia/Dubai {} timezone=Asia/Dubai agent=sales"},
      {"phone,consent,Consent Date", "9876543210,Yes,2026-01-31",
       R"(+919876543210 +919876543210 Asia/Kolkata {} consent={"consent":"Yes","Consent Date":"2026-01-31"})"},
      {"phone,note", "9876543210,\"say \"\"hi\"\",\nthen\tgo \\ \x01\"",
       R"(+919876543210 +919876543210 Asia/Kolkata {"note":"say \"hi\",\nthen\tgo \\ \u0001"})"},
      {"phone,a,b", "9876543210,,x", R"(+919876543210 +919876543210 Asia/Kolkata {"b":"x"})"},
      {"phone,a", "9876543210,x,,,", R"(+919876543210 +919876543210 Asia/Kolkata {"a":"x"})"},
      {"phone,,", "9876543210,,", "+919876543210 +919876543210 Asia/Kolkata {}"},
      {"phone,नाम", "9876543210,आशा", R"(+919876543210 +919876543210 Asia/Kolkata {"नाम":"आशा"})"},
      {"phone,a", ",", "empty"},
      {"phone,a", " ,\xC2\xA0,,,", "empty"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.row);
    CHECK(read(row.header, row.row) == row.contact);
  }
}

TEST_CASE("a row that cannot be called says why and what to do") {
  struct {
    std::string_view header;
    std::string_view row;
    std::string_view reason;
  } const rows[] = {
      {"phone,name", ",Asha", "phone '': no phone number"},
      {"Mobile", "12", "Mobile '12': no number of its region looks so"},
      {"phone", "9.19877E+11",
       "phone '9.19877E+11': a spreadsheet has rounded this number and its last digits are lost; format the column as "
       "text, type or load the numbers again, and export it anew"},
      {"phone", "98765 43210 / 98765 43211",
       "phone '98765 43210 / 98765 43211': more than one number in the field; make a row of each"},
      {"phone,name", "9876543210,a,b",
       " '': 3 fields where the header has 2; put a field that holds the separator or a line end in quotes"},
      {"phone,name,city", "9876543210,a",
       " '': 2 fields where the header has 3; put a field that holds the separator or a line end in quotes"},
      {"phone,name", "9876543210,a\xE9z",
       "name 'a\xEF\xBF\xBDz': bytes that are no UTF-8; save the list as \"CSV UTF-8\""},
      {"phone,name", "9876543210,a\0z"sv, "name 'a\xEF\xBF\xBDz': a NUL byte in the field; export the list as CSV"},
      {"phone,timezone", "9876543210,IST", "timezone 'IST': no time zone; write an IANA name such as Asia/Kolkata"},
      {"phone,agent", "9876543210,nobody",
       "agent 'nobody': there is no such agent; `callramp agents list` shows those that there are"},
      {"phone,consent", "9876543210,No", "consent 'No': the contact gave no consent"},
      {"phone,", "9876543210,x", " 'x': a value under a column without a name; name the column"},
      {"phone,user", "9876543210,\"a\nb\"",
       "user 'a\nb': userId contains the control character U+000A at byte 1; remove it"},
      {"phone,name", "9876543210,a\"b",
       " '': a quote in the middle of a field; put the field in quotes and double the quote"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.row);
    CHECK(read(row.header, row.row) == row.reason);
  }
  CHECK(read("phone,note", "9876543210," + std::string(11'000, 'x')) ==
        " '': the columns that become metadata have 11010 bytes; at most 10240 are kept");
  CHECK(
      read("phone,name", "9876543210," + std::string(201, 'x')).ends_with("a name of 201 bytes; at most 200 are kept"));
  CHECK(read("phone,consent_text", "9876543210," + std::string(2'000, 'x')).ends_with("at most 2000 are kept"));
}

TEST_CASE("what a spreadsheet puts around a number comes off where that is safe") {
  struct {
    std::string_view written;
    std::string_view plain;  // empty: refused
  } const rows[] = {
      {"+91 98765-43210", "+91 98765-43210"},
      {" 9876543210\t", "9876543210"},
      {"'+919876543210", "+919876543210"},
      {"=\"9876543210\"", "9876543210"},
      {"\xE2\x80\xAA+91 98765 43210\xE2\x80\xAC", "+91 98765 43210"},
      {"919876543210.0", "919876543210"},
      {"+919876543210.00", "+919876543210"},
      {"98765.43210", "98765.43210"},
      {"9876543210.000", "9876543210.000"},
      {"9876543.50", "9876543.50"},
      {"9.19877E+11", ""},
      {"9,19877e+11", ""},
      {"+9E11", ""},
      {"9E", "9E"},
      {"E11", "E11"},
      {"9876543210;9876543211", ""},
      {"9876543210\n9876543211", ""},
      {"9876543210/11", "9876543210/11"},
      {"'", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto plain = import::plain_phone(row.written);
    CHECK((plain ? *plain : std::string()) == row.plain);
  }
}

TEST_CASE("text is told clean from not, wherever the fault stands") {
  CHECK(import::is_clean_text(""));
  CHECK(import::is_clean_text("plain ASCII text that is long, é and आशा"));
  for (std::size_t at = 0; at < 20; ++at) {
    for (const char bad : {'\0', '\xE9', '\xFF'}) {
      std::string text(20, 'x');
      text[at] = bad;
      CAPTURE(at);
      CHECK_FALSE(import::is_clean_text(text));
    }
  }
  CHECK(import::is_clean_text(std::string(20, '\x01')));
  CHECK(import::is_clean_text("\xC2\x80\xC2\x80\xC2\x80\xC2\x80\xC2\x80"));
}

TEST_CASE("an excerpt is cut between characters") {
  CHECK(import::excerpt("आशा", 9) == "आशा");
  CHECK(import::excerpt("आशा", 8) == "आश…");
  CHECK(import::excerpt(std::string("a\0\xFF", 3), 20) == "a\xEF\xBF\xBD\xEF\xBF\xBD");
}
