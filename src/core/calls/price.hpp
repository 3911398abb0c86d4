// From what an attempt used to what it cost, by provider. Integer micro-units; the book is versioned and stored by
// name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/calls/types.hpp"

namespace callramp {

struct PriceBook {
  std::string version;  ///< stored with every cost
  Currency currency;    ///< what totals are in; INR by default
  /// Units of `currency` per one unit of the key, in millionths: {"USD": 84'000'000}.
  std::map<std::string, std::int64_t> rates;

  struct Telephony {
    seconds pulse{60};
    Money per_pulse;  ///< from answer, per leg
    int tax_basis_points = 0;
  };
  struct Tokens {
    Money input_per_million;
    Money cached_per_million;
    Money output_per_million;
  };
  std::map<std::string, Telephony> telephony;   ///< by provider
  std::map<std::string, Money> stt_per_minute;  ///< by model, which stands for its dated names; "*" is any other
  std::map<std::string, Tokens> llm;            ///< by model, which stands for its dated names; "*" is any other
  std::map<std::string, Money> tts_per_1000_characters;  ///< by voice or its longest prefix; "*" is any other
};

/// Who to name on each line.
struct Providers {
  std::string telephony;
  std::string stt;
  std::string llm;
  std::string tts;
};

/// One line per provider used, in book.currency, rounded half up to a micro-unit, once. A price that the book lacks is
/// a line of cost 0 whose item ends in "(no price in book VERSION)", a rate "(no USD rate in book VERSION)", so that
/// nothing goes missing silently. A provider's nonsense saturates.
std::vector<CostLine> price(const PriceBook& book, const Providers& providers, const Usage& usage);
/// Replaces the telephony estimate (or the price that replaced it before) by what the carrier says it took. In a
/// currency without a rate the estimate stays, and its item says so.
std::vector<CostLine> with_carrier_price(const PriceBook& book, std::vector<CostLine> lines,
                                         const std::string& provider, const Money& carrier_price);
Money total(const PriceBook& book, const std::vector<CostLine>& lines);
/// Converts by the book's rates; an unknown currency is an error that names it.
Result<Money> convert(const PriceBook& book, const Money& money);

}  // namespace callramp
