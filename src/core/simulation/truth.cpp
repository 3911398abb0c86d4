#include "core/simulation/truth.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace callramp::simulation {
namespace {

std::unexpected<Error> wrong(std::string_view name, std::string_view value, std::string_view expected) {
  return fail(ErrorCode::invalid_request,
              "truth '" + std::string(name) + "': '" + std::string(value) + "' is not " + std::string(expected),
              std::string(name));
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), error == std::errc{} ? end : buffer.data());
}

// "0.75", "75%", "2/1000".
std::optional<double> share(std::string_view text) {
  std::optional<double> value;
  if (text.ends_with('%')) {
    value = number(text.substr(0, text.size() - 1));
    if (value) *value /= 100;
  } else if (text.ends_with("/1000")) {
    value = number(text.substr(0, text.size() - 5));
    if (value) *value /= 1000;
  } else {
    value = number(text);
  }
  return value && *value >= 0 && *value <= 1 ? value : std::nullopt;
}

// "1/week", "2/day" or a bare number a week.
std::optional<double> weekly(std::string_view text) {
  double factor = 1;
  if (text.ends_with("/week")) text.remove_suffix(5);
  if (text.ends_with("/day")) {
    text.remove_suffix(4);
    factor = 7;
  }
  const auto value = number(text);
  return value && *value >= 0 && *value <= 1e5 ? std::optional(*value * factor) : std::nullopt;
}

std::optional<int> day(std::string_view text) {
  if (text.starts_with("day")) text.remove_prefix(3);
  const auto value = number(text);
  if (!value || *value < 1 || *value > 1000 || *value != std::floor(*value)) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<Duration> span(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto value = number(text.substr(0, text.size() - 1));
  if (!value || *value < 0) return std::nullopt;
  const double unit = text.ends_with('s') ? 1 : text.ends_with('m') ? 60 : text.ends_with('h') ? 3600 : 0;
  const double length = *value * unit;
  if (length <= 0 || length > 86400) return std::nullopt;
  return Duration{static_cast<std::int64_t>(length * 1e6)};
}

struct Pair {
  std::string_view before, after;
};
std::optional<Pair> at_sign(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  return Pair{text.substr(0, at), text.substr(at + 1)};
}

struct Share {
  std::string_view name;
  double Truth::* member;
};
constexpr std::array shares{Share{"success", &Truth::success}, Share{"retry", &Truth::retry},
                            Share{"retried", &Truth::retried}, Share{"errors", &Truth::errors},
                            Share{"unknown", &Truth::unknown}, Share{"voicemail", &Truth::voicemail},
                            Share{"slow", &Truth::slow},       Share{"complaints", &Truth::complaints},
                            Share{"swing", &Truth::swing},     Share{"user_spread", &Truth::user_spread}};
constexpr std::array weeklies{Share{"labels", &Truth::labels}, Share{"p1_bugs", &Truth::p1_bugs},
                              Share{"p2_bugs", &Truth::p2_bugs}, Share{"security", &Truth::security},
                              Share{"scores", &Truth::scores}};

Status take(Truth& truth, std::string_view name, std::string_view value) {
  for (const Share& one : shares) {
    if (one.name != name) continue;
    const auto read = share(value);
    if (!read) return wrong(name, value, "a share from 0 to 1, such as 0.75 or 75%");
    truth.*one.member = *read;
    return {};
  }
  for (const Share& one : weeklies) {
    if (one.name != name) continue;
    const auto read = weekly(value);
    if (!read) return wrong(name, value, "a number of events, such as 1/week or 2/day");
    truth.*one.member = *read;
    return {};
  }
  if (name == "old") {
    truth.old = share(value);
    if (!truth.old) return wrong(name, value, "a share from 0 to 1, such as 0.75 or 75%");
  } else if (name == "cost" || name == "satisfaction") {
    const auto read = number(value);
    if (!read || *read < 0 || *read > 100) return wrong(name, value, "a number from 0 to 100");
    if (name == "satisfaction" && (*read < 1 || *read > 5)) return wrong(name, value, "a score from 1 to 5");
    (name == "cost" ? truth.cost : truth.satisfaction) = *read;
  } else if (name == "users") {
    const auto read = number(value);
    if (!read || *read < 0 || *read > 1e6 || *read != std::floor(*read))
      return wrong(name, value, "a whole number from 0 to 1000000");
    truth.users = static_cast<int>(*read);
  } else if (name == "drop") {
    constexpr std::string_view expected = "a share and a number of calls, such as 0.55@2000calls";
    const auto parts = at_sign(value);
    if (!parts) return wrong(name, value, expected);
    std::string_view calls = parts->after;
    if (calls.ends_with("calls")) calls.remove_suffix(5);
    const auto rate = share(parts->before);
    const auto after = number(calls);
    if (!rate || !after || *after < 0 || *after > 1e9) return wrong(name, value, expected);
    truth.drop = Drop{.success = *rate, .after_calls = static_cast<std::int64_t>(*after)};
  } else if (name == "outage") {
    const auto parts = at_sign(value);
    const auto length = parts ? span(parts->before) : std::nullopt;
    const auto on = parts ? day(parts->after) : std::nullopt;
    if (!length || !on) return wrong(name, value, "a time up to a day and the day on which, such as 10m@day3");
    truth.outages.push_back({.length = *length, .day = *on});
  } else if (name == "holiday") {
    const auto on = day(value);
    if (!on) return wrong(name, value, "a day of the rollout, such as day10");
    truth.holidays.push_back(*on);
  } else {
    std::string known;
    for (const auto& [one, unused] : written(Truth{})) known += (known.empty() ? "" : ", ") + one;
    return fail(ErrorCode::invalid_request,
                "there is no truth '" + std::string(name) + "'; there are " + known + ", drop, outage and holiday",
                std::string(name));
  }
  return {};
}

}  // namespace

Result<Truth> parse_truth(std::string_view text) {
  Truth truth;
  bool success_named = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view entry = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return fail(ErrorCode::invalid_request, "'" + std::string(entry) + "' is not a truth such as success=0.75");
    TRY_VOID(take(truth, entry.substr(0, equals), entry.substr(equals + 1)));
    success_named = success_named || entry.substr(0, equals) == "success";
  }
  if (!success_named)
    return fail(ErrorCode::invalid_request, "the truth about new's success is missing; name it: success=0.75",
                "success");
  if (truth.errors + truth.unknown > 1 - truth.old_connected() + 1e-12 || truth.errors > 1 - truth.success + 1e-12)
    return fail(ErrorCode::invalid_request,
                "errors and unknown calls are among those that do not succeed: together with success or old they "
                "are above 100 %; lower them",
                "errors");
  return truth;
}

std::vector<std::pair<std::string, std::string>> written(const Truth& truth) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Share& one : shares) {
    list.emplace_back(one.name, shortest(truth.*one.member));
    if (one.name == "success") list.emplace_back("old", shortest(truth.old_connected()));
  }
  for (const Share& one : weeklies) list.emplace_back(one.name, shortest(truth.*one.member) + "/week");
  list.emplace_back("cost", shortest(truth.cost));
  list.emplace_back("satisfaction", shortest(truth.satisfaction));
  list.emplace_back("users", std::to_string(truth.users));
  if (truth.drop)
    list.emplace_back("drop", shortest(truth.drop->success) + "@" + std::to_string(truth.drop->after_calls) + "calls");
  for (const Outage& outage : truth.outages)
    list.emplace_back(
        "outage", shortest(static_cast<double>(outage.length.count()) / 60e6) + "m@day" + std::to_string(outage.day));
  for (const int holiday : truth.holidays) list.emplace_back("holiday", "day" + std::to_string(holiday));
  return list;
}

}  // namespace callramp::simulation
