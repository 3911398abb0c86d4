#include "app/price_book.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/percent.hpp"
#include "embedded/prices.hpp"

namespace callramp::app {
namespace {

// A bad row, thrown inside this file only.
struct BadRow {
  std::string message;
};

// One row with its permitted keys; every read names line and key when it fails.
class Row {
 public:
  Row(const YAML::Node& node, std::string file, std::set<std::string> allowed) : node_(node), file_(std::move(file)) {
    if (!node_.IsMap()) throw BadRow{where() + ": must be a map"};
    for (const auto& entry : node_) {
      const std::string key = entry.first.as<std::string>("");
      if (!allowed.contains(key) && key != "as_of" && key != "source")
        throw BadRow{where() + ": unknown key '" + key + "'"};
    }
    for (const char* key : {"as_of", "source"}) text(key);
  }
  std::string text(const char* key) const {
    const YAML::Node value = node_[key];
    if (!value || !value.IsScalar() || value.Scalar().empty()) throw BadRow{where() + ": '" + key + "' is missing"};
    return value.Scalar();
  }
  Money money(const char* key) const { return take(key, parse_money(text(key))); }
  std::int64_t micros(const char* key) const { return take(key, parse_micros(text(key))); }
  int basis_points(const char* key) const { return take(key, Percent::parse(text(key))).basis_points(); }

 private:
  template <class T>
  T take(const char* key, const Result<T>& parsed) const {
    if (!parsed) throw BadRow{where() + ": " + key + ": " + parsed.error().message};
    return *parsed;
  }
  std::string where() const { return fmt::format("{} line {}", file_, node_.Mark().line + 1); }

  YAML::Node node_;
  std::string file_;
};

PriceBook read(const YAML::Node& root, const std::string& file) {
  static const std::set<std::string> sections{"version",
                                              "currency",
                                              "rates",
                                              "telephony",
                                              "stt_per_minute",
                                              "llm_per_million_tokens",
                                              "tts_per_1000_characters"};
  if (!root.IsMap()) throw BadRow{file + ": must be a map with version, currency and prices"};
  for (const auto& entry : root)
    if (!sections.contains(entry.first.as<std::string>("")))
      throw BadRow{fmt::format("{} line {}: unknown section '{}'", file, entry.first.Mark().line + 1,
                               entry.first.as<std::string>(""))};
  PriceBook book;
  book.version = root["version"].as<std::string>("");
  if (book.version.empty()) throw BadRow{file + ": 'version' is missing"};
  const auto currency = Currency::parse(root["currency"].as<std::string>("INR"));
  if (!currency) throw BadRow{file + ": " + currency.error().message};
  book.currency = *currency;
  for (const auto& node : root["rates"]) {
    const Row row(node, file, {"currency", "rate"});
    book.rates[row.text("currency")] = row.micros("rate");
  }
  for (const auto& node : root["telephony"]) {
    const Row row(node, file, {"provider", "pulse_seconds", "per_pulse", "tax_percent"});
    const std::int64_t pulse = row.micros("pulse_seconds") / 1'000'000;
    if (pulse < 1) throw BadRow{file + ": pulse_seconds must be at least 1"};
    book.telephony[row.text("provider")] = {.pulse = seconds{pulse},
                                            .per_pulse = row.money("per_pulse"),
                                            .tax_basis_points = row.basis_points("tax_percent")};
  }
  for (const auto& node : root["stt_per_minute"]) {
    const Row row(node, file, {"model", "price"});
    book.stt_per_minute[row.text("model")] = row.money("price");
  }
  for (const auto& node : root["llm_per_million_tokens"]) {
    const Row row(node, file, {"model", "input", "cached", "output"});
    book.llm[row.text("model")] = {.input_per_million = row.money("input"),
                                   .cached_per_million = row.money("cached"),
                                   .output_per_million = row.money("output")};
  }
  for (const auto& node : root["tts_per_1000_characters"]) {
    const Row row(node, file, {"voice", "price"});
    book.tts_per_1000_characters[row.text("voice")] = row.money("price");
  }
  return book;
}

// Every price must be convertible, or a call would fail to be priced on the day it is made.
Status check_currencies(const PriceBook& book) {
  const auto check = [&](const Money& money) -> Status {
    if (const auto converted = convert(book, money); !converted) return std::unexpected(converted.error());
    return {};
  };
  for (const auto& [name, row] : book.telephony) TRY_VOID(check(row.per_pulse));
  for (const auto& [name, money] : book.stt_per_minute) TRY_VOID(check(money));
  for (const auto& [name, row] : book.llm)
    for (const Money& money : {row.input_per_million, row.cached_per_million, row.output_per_million})
      TRY_VOID(check(money));
  for (const auto& [name, money] : book.tts_per_1000_characters) TRY_VOID(check(money));
  return {};
}

}  // namespace

Result<PriceBook> parse_price_book(std::string_view yaml, const std::string& file) {
  PriceBook book;
  try {
    book = read(YAML::Load(std::string(yaml)), file);
  } catch (const BadRow& bad) {
    return fail(ErrorCode::invalid_request, bad.message);
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::invalid_request, fmt::format("{} line {}: {}", file, error.mark.line + 1, error.msg));
  }
  if (const Status convertible = check_currencies(book); !convertible)
    return fail(ErrorCode::invalid_request, file + ": " + convertible.error().message);
  return book;
}

Result<PriceBook> load_price_book(const std::string& file) {
  if (file.empty()) return parse_price_book(embedded::prices, "the built-in price book");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  if (!stream || !(content << stream.rdbuf()))
    return fail(ErrorCode::not_found, "cannot read the price book '" + file + "' (PRICES_FILE)");
  return parse_price_book(std::move(content).str(), file);
}

}  // namespace callramp::app
