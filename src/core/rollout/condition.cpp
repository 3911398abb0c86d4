#include "core/rollout/condition.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace callramp::rollout {
namespace {

constexpr std::array<std::string_view, 5> compare_names{"<", "<=", "==", ">=", ">"};
constexpr std::size_t longest_condition = 300;  // bytes: a line of a plan, not a program
constexpr std::size_t longest_number = 20;      // digits and point

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The shortest spelling that reads back as the same number: "70", "0.05", never "7e1".
std::string plain(double number) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

// As people write it: 29 where 0.29 * 100 is 28.999999999999996.
std::string rounded(double number) { return plain(std::round(number * 1e9) / 1e9); }

struct TimeUnit {
  std::string_view name;
  double seconds;
};
// Longer names first: "ms" begins as "m" does.
constexpr std::array<TimeUnit, 6> time_units{
    {{"ms", 0.001}, {"min", 60}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};

// Reads from left to right and remembers where it is, so that a complaint can say what it found and what it expected.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Condition> condition() {
    Condition read;
    if (text_.size() > longest_condition) return expected("a condition of at most 300 characters");
    TRY(name, word("the name of a metric, such as call_success_rate"));
    take_percentile(name, read);
    read.metric = name;
    if (skip("(")) {
      do {
        TRY(one, argument());
        read.arguments.push_back(std::move(one));
      } while (skip(","));
      if (!skip(")")) return expected("',' and another argument, or ')'");
    }
    if (skip_word("vs")) TRY_VOID(baseline(read));
    std::string line;
    if (const auto compare = comparison()) {
      TRY(value, quantity(line));
      read.compare = compare;
      read.value = value;
    } else if (read.baseline != Baseline::none) {
      return expected("a comparison such as '> -5%' behind the baseline");
    }
    TRY(qualifiers_text, qualifiers(read));
    read.text = subject(read, true);
    if (read.compare) read.text += " " + std::string(to_string(*read.compare)) + " " + line;
    read.text += qualifiers_text;
    return read;
  }

  // The subject with the arguments' lines (`whole`) or without them.
  static std::string subject(const Condition& condition, bool whole) {
    std::string text = condition.metric;
    if (condition.percentile) text += "_p" + percentile_digits(*condition.percentile);
    for (std::size_t i = 0; i < condition.arguments.size(); ++i) {
      const Argument& argument = condition.arguments[i];
      text += i == 0 ? "(" : ", ";
      text += argument.name;
      if (argument.compare && whole) {
        if (!argument.name.empty()) text += " ";
        text += to_string(*argument.compare);
        if (!argument.name.empty()) text += " ";
        text += spelled(argument.value);
      }
    }
    if (!condition.arguments.empty()) text += ")";
    if (condition.baseline == Baseline::old_system) text += " vs old";
    if (condition.baseline == Baseline::previous_phase) text += " vs previous_phase";
    if (condition.baseline == Baseline::phase) text += " vs phase(" + condition.baseline_phase + ")";
    return text;
  }

 private:
  // "p95" is .95, "p999" .999: the digits behind the decimal point.
  static std::string percentile_digits(double percentile) { return plain(percentile).substr(2); }

  static void take_percentile(std::string& name, Condition& into) {
    const std::size_t at = name.rfind("_p");
    if (at == std::string::npos || at == 0) return;
    const std::string digits = name.substr(at + 2);
    if (digits.size() < 2 || digits.size() > 4 || digits.find_first_not_of("0123456789") != std::string::npos) return;
    double value = 0;
    for (std::size_t i = digits.size(); i-- > 0;) value = (value + (digits[i] - '0')) / 10;
    if (value <= 0) return;
    // Once more through text: .95 exactly as a literal would be.
    const std::string literal = "0." + digits;
    std::from_chars(literal.data(), literal.data() + literal.size(), into.percentile.emplace());
    name.resize(at);
  }

  // An argument's line, in the unit that suits it.
  static std::string spelled(const Quantity& value) {
    switch (value.unit) {
      case Unit::none: return plain(value.number);
      case Unit::share: return rounded(value.number * 100) + "%";
      case Unit::factor: return plain(value.number) + "x";
      case Unit::per_1000: return rounded(value.number * 1000) + " per 1000";
      case Unit::money: return plain(value.number);
      case Unit::budget: return "budget";
      case Unit::time: break;
    }
    if (value.number == 0) return "0s";
    for (const TimeUnit& unit : {TimeUnit{"d", 86400}, TimeUnit{"h", 3600}, TimeUnit{"m", 60}, TimeUnit{"s", 1}})
      if (std::fmod(value.number, unit.seconds) == 0)
        return plain(value.number / unit.seconds) + std::string(unit.name);
    return rounded(value.number * 1000) + "ms";
  }

  Result<Argument> argument() {
    Argument read;
    spaces();
    if (!compare_ahead()) {
      TRY(name, word("an argument, such as P1 or fresh <= 14d"));
      read.name = name;
    }
    if (const auto compare = comparison()) {
      std::string spelling;
      TRY(value, quantity(spelling));
      read.compare = compare;
      read.value = value;
    }
    return read;
  }

  Status baseline(Condition& into) {
    TRY(name, word("old, previous_phase or phase(NAME)"));
    if (name == "old") {
      into.baseline = Baseline::old_system;
    } else if (name == "previous_phase") {
      into.baseline = Baseline::previous_phase;
    } else if (name == "phase" && skip("(")) {
      into.baseline = Baseline::phase;
      TRY(phase, word("the name of a phase"));
      into.baseline_phase = phase;
      if (!skip(")")) return expected("')' behind the phase's name");
    } else {
      at_ = before_word_;
      return expected("old, previous_phase or phase(NAME)");
    }
    return {};
  }

  Result<std::string> qualifiers(Condition& into) {
    std::string text;
    for (;;) {
      spaces();
      if (at_ == text_.size()) return text;
      std::string spelling;
      if (!into.lasting && skip_word("for")) {
        TRY(span, duration(spelling));
        into.lasting = span;
        text += " for " + spelling;
      } else if (!into.within && skip_word("in")) {
        TRY(span, duration(spelling));
        into.within = span;
        text += " in " + spelling;
      } else if (into.people == 1 && skip_word("by")) {
        TRY(people, number(spelling));
        if (people != std::floor(people) || people < 1 || people > 20) return expected("a number of people, 1 to 20");
        into.people = static_cast<int>(people);
        if (into.people > 1) text += " by " + spelling;
      } else {
        return expected("the end, 'for 15m', 'in 5m' or 'by 2'");
      }
    }
  }

  // With the normalised spelling.
  Result<Quantity> quantity(std::string& spelling) {
    if (skip_word("budget")) {
      spelling = "budget";
      return Quantity{0, Unit::budget};
    }
    TRY(value, number(spelling));
    if (skip("%")) {
      spelling += "%";
      return Quantity{value / 100, Unit::share};
    }
    if (skip_word("per")) {
      std::string thousand;
      TRY(base, number(thousand));
      if (base != 1000) return expected("1000 behind 'per'");
      spelling += " per 1000";
      return Quantity{value / 1000, Unit::per_1000};
    }
    if (skip_word("x")) {
      spelling += "x";
      return Quantity{value, Unit::factor};
    }
    for (const TimeUnit& unit : time_units)
      if (skip_word(unit.name)) {
        spelling += unit.name == "min" ? "m" : unit.name;
        return Quantity{value * unit.seconds, Unit::time};
      }
    if (const std::string_view code = peek_word();
        code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      spelling += " " + std::string(code);
      at_ += code.size();
      return Quantity{value, Unit::money};
    }
    return Quantity{value, Unit::none};
  }

  Result<Duration> duration(std::string& spelling) {
    TRY(value, quantity(spelling));
    if (value.unit != Unit::time || value.number <= 0 || value.number > 366 * 86400.0)
      return expected("a time from 1ms to 366d, such as 15m or 48h");
    return Duration{static_cast<std::int64_t>(std::llround(value.number * 1e6))};
  }

  Result<double> number(std::string& spelling) {
    spaces();
    std::size_t end = at_;
    if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
    const std::size_t first_digit = end;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.')) ++end;
    const std::size_t sign = at_ < text_.size() && text_[at_] == '+' ? 1 : 0;
    double value = 0;
    const auto [stop, error] =
        std::from_chars(text_.data() + at_ + sign, text_.data() + end, value, std::chars_format::fixed);
    if (end == first_digit || end - at_ > longest_number || error != std::errc{} || stop != text_.data() + end ||
        std::abs(value) > 1e12)
      return expected("a value such as 70%, 200ms, 2 per 1000, 5 or budget");
    at_ = end;
    spelling = (sign == 1 ? "+" : "") + plain(value);
    return value;
  }

  bool compare_ahead() const {
    return at_ < text_.size() && (text_[at_] == '<' || text_[at_] == '>' || text_[at_] == '=');
  }
  std::optional<Compare> comparison() {
    spaces();
    for (const Compare compare : {Compare::at_most, Compare::equal, Compare::at_least, Compare::less, Compare::greater})
      if (skip(to_string(compare))) return compare;
    return std::nullopt;
  }

  // Letters, digits, '_', '-', '.' and '/' from a letter or digit on.
  std::string_view peek_word() {
    spaces();
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) ||
                                  (end > at_ && std::string_view("_-./").find(text_[end]) != std::string_view::npos)))
      ++end;
    return text_.substr(at_, end - at_);
  }
  Result<std::string> word(std::string_view what) {
    const std::string_view found = peek_word();
    if (found.empty()) return expected(what);
    before_word_ = at_;
    at_ += found.size();
    return std::string(found);
  }
  bool skip_word(std::string_view wanted) {
    if (peek_word() != wanted) return false;
    at_ += wanted.size();
    return true;
  }
  bool skip(std::string_view wanted) {
    spaces();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  std::unexpected<Error> expected(std::string_view what) {
    spaces();
    const std::string found = at_ >= text_.size() ? "the end" : "'" + std::string(text_.substr(at_, 12)) + "'";
    return fail(ErrorCode::invalid_request, "'" + std::string(text_.substr(0, longest_condition)) +
                                                "' is no condition: at character " + std::to_string(at_ + 1) +
                                                " there is " + found + " instead of " + std::string(what));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t before_word_ = 0;
};

}  // namespace

std::string_view to_string(Compare compare) noexcept { return compare_names[static_cast<std::size_t>(compare)]; }

bool holds(double left, Compare compare, double right) noexcept {
  switch (compare) {
    case Compare::less: return left < right;
    case Compare::at_most: return left <= right;
    case Compare::equal: return left == right;
    case Compare::at_least: return left >= right;
    case Compare::greater: return left > right;
  }
  return false;
}

std::string to_words(const Quantity& quantity) {
  switch (quantity.unit) {
    case Unit::none: return rounded(quantity.number);
    case Unit::share: return rounded(quantity.number * 100) + " %";
    case Unit::factor: return rounded(quantity.number) + " times";
    case Unit::per_1000: return rounded(quantity.number * 1000) + " per 1000";
    case Unit::money: return rounded(quantity.number);
    case Unit::budget: return "budget";
    case Unit::time: break;
  }
  const double seconds = quantity.number;
  if (seconds < 1) return rounded(seconds * 1000) + " ms";
  if (seconds < 120) return rounded(seconds) + " s";
  if (seconds < 2 * 3600.0) return rounded(seconds / 60) + " min";
  if (seconds <= 3 * 86400.0) return rounded(seconds / 3600) + " h";
  return rounded(seconds / 86400) + " d";
}

bool Condition::operator==(const Condition& other) const { return text == other.text; }

Result<Condition> parse_condition(std::string_view text) { return Reader(text).condition(); }

std::string subject(const Condition& condition) { return Reader::subject(condition, false); }

}  // namespace callramp::rollout
