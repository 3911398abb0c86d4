#include "base/percent.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace callramp {
namespace {

TEST_CASE("a percentage is read as basis points") {
  struct Row {
    std::string text;
    int basis_points;
  };
  for (const Row& row : std::vector<Row>{{"0", 0},
                                         {"0.0", 0},
                                         {"0.01", 1},
                                         {"0.1", 10},
                                         {"0.25", 25},
                                         {"5", 500},
                                         {"05", 500},
                                         {"12.5", 1250},
                                         {"33.33", 3333},
                                         {"99.99", 9999},
                                         {"100", 10000},
                                         {"100.00", 10000}}) {
    CAPTURE(row.text);
    const auto percent = Percent::parse(row.text);
    REQUIRE(percent);
    CHECK(percent->basis_points() == row.basis_points);
  }
}

TEST_CASE("what is no percentage is refused with the reason") {
  struct Row {
    std::string text;
    std::string why;
  };
  for (const Row& row : std::vector<Row>{{"", "not a number"},
                                         {".", "not a number"},
                                         {".5", "not a number"},
                                         {"5.", "not a number"},
                                         {"-1", "not a number"},
                                         {"+5", "not a number"},
                                         {" 5", "not a number"},
                                         {"5 ", "not a number"},
                                         {"5%", "not a number"},
                                         {"1e1", "not a number"},
                                         {"0x5", "not a number"},
                                         {"five", "not a number"},
                                         {"NaN", "not a number"},
                                         {"5,5", "not a number"},
                                         {"1000", "not a number"},
                                         {"99999999999999999999", "not a number"},
                                         {"5.123", "more than two decimals"},
                                         {"5.000", "more than two decimals"},
                                         {"100.01", "above 100"},
                                         {"120", "above 100"}}) {
    CAPTURE(row.text);
    const auto percent = Percent::parse(row.text);
    REQUIRE_FALSE(percent);
    CHECK(percent.error().code == ErrorCode::invalid_request);
    CHECK(percent.error().message.find(row.why) != std::string::npos);
    CHECK(percent.error().message.find("'" + row.text + "'") != std::string::npos);
  }
}

TEST_CASE("a number of JSON is a percentage when it has at most two decimals") {
  for (int basis_points = 0; basis_points <= 10000; ++basis_points) {
    const auto percent = Percent::from_number(basis_points / 100.0);
    REQUIRE(percent);
    REQUIRE(percent->basis_points() == basis_points);
    REQUIRE(percent->number() == basis_points / 100.0);
  }
  CHECK(Percent::from_number(0.1 + 0.2)->basis_points() == 30);
  CHECK(Percent::from_number(-0.0)->basis_points() == 0);
  for (const double value :
       {-0.01, -5.0, 100.01, 100.000001, 0.001, 12.345, 5.0001, 1e300, -1e300, std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), std::nan("")}) {
    CAPTURE(value);
    CHECK_FALSE(Percent::from_number(value));
  }
}

TEST_CASE("basis points outside 0 to 10000 are refused") {
  CHECK(Percent::from_basis_points(0));
  CHECK(Percent::from_basis_points(10000));
  CHECK_FALSE(Percent::from_basis_points(-1));
  CHECK_FALSE(Percent::from_basis_points(10001));
  CHECK_FALSE(Percent::from_basis_points(std::numeric_limits<long>::max()));
}

TEST_CASE("every percentage is written shortly and reads back") {
  CHECK(to_string(*Percent::parse("5.00")) == "5");
  CHECK(to_string(*Percent::parse("12.50")) == "12.5");
  CHECK(to_string(*Percent::parse("0.05")) == "0.05");
  CHECK(to_string(*Percent::parse("100")) == "100");
  for (int basis_points = 0; basis_points <= 10000; ++basis_points) {
    const auto percent = *Percent::from_basis_points(basis_points);
    const auto again = Percent::parse(to_string(percent));
    REQUIRE(again);
    REQUIRE(*again == percent);
  }
}

}  // namespace
}  // namespace callramp
