// The short way to a number against libphonenumber itself, and the patterns that it is made of.
#include "adapters/phone/number_plans.hpp"

#include <doctest/doctest.h>
#include <phonenumbers/phonenumberutil.h>

#include <set>

#include "base/random.hpp"

using namespace callramp;
using i18n::phonenumbers::PhoneNumberUtil;
using phone::DigitPattern;

namespace {

// "E164 REGION", or nothing for what is not valid.
std::string by_library(const std::string& text, const std::string& region) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber number;
  if (util.Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR || !util.IsValidNumber(number) ||
      util.IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE || number.has_extension())
    return "";
  std::string e164;
  std::string of;
  util.Format(number, PhoneNumberUtil::E164, &e164);
  util.GetRegionCodeForNumber(number, &of);
  return e164 + " " + of;
}

// A number as somebody in `region` may have written it: an example with a few digits changed, with or without its code,
// with blanks and dashes where people put them, sometimes with a prefix, a digit too many or one too few.
std::string written(const std::string& region, SeededRandom& random) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber example;
  constexpr PhoneNumberUtil::PhoneNumberType types[] = {PhoneNumberUtil::MOBILE, PhoneNumberUtil::FIXED_LINE,
                                                        PhoneNumberUtil::TOLL_FREE, PhoneNumberUtil::UAN};
  if (!util.GetExampleNumberForType(region, types[random.below(4)], &example) &&
      !util.GetExampleNumber(region, &example))
    return "+" + std::to_string(random.below(1'000'000'000'000));
  std::string digits;
  util.GetNationalSignificantNumber(example, &digits);
  for (std::uint64_t i = random.below(5); i > 0; --i)
    digits[digits.size() - 1 - random.below(std::min<std::uint64_t>(digits.size(), i * 2 + 1))] =
        static_cast<char>('0' + random.below(10));
  if (random.below(20) == 0) digits += '7';
  if (random.below(20) == 0) digits.pop_back();
  if (random.below(20) == 0) digits.insert(0, 1, static_cast<char>('0' + random.below(10)));
  if (random.below(2) == 0) digits.insert(0, (random.below(4) > 0 ? "+" : "") + std::to_string(example.country_code()));
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    text += digits[i];
    if (digits[i] != '+' && i + 1 < digits.size() && random.below(5) == 0) text += random.below(2) == 0 ? ' ' : '-';
  }
  return text;
}

}  // namespace

TEST_CASE("the short way to a number gives libphonenumber's own answer for every number that it answers") {
  const phone::NumberPlans plans;
  std::set<std::string> regions;
  PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
  const std::vector<std::string> all(regions.begin(), regions.end());
  SeededRandom random(11);
  int answered = 0;
  std::set<std::string> regions_answered;
  for (int i = 0; i < 100'000; ++i) {
    // Half of them where most lists come from.
    const std::string region =
        i % 2 == 0 ? all[random.below(all.size())] : std::vector<std::string>{"IN", "US", "GB", "AE"}[random.below(4)];
    const std::string text = written(region, random);
    const std::string assumed = random.below(10) == 0 ? all[random.below(all.size())] : region;
    const auto found = plans.find(text, assumed);
    if (!found) continue;
    ++answered;
    regions_answered.emplace(found->region);
    CAPTURE(text);
    CAPTURE(assumed);
    REQUIRE(found->e164 + " " + std::string(found->region) == by_library(text, assumed));
  }
  CHECK(answered > 40'000);
  CHECK(regions_answered.size() > 150);
}

TEST_CASE("the usual rows of a list go the short way") {
  const phone::NumberPlans plans;
  struct {
    std::string_view text;
    std::string_view region;
    std::string_view found;  // empty: the library is asked
  } const rows[] = {
      {"+919876543210", "IN", "+919876543210 IN"},
      {"9876543210", "IN", "+919876543210 IN"},
      {"98765 43210", "IN", "+919876543210 IN"},
      {"+91 98765-43210", "US", "+919876543210 IN"},
      {"+12025550123", "IN", "+12025550123 US"},
      {"+14165550123", "IN", "+14165550123 CA"},
      {"202-555-0123", "US", "+12025550123 US"},
      {"416-555-0123", "US", "+14165550123 CA"},
      {"+447400123456", "IN", "+447400123456 GB"},
      {"07400123456", "GB", ""},
      {"0919876543210", "IN", ""},
      {"919876543210", "IN", ""},
      {"+91 98765  43210", "IN", ""},
      {"+91 (98765) 43210", "IN", ""},
      {"98765-43210-", "IN", ""},
      {"+80012345678", "IN", ""},
      {"12345", "IN", ""},
      {"9876543210", "ZZ", ""},
      {"9876543210", "", ""},
      {"+", "IN", ""},
      {"+390612345678", "IN", ""},
      {"9876543210 x5", "IN", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto found = plans.find(row.text, row.region);
    CHECK((found ? found->e164 + " " + std::string(found->region) : std::string()) == row.found);
  }
}

TEST_CASE("patterns match as regular expressions do") {
  struct {
    std::string_view expression;
    std::string_view digits;
    bool whole;
    bool start;
  } const rows[] = {
      {"12", "12", true, true},
      {"12", "123", false, true},
      {"12", "1", false, false},
      {"", "", true, true},
      {"", "1", false, true},
      {"[3-57]\\d{2}", "599", true, true},
      {"[3-57]\\d{2}", "699", false, false},
      {"1(?:2|34)5?", "1345", true, true},
      {"1(2|34)5?", "12", true, true},
      {"1(?:2|34)5?", "135", false, false},
      {"\\d{2,3}", "1", false, false},
      {"\\d{2,3}", "12", true, true},
      {"\\d{2,3}", "1234", false, true},
      {"(?:12)*3", "12123", true, true},
      {"(?:12)+3", "3", false, false},
      {"0|90", "901", false, true},
      {"0?(?:1|)", "", true, true},
      {"(?:a|1)", "", false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expression);
    CAPTURE(row.digits);
    const auto pattern = DigitPattern::compile(row.expression);
    if (row.expression.find('a') != std::string_view::npos) {
      CHECK_FALSE(pattern);
      continue;
    }
    REQUIRE(pattern);
    CHECK(pattern->matches(row.digits) == row.whole);
    CHECK(pattern->matches_start(row.digits) == row.start);
  }
  for (const std::string_view broken : {"(", ")", "[", "[a]", "[5-3]", "1{", "1{2", "1{3,2}", "1{99}", "(?=1)", "(?!1)",
                                        "^1", "1$", "*", "\\w", "[^1]", "{2}"}) {
    CAPTURE(broken);
    CHECK_FALSE(DigitPattern::compile(broken));
  }
}
