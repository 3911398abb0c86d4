#include "base/money.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp {

Result<Currency> Currency::parse(std::string_view text) {
  const bool capitals = text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!capitals)
    return fail(ErrorCode::invalid_request,
                "currency '" + std::string(text.substr(0, 16)) + "' is not an ISO 4217 code; write INR or USD");
  Currency currency;
  std::ranges::copy(text, currency.code_.begin());
  return currency;
}

Money& Money::operator+=(const Money& other) {
  ENSURE(currency == other.currency, "sums of two currencies need a rate");
  micros += other.micros;
  return *this;
}

std::string to_string(const Money& money) {
  const bool negative = money.micros < 0;
  const std::uint64_t size =
      negative ? 0 - static_cast<std::uint64_t>(money.micros) : static_cast<std::uint64_t>(money.micros);
  std::string fraction = std::to_string(size % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return (negative ? "-" : "") + std::to_string(size / 1'000'000) + "." + fraction + " " + money.currency.str();
}

Result<std::int64_t> parse_micros(std::string_view decimal) {
  const auto bad = [&] {
    return fail(ErrorCode::invalid_request, "amount '" + std::string(decimal.substr(0, 32)) +
                                                "' is not a decimal number with at most six decimals");
  };
  std::string_view rest = decimal;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  const auto dot = rest.find('.');
  const auto whole = rest.substr(0, dot);
  const auto fraction = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  // Twelve digits before the point: far above any bill, far below an overflow of 64 bits.
  if (whole.size() > 12 || fraction.size() > 6 || (whole.empty() && fraction.empty())) return bad();
  std::int64_t micros = 0;
  for (char c : whole) {
    if (c < '0' || c > '9') return bad();
    micros = micros * 10 + (c - '0');
  }
  for (std::size_t i = 0; i < 6; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (c < '0' || c > '9') return bad();
    micros = micros * 10 + (c - '0');
  }
  return negative ? -micros : micros;
}

Result<Money> parse_money(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos)
    return fail(ErrorCode::invalid_request,
                "amount '" + std::string(text.substr(0, 32)) + "' has no currency; write it like '6.00 INR'");
  TRY(micros, parse_micros(text.substr(0, space)));
  TRY(currency, Currency::parse(text.substr(space + 1)));
  return Money{micros, currency};
}

}  // namespace callramp
