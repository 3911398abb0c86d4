// NumberPlans: libphonenumber's own tables, asked directly for the numbers that need none of its guessing: digits with
// at most a blank or a dash between them, without a trunk or dialling prefix. That is what nearly every row of a list
// is, and takes a hundredth of the time.
//
// It never refuses: a number that is not certainly valid gets no answer here, and libphonenumber says why. A test holds
// that both agree on a hundred thousand numbers of every region.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/phone/digit_pattern.hpp"

namespace callramp::phone {

class NumberPlans {
 public:
  NumberPlans();
  ~NumberPlans();

  struct Found {
    std::string e164;
    std::string_view region;  ///< ISO 3166; lives as long as the plans
  };
  /// The number that `text` certainly is, `region` being that of numbers without a country code. Thread-safe.
  std::optional<Found> find(std::string_view text, std::string_view region) const;

 private:
  struct Region;
  struct Code;
  const Region* known_region(const Code& code, std::string_view national) const;
  const Code* code_of(std::string_view digits, std::size_t& length) const;
  void prepare(const Code& code) const;

  std::vector<std::unique_ptr<Code>> codes_;
  std::array<const Code*, 1000> by_code_{};                    // by country code
  std::map<std::string, const Code*, std::less<>> by_region_;  // of a region
};

}  // namespace callramp::phone
