// The price book's file: every row is checked, and what is wrong is named with its line.
#include "app/price_book.hpp"

#include <doctest/doctest.h>

using namespace callramp;

namespace {

const std::string head = "version: v1\ncurrency: INR\n";
const std::string source = "as_of: 2026-11-01, source: test";

}  // namespace

TEST_CASE("the price book that comes with the program prices every part of a call") {
  const auto book = app::load_price_book("");
  REQUIRE_MESSAGE(book.has_value(), book.error().message);
  CHECK(book->currency.str() == "INR");
  CHECK(book->telephony.contains("exotel"));
  CHECK(book->telephony.at("exotel").pulse == seconds{60});
  CHECK(book->telephony.at("exotel").tax_basis_points == 1800);
  CHECK(book->stt_per_minute.contains("nova-3"));
  CHECK(book->llm.contains("gpt-4.1-mini"));
  CHECK(book->tts_per_1000_characters.contains("aura-2"));
}

TEST_CASE("what is wrong in a price book is named with its line") {
  struct {
    std::string yaml;
    std::string says;  // the message starts with it
  } const rows[] = {
      {"", "p.yaml: must be a map with version, currency and prices"},
      {"- a\n", "p.yaml: must be a map with version, currency and prices"},
      {"currency: INR\n", "p.yaml: 'version' is missing"},
      {"version: v1\ncurrency: rupees\n", "p.yaml: "},
      {head + "discounts: []\n", "p.yaml line 3: unknown section 'discounts'"},
      {head + "rates:\n  - USD\n", "p.yaml line 4: must be a map"},
      {head + "rates:\n  - {currency: USD, rate: '80'}\n", "p.yaml line 4: 'as_of' is missing"},
      {head + "rates:\n  - {currency: USD, rate: '80', as_of: 2026-11-01}\n", "p.yaml line 4: 'source' is missing"},
      {head + "rates:\n  - {currency: USD, rate: high, " + source + "}\n", "p.yaml line 4: rate: "},
      {head + "rates:\n  - {currency: USD, rate: '80', since: 2026, " + source + "}\n",
       "p.yaml line 4: unknown key 'since'"},
      {head + "stt_per_minute:\n  - {model: m, " + source + "}\n", "p.yaml line 4: 'price' is missing"},
      {head + "stt_per_minute:\n  - {model: m, price: cheap, " + source + "}\n", "p.yaml line 4: price: "},
      {head + "stt_per_minute:\n  - {model: m, price: 1 USD, " + source + "}\n", "p.yaml: "},
      {head + "telephony:\n  - {provider: p, pulse_seconds: 0, per_pulse: 1 INR, tax_percent: '18', " + source + "}\n",
       "p.yaml: pulse_seconds must be at least 1"},
      {head + "telephony:\n  - {provider: p, pulse_seconds: 60, per_pulse: 1 INR, tax_percent: '180', " + source +
           "}\n",
       "p.yaml line 4: tax_percent: "},
      {head + "llm_per_million_tokens:\n  - {model: m, input: 1 INR, output: 1 INR, " + source + "}\n",
       "p.yaml line 4: 'cached' is missing"},
      {head + "tts_per_1000_characters: [\n", "p.yaml line 4: "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.yaml);
    const auto book = app::parse_price_book(row.yaml, "p.yaml");
    REQUIRE(!book.has_value());
    CAPTURE(book.error().message);
    CHECK(book.error().message.starts_with(row.says));
    CHECK(book.error().message != "p.yaml: ");
  }
  CHECK(app::load_price_book("/nowhere/p.yaml").error().message ==
        "cannot read the price book '/nowhere/p.yaml' (PRICES_FILE)");
}
