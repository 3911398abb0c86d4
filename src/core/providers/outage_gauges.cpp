#include "core/providers/outage_gauges.hpp"

namespace callramp::providers {
namespace {

// Fewer say nothing: one callee's phone that is off is no outage.
constexpr int least_calls = 5;

}  // namespace

OutageGauges judge_outage(Capability capability, bool is_down, const OldRecord& old) {
  if (!is_down) return {};
  const bool known = old.calls >= least_calls;
  const bool old_fails = known && 2 * old.failed > old.calls;
  if (old_fails) return {.down = false, .shared = true};
  // A carrier may be everybody's. Whether it is cannot be told without the old system's calls, and of the two answers a
  // freeze is the one that loses nothing. Nobody but new hears, thinks and speaks by machine.
  if (capability == Capability::telephony && !known) return {.down = false, .shared = true};
  return {.down = true, .shared = false};
}

}  // namespace callramp::providers
