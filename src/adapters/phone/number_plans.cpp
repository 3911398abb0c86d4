#include "adapters/phone/number_plans.hpp"

#include <phonenumbers/phonemetadata.pb.h>

#include <algorithm>

#include "base/ensure.hpp"

// The library has its tables as these two functions; their header is not installed.
namespace i18n::phonenumbers {
int metadata_size();
const void* metadata_get();
}  // namespace i18n::phonenumbers

namespace callramp::phone {
namespace {

using i18n::phonenumbers::PhoneMetadata;
using i18n::phonenumbers::PhoneNumberDesc;

// A set of national numbers: a pattern, and the lengths that they have.
struct Numbers {
  std::uint32_t lengths = 0;  // bit n: n digits; 0: any
  DigitPattern pattern;

  bool has_length(std::size_t digits) const noexcept { return lengths == 0 || (lengths >> digits & 1) != 0; }
  bool contain(std::string_view national) const noexcept {
    return has_length(national.size()) && pattern.matches(national);
  }
};

constexpr std::size_t most_digits = 17;  // of a national number, as the library has it

std::uint32_t lengths_of(const PhoneNumberDesc& desc) {
  std::uint32_t lengths = 0;
  for (const int length : desc.possible_length())
    if (length >= 0 && length <= static_cast<int>(most_digits)) lengths |= 1u << length;
  return lengths;
}

// Digits with single blanks or dashes between them, behind a plus or not; empty for anything else.
std::string plain_digits(std::string_view text) {
  std::string digits;
  bool after_digit = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
      after_digit = true;
    } else if ((c == ' ' || c == '-') && after_digit) {
      after_digit = false;
    } else {
      return {};
    }
  }
  return after_digit ? digits : std::string();
}

}  // namespace

struct NumberPlans::Region {
  explicit Region(const PhoneMetadata& metadata) : source(&metadata), name(metadata.id()) {}
  // Made when a number of its country is first seen.
  struct Patterns {
    bool usable = false;  // every expression could be compiled
    Numbers general;
    std::vector<Numbers> types;
    std::optional<DigitPattern> leading;   // digits that tell it from other regions of its code
    std::optional<DigitPattern> trunk;     // the prefix of national calls
    std::optional<DigitPattern> dialling;  // the prefix of international calls
  };
  Patterns compile() const;
  bool knows(std::string_view national) const noexcept {
    return patterns.general.contain(national) &&
           std::ranges::any_of(patterns.types, [&](const Numbers& type) { return type.contain(national); });
  }

  const PhoneMetadata* source;
  std::string name;
  mutable Patterns patterns;
};

struct NumberPlans::Code {
  int number = 0;
  std::vector<std::unique_ptr<Region>> regions;  // the main one first
  mutable std::once_flag prepared;
  mutable bool usable = false;
};

NumberPlans::Region::Patterns NumberPlans::Region::compile() const {
  Patterns made{.usable = true};
  const auto compiled = [&](const std::string& expression) -> std::optional<DigitPattern> {
    if (expression.empty()) return std::nullopt;
    auto pattern = DigitPattern::compile(expression);
    if (!pattern) made.usable = false;
    return pattern;
  };
  const auto numbers = [&](const PhoneNumberDesc& desc) -> std::optional<Numbers> {
    // A length of -1 says that there are no such numbers.
    if (desc.possible_length_size() == 1 && desc.possible_length(0) == -1) return std::nullopt;
    auto pattern = compiled(desc.national_number_pattern());
    if (!pattern) return std::nullopt;
    return Numbers{.lengths = lengths_of(desc), .pattern = *std::move(pattern)};
  };
  const PhoneMetadata& plan = *source;
  if (auto general = numbers(plan.general_desc()); general && general->lengths != 0)
    made.general = *std::move(general);
  else
    made.usable = false;
  for (const PhoneNumberDesc* desc :
       {&plan.premium_rate(), &plan.toll_free(), &plan.shared_cost(), &plan.voip(), &plan.personal_number(),
        &plan.pager(), &plan.uan(), &plan.voicemail(), &plan.fixed_line(), &plan.mobile()})
    if (auto type = numbers(*desc)) made.types.push_back(*std::move(type));
  made.leading = compiled(plan.leading_digits());
  // Without the "$" that ends some, it matches more than it says, and the library is asked more often.
  std::string trunk = plan.national_prefix_for_parsing();
  if (trunk.ends_with('$')) trunk.pop_back();
  made.trunk = compiled(trunk);
  made.dialling = compiled(plan.international_prefix());
  return made;
}

NumberPlans::NumberPlans() {
  static const i18n::phonenumbers::PhoneMetadataCollection& all = []() -> const auto& {
    auto* read = new i18n::phonenumbers::PhoneMetadataCollection;  // as long as the program, like the library's own
    ENSURE(read->ParseFromArray(i18n::phonenumbers::metadata_get(), i18n::phonenumbers::metadata_size()),
           "libphonenumber's tables can be read by the headers of the same version");
    return *read;
  }();
  std::map<int, Code*> codes;
  for (const PhoneMetadata& plan : all.metadata()) {
    if (plan.id() == "001") continue;  // belongs to no country: satellites, free numbers
    Code*& code = codes[plan.country_code()];
    if (code == nullptr) {
      codes_.push_back(std::make_unique<Code>());
      code = codes_.back().get();
      code->number = plan.country_code();
      by_code_[static_cast<std::size_t>(code->number)] = code;
    }
    auto region = std::make_unique<Region>(plan);
    by_region_.emplace(region->name, code);
    // As the library orders them, for it takes the first that fits.
    if (plan.main_country_for_code())
      code->regions.insert(code->regions.begin(), std::move(region));
    else
      code->regions.push_back(std::move(region));
  }
}

NumberPlans::~NumberPlans() = default;

void NumberPlans::prepare(const Code& code) const {
  std::call_once(code.prepared, [&] {
    code.usable = true;
    for (const auto& region : code.regions) {
      region->patterns = region->compile();
      code.usable = code.usable && region->patterns.usable;
    }
  });
}

// No country code is the beginning of another.
const NumberPlans::Code* NumberPlans::code_of(std::string_view digits, std::size_t& length) const {
  int number = 0;
  for (length = 1; length <= 3 && length < digits.size(); ++length) {
    number = number * 10 + (digits[length - 1] - '0');
    if (number == 0) return nullptr;
    if (const Code* code = by_code_[static_cast<std::size_t>(number)]) return code;
  }
  return nullptr;
}

const NumberPlans::Region* NumberPlans::known_region(const Code& code, std::string_view national) const {
  if (code.regions.size() == 1) {
    const Region& only = *code.regions.front();
    return only.knows(national) ? &only : nullptr;
  }
  for (const auto& region : code.regions) {
    const bool fits =
        region->patterns.leading ? region->patterns.leading->matches_start(national) : region->knows(national);
    if (fits) return region->knows(national) ? region.get() : nullptr;
  }
  return nullptr;
}

std::optional<NumberPlans::Found> NumberPlans::find(std::string_view text, std::string_view region) const {
  const bool international = text.starts_with('+');
  const std::string digits = plain_digits(text.substr(international ? 1 : 0));
  // Fewer are no number anywhere, more are none by E.164.
  if (digits.size() < 7 || digits.size() > 15) return std::nullopt;
  const Code* code = nullptr;
  std::size_t code_digits = 0;
  if (international) {
    code = code_of(digits, code_digits);
  } else if (const auto found = by_region_.find(region); found != by_region_.end()) {
    code = found->second;
  }
  if (code == nullptr) return std::nullopt;
  prepare(*code);
  if (!code->usable) return std::nullopt;
  const std::string_view national = std::string_view(digits).substr(code_digits);
  // Whose prefixes and lengths count: the code's main region, or the one that was named.
  const auto named = std::ranges::find(code->regions, region, &Region::name);
  const Region& plan = international || named == code->regions.end() ? *code->regions.front() : **named;
  if (!international && (!plan.patterns.dialling || plan.patterns.dialling->matches_start(national) ||
                         !plan.patterns.general.contain(national)))
    return std::nullopt;
  // A leading zero is part of some numbers and a prefix of others.
  if (national.starts_with('0') || (plan.patterns.trunk && plan.patterns.trunk->matches_start(national)))
    return std::nullopt;
  if (!code->regions.front()->patterns.general.has_length(national.size())) return std::nullopt;
  const Region* const found = known_region(*code, national);
  if (found == nullptr) return std::nullopt;
  std::string e164 = "+" + std::to_string(code->number);
  e164 += national;
  if (e164.size() > 16) return std::nullopt;
  return Found{.e164 = std::move(e164), .region = found->name};
}

}  // namespace callramp::phone
