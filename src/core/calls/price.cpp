#include "core/calls/price.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace callramp {
namespace {

// Products of prices, quantities, taxes and rates pass 64 bits; the quotient is rounded once, at the end. What passes
// 128 bits can only be nonsense from a provider: it saturates, which nobody overlooks on a bill.
using Wide = __int128;
constexpr Wide wide_max = ~(Wide{1} << 127);

constexpr std::int64_t micros_per_unit = 1'000'000;
constexpr std::int64_t basis_points_per_whole = 10'000;

Wide times(Wide a, Wide b) {
  Wide product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return (a < 0) == (b < 0) ? wide_max : -wide_max;
  return product;
}

Wide plus(Wide a, Wide b) {
  Wide sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return a > 0 ? wide_max : -wide_max;
  return sum;
}

std::int64_t clamp_to_64(Wide value) {
  using Limits = std::numeric_limits<std::int64_t>;
  return static_cast<std::int64_t>(std::clamp<Wide>(value, Limits::min(), Limits::max()));
}

// Half up, that is, away from zero for what is owed and towards it for what is credited.
std::int64_t divide_half_up(Wide dividend, Wide divisor) {
  Wide quotient = dividend / divisor;
  Wide rest = dividend % divisor;
  if (rest < 0) {
    rest += divisor;
    --quotient;
  }
  return clamp_to_64(rest >= divisor - rest ? quotient + 1 : quotient);
}

/// Millionths of the book's unit for one unit of `currency`.
std::optional<std::int64_t> rate_of(const PriceBook& book, const Currency& currency) {
  if (currency == book.currency) return micros_per_unit;
  const auto found = book.rates.find(currency.str());
  if (found == book.rates.end()) return std::nullopt;
  return found->second;
}

/// A sum of quantity × price, with one divisor for all.
class Bill {
 public:
  explicit Bill(const PriceBook& book) : book_(book) {}

  void add(std::int64_t quantity, const Money& each) {
    const auto rate = rate_of(book_, each.currency);
    if (!rate)
      problem_ = "(no " + each.currency.str() + " rate in book " + book_.version + ")";
    else
      sum_ = plus(sum_, times(times(std::max<std::int64_t>(quantity, 0), each.micros), *rate));
  }
  void add_tax(int basis_points) { sum_ = times(sum_, basis_points_per_whole + basis_points); }
  void no_price() { problem_ = "(no price in book " + book_.version + ")"; }

  /// `divisor`: how many of the quantity one price is for, times that of a tax.
  CostLine line(std::string provider, std::string item, double quantity, std::string unit, bool estimated,
                std::int64_t divisor) && {
    if (!problem_.empty()) item += " " + problem_;
    return {.provider = std::move(provider),
            .item = std::move(item),
            .quantity = quantity,
            .unit = std::move(unit),
            .cost = {.micros = problem_.empty() ? divide_half_up(sum_, times(divisor, micros_per_unit)) : 0,
                     .currency = book_.currency},
            .estimated = estimated};
  }

 private:
  const PriceBook& book_;
  Wide sum_ = 0;
  std::string problem_;
};

// What every telephony line starts with, so that the carrier's bill finds the estimate that it replaces.
const std::string outbound_call = "outbound call";

// "gpt-4o-2024-08-06" is gpt-4o as it was on a day, and costs the same; "gpt-4o-mini" is another model.
bool is_dated(std::string_view name, std::string_view model) {
  if (!name.starts_with(model)) return false;
  const auto rest = name.substr(model.size());
  return rest.size() >= 5 && rest[0] == '-' &&
         std::ranges::all_of(rest.substr(1, 4), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_prefix(std::string_view name, std::string_view prefix) { return name.starts_with(prefix); }

/// The price under `name` itself, else under the longest key that stands for it, else under "*".
template <class Price, class StandsFor>
const Price* find_price(const std::map<std::string, Price>& prices, const std::string& name, StandsFor stands_for) {
  if (const auto exact = prices.find(name); exact != prices.end()) return &exact->second;
  const Price* best = nullptr;
  std::size_t longest = 0;
  for (const auto& [key, price] : prices)
    if (key != "*" && key.size() > longest && stands_for(name, key)) {
      best = &price;
      longest = key.size();
    }
  if (best) return best;
  const auto any = prices.find("*");
  return any == prices.end() ? nullptr : &any->second;
}

CostLine telephony_line(const PriceBook& book, const std::string& provider, Duration talk) {
  Bill bill{book};
  const auto found = book.telephony.find(provider);
  if (found == book.telephony.end() || found->second.pulse <= seconds{0}) {
    bill.no_price();
    return std::move(bill).line(provider, outbound_call, std::chrono::duration<double>(talk).count(), "s", true, 1);
  }
  const auto& price = found->second;
  const Duration pulse = price.pulse;
  const std::int64_t pulses = talk / pulse + (talk % pulse > Duration::zero() ? 1 : 0);
  bill.add(pulses, price.per_pulse);
  bill.add_tax(price.tax_basis_points);
  return std::move(bill).line(provider, outbound_call + ", " + std::to_string(price.pulse.count()) + " s pulses",
                              static_cast<double>(pulses), "pulses", true, basis_points_per_whole);
}

CostLine stt_line(const PriceBook& book, const std::string& provider, const Usage& usage) {
  constexpr std::int64_t minute = Duration{minutes{1}}.count();
  Bill bill{book};
  if (const auto* per_minute = find_price(book.stt_per_minute, usage.stt_model, is_dated))
    bill.add(usage.stt_audio.count(), *per_minute);
  else
    bill.no_price();
  return std::move(bill).line(provider, usage.stt_model + " streaming",
                              static_cast<double>(usage.stt_audio.count()) / static_cast<double>(minute), "minutes",
                              false, minute);
}

CostLine llm_line(const PriceBook& book, const std::string& provider, const Usage& usage) {
  // Cached tokens are part of the input ones; more of them than that is a provider's slip.
  const std::int64_t input = std::max<std::int64_t>(usage.llm_input_tokens, 0);
  const std::int64_t cached = std::clamp<std::int64_t>(usage.llm_cached_tokens, 0, input);
  Bill bill{book};
  if (const auto* price = find_price(book.llm, usage.llm_model, is_dated)) {
    bill.add(input - cached, price->input_per_million);
    bill.add(cached, price->cached_per_million);
    bill.add(usage.llm_output_tokens, price->output_per_million);
  } else {
    bill.no_price();
  }
  const double tokens =
      static_cast<double>(input) + static_cast<double>(std::max<std::int64_t>(usage.llm_output_tokens, 0));
  return std::move(bill).line(provider, usage.llm_model + " tokens", tokens, "tokens", usage.llm_estimated, 1'000'000);
}

CostLine tts_line(const PriceBook& book, const std::string& provider, const Usage& usage) {
  Bill bill{book};
  if (const auto* per_1000 = find_price(book.tts_per_1000_characters, usage.tts_voice, is_prefix))
    bill.add(usage.tts_characters, *per_1000);
  else
    bill.no_price();
  return std::move(bill).line(provider, usage.tts_voice + " speech", static_cast<double>(usage.tts_characters),
                              "characters", false, 1000);
}

}  // namespace

std::vector<CostLine> price(const PriceBook& book, const Providers& providers, const Usage& usage) {
  std::vector<CostLine> lines;
  if (usage.talk > Duration::zero()) lines.push_back(telephony_line(book, providers.telephony, usage.talk));
  if (usage.stt_audio > Duration::zero()) lines.push_back(stt_line(book, providers.stt, usage));
  if (usage.llm_input_tokens > 0 || usage.llm_output_tokens > 0) lines.push_back(llm_line(book, providers.llm, usage));
  if (usage.tts_characters > 0) lines.push_back(tts_line(book, providers.tts, usage));
  return lines;
}

std::vector<CostLine> with_carrier_price(const PriceBook& book, std::vector<CostLine> lines,
                                         const std::string& provider, const Money& carrier_price) {
  const auto estimate = std::ranges::find_if(
      lines, [&](const CostLine& line) { return line.provider == provider && line.item.starts_with(outbound_call); });
  CostLine billed{.provider = provider, .item = outbound_call + ", as billed", .quantity = 1, .unit = "call"};
  if (const auto converted = convert(book, carrier_price)) {
    billed.cost = *converted;
    billed.estimated = false;
  } else {
    // Our estimate is nearer to the truth than nothing at all.
    billed.cost = estimate == lines.end() ? Money{.currency = book.currency} : estimate->cost;
    billed.item = outbound_call + ", billed " + to_string(carrier_price) + " (no " + carrier_price.currency.str() +
                  " rate in book " + book.version + ")";
  }
  if (estimate == lines.end())
    lines.insert(lines.begin(), std::move(billed));
  else
    *estimate = std::move(billed);
  return lines;
}

Money total(const PriceBook& book, const std::vector<CostLine>& lines) {
  Wide sum = 0;
  for (const auto& line : lines)
    if (const auto converted = convert(book, line.cost)) sum = plus(sum, converted->micros);
  return {.micros = clamp_to_64(sum), .currency = book.currency};
}

Result<Money> convert(const PriceBook& book, const Money& money) {
  if (money.currency == book.currency) return money;
  const auto rate = rate_of(book, money.currency);
  if (!rate)
    return fail(ErrorCode::invalid_request, "price book '" + book.version + "' has no rate for " +
                                                money.currency.str() + "; add rates." + money.currency.str());
  return Money{.micros = divide_half_up(times(money.micros, *rate), micros_per_unit), .currency = book.currency};
}

}  // namespace callramp
