#include "base/phone.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace callramp {
namespace {

TEST_CASE("an E.164 number is a plus and 7 to 15 digits") {
  for (const std::string text : {"+919876543210", "+14155552671", "+1234567", "+123456789012345", "+442071838750"}) {
    CAPTURE(text);
    const auto number = PhoneNumber::parse(text);
    REQUIRE(number);
    CHECK(number->e164() == text);
  }
}

TEST_CASE("anything else is an invalid phone number") {
  for (const std::string text :
       {"", "+", "9876543210", "09876543210", "00919876543210", "+123456", "+1234567890123456", "+0123456789",
        "+91 98765 43210", "+91-98765-43210", "+91(987)6543210", "++919876543210", "+91987654321a", "+९८७६५४३२१०",
        " +919876543210", "+919876543210 ", "+91987654321\n", "tel:+919876543210", "2147483648"}) {
    CAPTURE(text);
    const auto number = PhoneNumber::parse(text);
    REQUIRE_FALSE(number);
    CHECK(number.error().code == ErrorCode::invalid_phone_number);
    CHECK(number.error().field == "phoneNumber");
  }
  CHECK_FALSE(
      PhoneNumber::parse(std::string("+91987\0"
                                     "6543210",
                                     14)));
  CHECK(PhoneNumber::parse(std::string(1'000'000, '9')).error().message.size() < 200);
}

TEST_CASE("what was refused as a number is quoted by its shape and its last four characters") {
  struct Row {
    const char* given;
    const char* shown;
  };
  for (const Row& row : {Row{"09876543210", "'*******3210'"}, Row{"+91 98765 43210", "'+** ***** *3210'"},
                         Row{"(022) 2345-6789", "'(***) ****-6789'"}, Row{"12", "'12'"}, Row{"", "''"},
                         Row{"+91987654321\u096a", "'+**********1***'"}, Row{"+919876543210x", "'+*********210x'"}}) {
    CAPTURE(row.given);
    const std::string message = PhoneNumber::parse(row.given).error().message;
    CHECK(message.find(row.shown) != std::string::npos);
  }
  CHECK(masked_input(std::string(1000, '9')) == std::string(36, '*') + "9999");
}

TEST_CASE("only the last four digits of a masked number can be read") {
  CHECK(PhoneNumber::parse("+919876543210")->masked() == "+********3210");
  CHECK(PhoneNumber::parse("+1234567")->masked() == "+***4567");
  CHECK(PhoneNumber{}.masked() == "");
}

}  // namespace
}  // namespace callramp
