#include "net/json_text.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace callramp::net {
namespace {

namespace json = boost::json;

TEST_CASE("numbers are written as people write them") {
  struct Row {
    json::value value;
    const char* text;
  };
  for (const Row& row :
       {Row{12.5, "12.5"}, Row{0.25, "0.25"}, Row{10.0, "10"}, Row{1e6, "1000000"}, Row{-0.1, "-0.1"},
        Row{1e30, "1e+30"}, Row{-7, "-7"}, Row{std::numeric_limits<std::uint64_t>::max(), "18446744073709551615"},
        Row{std::numeric_limits<double>::infinity(), "null"}})
    CHECK(to_text(row.value) == row.text);
  for (const double number : {0.1 + 0.2, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789.125})
    CHECK(json::parse(to_text(number)).to_number<double>() == number);
}

TEST_CASE("everything else is the text that it was parsed from") {
  for (const std::string text :
       {R"({})", R"([])", R"([[],{},null,true,false,""])", R"({"b":1,"a":[1,2,{"c":"d"}]})",
        R"({"quote\"d":"back\\slash\nline\u0001","plain":"\u0000"})", "\"\u0939\u093f \u20ac\""}) {
    CAPTURE(text);
    CHECK(to_text(json::parse(text)) == text);
  }
}

}  // namespace
}  // namespace callramp::net
