#include "base/time.hpp"

#include <charconv>
#include <cstdio>
#include <optional>

namespace callramp {
namespace {

// Reads exactly `width` digits from the front of `text`.
std::optional<int> digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool skip(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_iso(Instant at) {
  const auto millis = std::chrono::floor<milliseconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(millis);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{millis - day};
  char text[40];
  const int length =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(length)};
}

Result<Instant> parse_iso(std::string_view text) {
  const auto bad = [whole = text] {
    return fail(ErrorCode::invalid_request, "time '" + std::string(whole.substr(0, 40)) +
                                                "' is not ISO-8601 with a zone; write it like 2026-11-24T09:30:00Z");
  };
  const auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return bad();
  const auto month = digits(text, 2);
  if (!month || !skip(text, '-')) return bad();
  const auto day = digits(text, 2);
  if (!day || !(skip(text, 'T') || skip(text, 't') || skip(text, ' '))) return bad();
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return bad();
  const auto minute = digits(text, 2);
  if (!minute) return bad();
  int second = 0;
  std::int64_t fraction = 0;
  if (skip(text, ':')) {
    const auto value = digits(text, 2);
    if (!value) return bad();
    second = *value;
    if (skip(text, '.')) {
      std::int64_t unit = 100'000;
      bool any = false;
      for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), unit /= 10) {
        fraction += (text.front() - '0') * unit;
        any = true;
      }
      if (!any) return bad();
    }
  }
  int offset_minutes = 0;
  if (!(skip(text, 'Z') || skip(text, 'z'))) {
    const bool minus = text.starts_with('-');
    if (!(skip(text, '+') || skip(text, '-'))) return bad();
    const auto offset_hour = digits(text, 2);
    skip(text, ':');
    const auto offset_minute = digits(text, 2);
    if (!offset_hour || !offset_minute || *offset_hour > 23 || *offset_minute > 59) return bad();
    offset_minutes = (*offset_hour * 60 + *offset_minute) * (minus ? -1 : 1);
  }
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!text.empty() || !date.ok() || *hour > 23 || *minute > 59 || second > 60) return bad();
  return Instant{std::chrono::sys_days{date}} + hours{*hour} + minutes{*minute - offset_minutes} + seconds{second} +
         microseconds{fraction};
}

std::string to_words(Duration span) {
  const bool negative = span < Duration::zero();
  if (negative) span = -span;
  char text[48];
  const auto count = span.count();
  if (span < seconds{1}) {
    std::snprintf(text, sizeof text, "%lld ms", static_cast<long long>(count / 1000));
  } else if (span < minutes{1}) {
    // Cut, not rounded: 59.99 s must not read "60.0 s".
    std::snprintf(text, sizeof text, "%lld.%lld s", static_cast<long long>(count / 1'000'000),
                  static_cast<long long>(count / 100'000 % 10));
  } else if (span < hours{1}) {
    std::snprintf(text, sizeof text, "%lld min %lld s", static_cast<long long>(count / 60'000'000),
                  static_cast<long long>(count / 1'000'000 % 60));
  } else if (span < hours{48}) {
    std::snprintf(text, sizeof text, "%lld h %lld min", static_cast<long long>(count / 3'600'000'000),
                  static_cast<long long>(count / 60'000'000 % 60));
  } else {
    std::snprintf(text, sizeof text, "%lld d %lld h", static_cast<long long>(count / 86'400'000'000),
                  static_cast<long long>(count / 3'600'000'000 % 24));
  }
  return (negative ? "-" : "") + std::string(text);
}

Result<seconds> parse_seconds(std::string_view text) {
  constexpr std::int64_t most = 366LL * 86'400;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc{} && unit + 1 == end && count >= 0 && count <= most) {
    const std::int64_t factor = *unit == 's' ? 1 : *unit == 'm' ? 60 : *unit == 'h' ? 3600 : *unit == 'd' ? 86'400 : 0;
    if (factor > 0 && count * factor <= most) return seconds{count * factor};
  }
  return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, 40)) +
                                              "' is no span of time; write it like 30s, 5m, 2h or 3d, at most 366d");
}

std::string to_span_text(seconds span) {
  const std::int64_t count = span.count();
  if (count > 0 && count % 86'400 == 0) return std::to_string(count / 86'400) + "d";
  if (count > 0 && count % 3600 == 0) return std::to_string(count / 3600) + "h";
  if (count > 0 && count % 60 == 0) return std::to_string(count / 60) + "m";
  return std::to_string(count) + "s";
}

}  // namespace callramp
