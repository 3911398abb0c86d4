#include "app/old_calls.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "app/contacts.hpp"
#include "app/text_file.hpp"
#include "base/time.hpp"
#include "core/calls/types.hpp"

namespace callramp::app {
namespace {

constexpr double connected_from_seconds = 10;  // docs/definitions.md, "new against old"

struct Columns {
  std::optional<std::size_t> started, user, phone, outcome, duration;
};

Columns columns(const std::vector<std::string>& header) {
  Columns found;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name = plain_column(header[i]);
    if (name == "startedat" || name == "started") found.started = i;
    if (name == "userid" || name == "user") found.user = i;
    if (name == "phone" || name == "phonenumber") found.phone = i;
    if (name == "outcome") found.outcome = i;
    if (name == "durationseconds" || name == "duration") found.duration = i;
  }
  return found;
}

// The wall clock's time as it is written: a call at 18:30+05:30 was made in the evening.
std::optional<Instant> wall_clock(std::string text) {
  if (!parse_iso(text)) return std::nullopt;
  const std::size_t time = text.find_first_of("T ");
  if (time != std::string::npos) text.resize(std::min(text.find_first_of("Z+-", time), text.size()));
  const auto at = parse_iso(text + "Z");
  return at ? std::optional(*at) : std::nullopt;
}

void add_outcome(const std::string& outcome, const std::string& duration, simulation::History& history) {
  const auto read = parse_outcome(outcome);
  if (!read || *read == Outcome::unknown || !is_counted(*read)) return;
  ++history.known;
  history.successful += is_success(*read);
  double length = 0;
  const auto [end, error] = std::from_chars(duration.data(), duration.data() + duration.size(), length);
  const bool timed = error == std::errc{} && end != duration.data();
  history.connected += timed ? length >= connected_from_seconds : is_success(*read);
}

}  // namespace

Result<simulation::History> read_old_calls(std::string_view csv) {
  const std::vector<CsvRecord> records = parse_csv(csv);
  const Columns at = records.empty() ? Columns{} : columns(records.front().fields);
  if (!at.started || !at.outcome || (!at.user && !at.phone))
    return fail(ErrorCode::invalid_request,
                "old calls need a first line with startedAt, outcome, and userId or phone; add the missing column");
  simulation::History history;
  std::map<std::string, double> users;
  std::map<std::int64_t, std::int64_t> days;
  std::array<double, 24> hours_called{};
  for (const CsvRecord& record : std::span(records).subspan(1)) {
    const auto field = [&](std::optional<std::size_t> column) {
      return column && *column < record.fields.size() ? record.fields[*column] : std::string();
    };
    const auto when = wall_clock(field(at.started));
    std::string user = field(at.user);
    if (user.empty()) user = field(at.phone);
    if (!record.error.empty() || !when || user.empty()) continue;
    const std::int64_t minute = to_micros(*when) / Duration{minutes{1}}.count();
    ++days[minute / (24 * 60)];
    ++hours_called[static_cast<std::size_t>(minute / 60 % 24)];
    ++users[user];
    ++history.calls;
    add_outcome(field(at.outcome), field(at.duration), history);
  }
  if (history.calls == 0)
    return fail(ErrorCode::invalid_request,
                "no row of the old calls can be read: startedAt is like 2026-01-31T18:30:00+05:30, and somebody was "
                "called");
  history.days = days.rbegin()->first - days.begin()->first + 1;
  std::array<double, 7> weekdays{};
  for (std::int64_t day = days.begin()->first; day <= days.rbegin()->first; ++day) {
    const auto weekday = static_cast<std::size_t>((day + 4) % 7);  // 1970 began on a Thursday
    const auto called = days.find(day);
    ++weekdays[weekday];
    if (called != days.end()) history.calls_by_weekday[weekday] += static_cast<double>(called->second);
  }
  // A weekday that the export does not reach is an average one.
  const double mean = static_cast<double>(history.calls) / static_cast<double>(history.days);
  for (std::size_t i = 0; i < weekdays.size(); ++i)
    history.calls_by_weekday[i] = weekdays[i] > 0 ? history.calls_by_weekday[i] / weekdays[i] : mean;
  for (std::size_t i = 0; i < hours_called.size(); ++i)
    history.share_by_hour[i] = hours_called[i] / static_cast<double>(history.calls);
  for (const auto& [user, calls] : users) history.calls_by_user.push_back(calls);
  return history;
}

}  // namespace callramp::app
