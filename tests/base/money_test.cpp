#include "base/money.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace callramp {
namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

TEST_CASE("an amount is read to the micro-unit") {
  struct Row {
    std::string text;
    std::int64_t micros;
  };
  for (const Row& row : std::vector<Row>{{"0", 0},
                                         {"6", 6'000'000},
                                         {"6.00", 6'000'000},
                                         {"6.", 6'000'000},
                                         {"1.500", 1'500'000},
                                         {".0048", 4'800},
                                         {"0.000001", 1},
                                         {"-0.000001", -1},
                                         {"-12.5", -12'500'000},
                                         {"-0", 0},
                                         {"007", 7'000'000},
                                         {"999999999999.999999", 999'999'999'999'999'999}}) {
    CAPTURE(row.text);
    const auto micros = parse_micros(row.text);
    REQUIRE(micros);
    CHECK(*micros == row.micros);
  }
}

TEST_CASE("what is no amount is refused and quoted") {
  for (const std::string text : {"", "-", ".", "-.", "+1", " 1", "1 ", "1,000", "1.0000001", "1e3", "0x1", "1.2.3",
                                 "--1", "NaN", "1000000000000", "99999999999999999999", "1-", "1.-5", "१"}) {
    CAPTURE(text);
    const auto micros = parse_micros(text);
    REQUIRE_FALSE(micros);
    CHECK(micros.error().code == ErrorCode::invalid_request);
    CHECK(micros.error().message.find("'" + text + "'") != std::string::npos);
  }
}

TEST_CASE("a giant amount is quoted in part only") {
  const auto micros = parse_micros(std::string(100'000, '9'));
  REQUIRE_FALSE(micros);
  CHECK(micros.error().message.size() < 200);
}

TEST_CASE("money is an amount, a space and a currency") {
  const auto money = parse_money("6.25 INR");
  REQUIRE(money);
  CHECK(money->micros == 6'250'000);
  CHECK(money->currency.str() == "INR");
  CHECK(parse_money(".0048 USD")->currency.str() == "USD");
  for (const std::string text : {"6.25", "6.25INR", "INR 6.25", "6.25  INR", "6.25 inr", "6.25 RUPEE", "6.25 IN",
                                 " INR", "6.25 ", "6.25 INR ", "6.25 I R", "₹ 6"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_money(text));
  }
}

TEST_CASE("money is written with two decimals and as many more as it needs") {
  struct Row {
    std::int64_t micros;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{0, "0.00 INR"},
                                         {1'500'000, "1.50 INR"},
                                         {4'800, "0.0048 INR"},
                                         {1, "0.000001 INR"},
                                         {-1, "-0.000001 INR"},
                                         {-12'500'000, "-12.50 INR"},
                                         {1'234'567'890'000, "1234567.89 INR"},
                                         {lowest, "-9223372036854.775808 INR"}}) {
    CAPTURE(row.micros);
    CHECK(to_string(Money{row.micros, {}}) == row.text);
  }
}

TEST_CASE("what money writes it reads back") {
  for (const std::int64_t micros :
       {0L, 1L, -1L, 99L, 10'000L, 4'800L, 123'456'789L, -987'654'321'000'000L, 999'999'999'999'999'999L}) {
    CAPTURE(micros);
    const Money money{micros, *Currency::parse("USD")};
    const auto again = parse_money(to_string(money));
    REQUIRE(again);
    CHECK(*again == money);
  }
}

TEST_CASE("sums of one currency are exact") {
  Money sum{};
  for (int i = 0; i < 1'000'000; ++i) sum += Money{100, {}};
  CHECK(to_string(sum) == "100.00 INR");
}

TEST_CASE("a currency is three capital letters") {
  CHECK(Currency{}.str() == "INR");
  CHECK(Currency::parse("EUR")->str() == "EUR");
  for (const std::string text : {"", "E", "EU", "EURO", "eur", "E R", "12A", "€UR"}) {
    CAPTURE(text);
    CHECK_FALSE(Currency::parse(text));
  }
}

}  // namespace
}  // namespace callramp
