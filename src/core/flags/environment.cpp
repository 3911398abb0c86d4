#include "core/flags/environment.hpp"

#include <vector>

namespace callramp {
namespace {

std::string words(bool value) { return value ? "true" : "false"; }
std::string words(Percent value) { return to_string(value); }

template <class Value>
std::string words(const std::optional<Value>& value) {
  return value ? words(*value) : std::string("unset");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : " and ") + part;
  return text;
}

struct Judge {
  bool rollout_runs;
  std::vector<std::string> applied;
  std::vector<std::string> refused;

  // The new value, if it is an order that may be carried out. Both kinds of value compare so that more is riskier.
  template <class Value>
  std::optional<Value> order(const char* name, const std::optional<Value>& seen, const std::optional<Value>& now,
                             const Value& in_force) {
    if (!now || now == seen || *now == in_force) return std::nullopt;
    if (*now > in_force && rollout_runs) {
      refused.push_back(std::string(name) + "=" + words(now) + " (in force: " + words(in_force) + ")");
      return std::nullopt;
    }
    applied.push_back(std::string(name) + " changed from " + words(seen) + " to " + words(now));
    return now;
  }
};

}  // namespace

EnvironmentVerdict judge_environment(const EnvironmentFlags& seen, const EnvironmentFlags& now,
                                     const FeatureFlags& flags, bool rollout_runs) {
  Judge judge{.rollout_runs = rollout_runs, .applied = {}, .refused = {}};
  EnvironmentVerdict verdict;
  verdict.patch.outbound_calls_enabled = judge.order("OUTBOUND_CALLS_ENABLED", seen.outbound_calls_enabled,
                                                     now.outbound_calls_enabled, flags.outbound_calls_enabled);
  verdict.patch.outbound_calls_percentage = judge.order("OUTBOUND_CALLS_PERCENTAGE", seen.outbound_calls_percentage,
                                                        now.outbound_calls_percentage, flags.outbound_calls_percentage);
  verdict.reason = joined(judge.applied);
  if (!judge.refused.empty())
    verdict.refused =
        "refused " + joined(judge.refused) +
        ": while a rollout runs the environment may only lower; use 'callramp rollout advance', or hold the "
        "rollout and 'callramp flags set'";
  return verdict;
}

}  // namespace callramp
