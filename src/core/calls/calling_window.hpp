// The hours in which a person may be called, in the person's own zone.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp {

/// [from, to) on the listed weekdays, local time. from < to; a window never crosses midnight. All day is 0:00–24:00.
struct CallingWindow {
  minutes from{9 * 60};  // India's regulator allows promotional calls from 09:00 to 21:00
  minutes to{21 * 60};
  std::array<bool, 7> weekdays{true, true, true, true, true, true, true};  ///< Sunday first, as std::chrono counts
  bool operator==(const CallingWindow&) const = default;
};

/// The wall clock of one zone at one instant.
struct LocalClock {
  std::string zone;
  minutes time_of_day{};  ///< 0 … 1439
  int weekday = 0;        ///< 0 is Sunday
  /// For holidays; a clock without a date knows none.
  std::optional<std::chrono::year_month_day> date = std::nullopt;
};

struct WindowVerdict {
  bool open = false;
  /// If closed: how long until it may be open, by the wall clock. Across a change to or from summer time this is off by
  /// the change, so whoever waited looks again; it is never more than a week, whatever the holidays.
  minutes wait{};
  std::string reason;  ///< "window opens 09:00 in Asia/Kolkata"
};

/// Open only if it is open in every zone of `local`; with no zone known the window is closed for an hour.
/// A holiday in any of the zones closes it for that zone's whole day.
WindowVerdict judge_window(const CallingWindow& window, const std::vector<LocalClock>& local,
                           std::span<const std::chrono::year_month_day> holidays = {});

/// "09:00-21:00" or "09:00-18:00 Mon-Fri".
Result<CallingWindow> parse_window(std::string_view text);
/// What parse_window reads: "09:00-21:00", "09:00-18:00 Mon-Fri".
std::string to_string(const CallingWindow& window);

}  // namespace callramp
