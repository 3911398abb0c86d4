// The person of the demo: what somebody who runs a rollout would do next, read from the rollout as it stands. With
// `--yes` the demo does it; without, the terminal says which command does.
//
// Nothing is decided here: a gate that evidence keeps closed stays closed. What the demo has no source for (a load
// test, people who label calls, reports by mail) is waived by name and with a reason, as an admin would.
#pragma once

#include <string>
#include <vector>

#include "engine/rollout_service.hpp"

namespace callramp::app {

struct DemoAct {
  /// `decide`: only named, never done by the demo: what becomes of a rollout that stopped is for whoever watches.
  enum class Kind { start, drill, waive, check, confirm, approve, decide };
  Kind kind = Kind::start;
  std::string subject;  ///< of waive and approve the condition, of check "list/item", of confirm the name
  std::string note;     ///< why; stands in the audit log
  std::string command;  ///< what does the same on the command line
  bool operator==(const DemoAct&) const = default;
};

/// How long a waiver of the demo holds.
inline constexpr Duration waiver_lasts = hours{2};

/// In the order in which they are done; approvals come last and alone, for every other act makes them stale.
std::vector<DemoAct> acts_due(const engine::RolloutView& view, Instant now);

/// How the rollout stands, in lines of at most 80 columns: phase, asked and seen share, what is undecided, forecast.
std::vector<std::string> standing_lines(const engine::RolloutView& view, Instant now);

/// `text` in lines of at most `columns`, all but the first indented by two blanks; a longer word is not broken.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns = 80);

}  // namespace callramp::app
