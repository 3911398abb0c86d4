#include "core/calls/price.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace callramp;

namespace {

Money money(const char* text) { return parse_money(text).value(); }

PriceBook book() {
  PriceBook prices;
  prices.version = "2026-11";
  prices.rates = {{"USD", 84'000'000}, {"JPY", 560'000}};
  prices.telephony = {{"exotel", {.pulse = seconds{60}, .per_pulse = money("0.50 INR"), .tax_basis_points = 1800}},
                      {"precise", {.pulse = seconds{1}, .per_pulse = money("0.000001 USD"), .tax_basis_points = 0}}};
  prices.stt_per_minute = {{"nova-3", money("0.0048 USD")}};
  prices.llm = {{"gpt-4.1-mini", {money("0.40 USD"), money("0.10 USD"), money("1.60 USD")}},
                {"gpt-4.1", {money("2 USD"), money("0.50 USD"), money("8 USD")}}};
  prices.tts_per_1000_characters = {
      {"aura-2", money("0.030 USD")}, {"aura", money("0.015 USD")}, {"*", money("1 INR")}};
  return prices;
}

const Providers providers{.telephony = "exotel", .stt = "deepgram", .llm = "openai", .tts = "deepgram"};

CostLine only_line(const PriceBook& prices, const Usage& usage, const Providers& who = providers) {
  const auto lines = price(prices, who, usage);
  REQUIRE_EQ(lines.size(), 1);
  return lines.front();
}

}  // namespace

TEST_CASE("a whole call has one line for each provider used") {
  const Usage usage{.stt_audio = seconds{90},
                    .stt_model = "nova-3",
                    .llm_model = "gpt-4.1-mini",
                    .llm_input_tokens = 12'000,
                    .llm_cached_tokens = 4'000,
                    .llm_output_tokens = 500,
                    .llm_estimated = true,
                    .tts_voice = "aura-2-thalia-en",
                    .tts_characters = 1'234,
                    .talk = seconds{95}};
  const auto lines = price(book(), providers, usage);
  REQUIRE_EQ(lines.size(), 4);
  struct Row {
    const char* provider;
    const char* item;
    double quantity;
    const char* unit;
    const char* cost;
    bool estimated;
  };
  const std::vector<Row> rows{
      {"exotel", "outbound call, 60 s pulses", 2, "pulses", "1.18 INR", true},
      {"deepgram", "nova-3 streaming", 1.5, "minutes", "0.6048 INR", false},
      // 8000 × 0.40 + 4000 × 0.10 + 500 × 1.60 = 4400 per million USD
      {"openai", "gpt-4.1-mini tokens", 12'500, "tokens", "0.3696 INR", true},
      {"deepgram", "aura-2-thalia-en speech", 1'234, "characters", "3.10968 INR", false},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK_EQ(lines[i].provider, rows[i].provider);
    CHECK_EQ(lines[i].item, rows[i].item);
    CHECK_EQ(lines[i].quantity, doctest::Approx(rows[i].quantity));
    CHECK_EQ(lines[i].unit, rows[i].unit);
    CHECK_EQ(to_string(lines[i].cost), rows[i].cost);
    CHECK_EQ(lines[i].estimated, rows[i].estimated);
  }
  CHECK_EQ(to_string(total(book(), lines)), "5.26408 INR");
}

TEST_CASE("an unanswered call costs nothing") {
  CHECK(price(book(), providers, {}).empty());
  CHECK_EQ(to_string(total(book(), {})), "0.00 INR");
}

TEST_CASE("pulses are rounded up") {
  const std::vector<std::pair<Duration, const char*>> rows{
      {Duration{1}, "0.59 INR"},  {seconds{59}, "0.59 INR"},
      {seconds{60}, "0.59 INR"},  {microseconds{60'000'001}, "1.18 INR"},
      {seconds{120}, "1.18 INR"}, {seconds{121}, "1.77 INR"},
  };
  for (const auto& [talk, cost] : rows) {
    CAPTURE(talk.count());
    CHECK_EQ(to_string(only_line(book(), {.talk = talk}).cost), cost);
  }
}

TEST_CASE("a cost is rounded once, half up to a micro-unit") {
  PriceBook prices = book();
  const Providers precise{.telephony = "precise", .stt = "", .llm = "", .tts = ""};
  const std::vector<std::pair<std::int64_t, std::int64_t>> rates{
      {499'999, 0}, {500'000, 1}, {1'499'999, 1}, {1'500'000, 2}, {84'000'000, 84}};
  for (const auto& [rate, micros] : rates) {
    CAPTURE(rate);
    prices.rates["USD"] = rate;
    CHECK_EQ(only_line(prices, {.talk = seconds{1}}, precise).cost.micros, micros);
  }
  // Three seconds at half a micro-unit each are 1.5, thus 2: not three times a rounded 1.
  prices.rates["USD"] = 500'000;
  CHECK_EQ(only_line(prices, {.talk = seconds{3}}, precise).cost.micros, 2);
}

TEST_CASE("a voice is priced by its longest prefix and a model by its own name or dated name") {
  const PriceBook prices = book();
  const auto voice = [&](const char* name) {
    return to_string(only_line(prices, {.tts_voice = name, .tts_characters = 1000}).cost);
  };
  CHECK_EQ(voice("aura-2"), "2.52 INR");
  CHECK_EQ(voice("aura-2-thalia-en"), "2.52 INR");
  CHECK_EQ(voice("aura-asteria-en"), "1.26 INR");
  CHECK_EQ(voice("somebody"), "1.00 INR");
  CHECK_EQ(voice(""), "1.00 INR");

  const auto model = [&](const char* name) {
    return only_line(prices, {.llm_model = name, .llm_input_tokens = 1'000'000});
  };
  CHECK_EQ(to_string(model("gpt-4.1").cost), "168.00 INR");
  CHECK_EQ(to_string(model("gpt-4.1-2025-04-14").cost), "168.00 INR");
  CHECK_EQ(to_string(model("gpt-4.1-mini-2025-04-14").cost), "33.60 INR");
  CHECK_EQ(model("gpt-4.1-nano").item, "gpt-4.1-nano tokens (no price in book 2026-11)");
  CHECK_EQ(model("gpt-4.1-32").item, "gpt-4.1-32 tokens (no price in book 2026-11)");
}

TEST_CASE("what the book lacks is a line of its own that costs nothing and says so") {
  const PriceBook empty{.version = "empty"};
  const Usage usage{.stt_audio = seconds{1},
                    .stt_model = "nova-3",
                    .llm_model = "gpt",
                    .llm_input_tokens = 1,
                    .tts_voice = "aura",
                    .tts_characters = 1,
                    .talk = seconds{1}};
  const auto lines = price(empty, providers, usage);
  REQUIRE_EQ(lines.size(), 4);
  for (const auto& line : lines) {
    CHECK_EQ(line.cost.micros, 0);
    CHECK_MESSAGE(line.item.ends_with("(no price in book empty)"), line.item);
  }
  PriceBook without_rate = book();
  without_rate.rates.clear();
  const auto line = only_line(without_rate, {.stt_audio = seconds{60}, .stt_model = "nova-3"});
  CHECK_EQ(line.item, "nova-3 streaming (no USD rate in book 2026-11)");
  CHECK_EQ(line.cost.micros, 0);
}

TEST_CASE("a provider's nonsense about its usage stays within bounds") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  PriceBook prices = book();
  prices.llm["huge"] = {{.micros = most}, {.micros = most}, {.micros = most}};
  prices.rates["INR"] = most;
  CHECK_EQ(only_line(prices, {.llm_model = "huge", .llm_input_tokens = most, .llm_output_tokens = most}).cost.micros,
           most);
  CHECK_EQ(only_line(prices, {.llm_model = "gpt-4.1", .llm_input_tokens = -5, .llm_output_tokens = 1}).cost.micros,
           672);
  // More cached tokens than there were, and fewer than none.
  CHECK_EQ(only_line(prices, {.llm_model = "gpt-4.1", .llm_input_tokens = 10, .llm_cached_tokens = 99}).cost.micros,
           420);
  CHECK_EQ(only_line(prices, {.llm_model = "gpt-4.1", .llm_input_tokens = 10, .llm_cached_tokens = -9}).cost.micros,
           1680);
  CHECK(price(prices, providers, {.stt_audio = seconds{-1}, .tts_characters = -1, .talk = seconds{-1}}).empty());
  prices.telephony["exotel"].pulse = seconds{0};
  CHECK_EQ(only_line(prices, {.talk = seconds{5}}).item, "outbound call (no price in book 2026-11)");
}

TEST_CASE("the carrier's price replaces the estimate, once and again") {
  const PriceBook prices = book();
  auto lines = price(prices, providers, {.stt_audio = seconds{60}, .stt_model = "nova-3", .talk = seconds{95}});
  for (const char* billed : {"1.50 INR", "1.75 INR"}) {
    lines = with_carrier_price(prices, lines, "exotel", money(billed));
    REQUIRE_EQ(lines.size(), 2);
    CHECK_EQ(lines[0].provider, "exotel");
    CHECK_EQ(lines[0].item, "outbound call, as billed");
    CHECK_EQ(to_string(lines[0].cost), billed);
    CHECK_FALSE(lines[0].estimated);
    CHECK_EQ(lines[1].item, "nova-3 streaming");
  }
  CHECK_EQ(to_string(total(prices, lines)), "2.1532 INR");
}

TEST_CASE("a carrier's price in an unknown currency leaves the estimate and says so") {
  const PriceBook prices = book();
  const auto lines =
      with_carrier_price(prices, price(prices, providers, {.talk = seconds{95}}), "exotel", money("2 EUR"));
  REQUIRE_EQ(lines.size(), 1);
  CHECK_EQ(to_string(lines[0].cost), "1.18 INR");
  CHECK(lines[0].estimated);
  CHECK_EQ(lines[0].item, "outbound call, billed 2.00 EUR (no EUR rate in book 2026-11)");
}

TEST_CASE("a carrier's price without an estimate becomes a line, and another kind of the same vendor stays") {
  PriceBook prices = book();
  const Providers one_vendor{.telephony = "vendor", .stt = "", .llm = "", .tts = "vendor"};
  const auto speech = price(prices, one_vendor, {.tts_voice = "x", .tts_characters = 1000});
  const auto lines = with_carrier_price(prices, speech, "vendor", money("2 INR"));
  REQUIRE_EQ(lines.size(), 2);
  CHECK_EQ(lines[0].item, "outbound call, as billed");
  CHECK_EQ(lines[1].item, "x speech");
  CHECK_EQ(to_string(total(prices, lines)), "3.00 INR");
}

TEST_CASE("money converts by the book's rates or not at all") {
  CHECK_EQ(to_string(convert(book(), money("1.50 INR")).value()), "1.50 INR");
  CHECK_EQ(to_string(convert(book(), money("0.0048 USD")).value()), "0.4032 INR");
  CHECK_EQ(to_string(convert(book(), money("100 JPY")).value()), "56.00 INR");
  CHECK_EQ(to_string(convert(book(), money("-1 USD")).value()), "-84.00 INR");
  const auto unknown = convert(book(), money("1 EUR"));
  REQUIRE_FALSE(unknown);
  CHECK_EQ(unknown.error().message, "price book '2026-11' has no rate for EUR; add rates.EUR");
}
