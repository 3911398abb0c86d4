// Figures and names as people read them in a decision's sentences. Internal to explain*.cpp and decide_command.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/percent.hpp"
#include "base/time.hpp"
#include "core/rollout/condition.hpp"

namespace callramp::rollout {

/// .71 → "71.0 %"; with digits 0 "71 %".
std::string share(double value, int digits = 1);
/// 12 → "12", 12.34 → "12.3".
std::string figure(double value, int digits = 1);
/// Counts: whole if they are, else with one digit.
std::string count(double value);
/// "5 %".
std::string percentage(Percent percent);
/// "2026-11-24 07:53 UTC".
std::string moment(Instant at);
/// "2 h 10 min".
std::string spoken(Duration span);
/// "Success rate", "Response time p95", else the metric's name with blanks.
std::string title(const Condition& condition);
/// "a, b and c".
std::string joined(const std::vector<std::string>& parts);
/// First letter in lower case.
std::string lowered(std::string text);

}  // namespace callramp::rollout
