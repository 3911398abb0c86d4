#include "core/flags/environment.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace callramp;

namespace {

Percent percent(int whole) { return Percent::from_basis_points(whole * 100).value(); }

EnvironmentFlags at(int whole) { return {.outbound_calls_enabled = {}, .outbound_calls_percentage = percent(whole)}; }

EnvironmentFlags switched(bool on) { return {.outbound_calls_enabled = on, .outbound_calls_percentage = {}}; }

FeatureFlags in_force(int whole, bool on = true) {
  return {.outbound_calls_enabled = on, .outbound_calls_percentage = percent(whole)};
}

}  // namespace

TEST_CASE("a changed value is an order and an unchanged one is not") {
  struct Row {
    const char* name;
    EnvironmentFlags seen;
    EnvironmentFlags now;
    FeatureFlags flags;
    bool rollout_runs;
    std::optional<int> percentage;
    std::optional<bool> enabled;
    bool refused;
  };
  const std::vector<Row> rows{
      {"nothing set", {}, {}, in_force(25), true, {}, {}, false},
      {"the first start sets it", {}, at(10), in_force(5), false, 10, {}, false},
      {"unchanged, though the flags moved up since", at(5), at(5), in_force(25), true, {}, {}, false},
      {"unchanged, though the flags moved down since", at(25), at(25), in_force(0), false, {}, {}, false},
      {"lowered to zero in a rollout", at(25), at(0), in_force(50), true, 0, {}, false},
      {"raised from the last start and still below what is in force", at(5), at(10), in_force(50), true, 10, {}, false},
      {"raised in a rollout", at(5), at(60), in_force(50), true, {}, {}, true},
      {"raised without a rollout", at(5), at(60), in_force(50), false, 60, {}, false},
      {"changed to what is in force already", at(5), at(50), in_force(50), true, {}, {}, false},
      {"removed", at(5), {}, in_force(50), true, {}, {}, false},
      {"first seen in a rollout, lower", {}, at(10), in_force(25), true, 10, {}, false},
      {"first seen in a rollout, higher", {}, at(30), in_force(25), true, {}, {}, true},
      {"killed in a rollout", switched(true), switched(false), in_force(25), true, {}, false, false},
      {"killed without one", {}, switched(false), in_force(25), false, {}, false, false},
      {"switched on in a rollout", switched(false), switched(true), in_force(25, false), true, {}, {}, true},
      {"switched on without one", switched(false), switched(true), in_force(25, false), false, {}, true, false},
      {"still on, though killed by hand since",
       switched(true),
       switched(true),
       in_force(25, false),
       false,
       {},
       {},
       false},
      {"both lower",
       {.outbound_calls_enabled = true, .outbound_calls_percentage = percent(25)},
       {.outbound_calls_enabled = false, .outbound_calls_percentage = percent(0)},
       in_force(25),
       true,
       0,
       false,
       false},
      {"one down and one up in a rollout",
       {.outbound_calls_enabled = true, .outbound_calls_percentage = percent(25)},
       {.outbound_calls_enabled = false, .outbound_calls_percentage = percent(75)},
       in_force(25),
       true,
       {},
       false,
       true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const EnvironmentVerdict verdict = judge_environment(row.seen, row.now, row.flags, row.rollout_runs);
    CHECK(verdict.patch.outbound_calls_percentage ==
          (row.percentage ? std::optional{percent(*row.percentage)} : std::nullopt));
    CHECK(verdict.patch.outbound_calls_enabled == row.enabled);
    CHECK_EQ(!verdict.refused.empty(), row.refused);
    CHECK_EQ(!verdict.reason.empty(), !verdict.patch.empty());
    if (row.rollout_runs) CHECK(is_safe_direction(row.flags, verdict.patch));
  }
}

TEST_CASE("what was refused and what was applied are said in one sentence each") {
  const EnvironmentVerdict refused = judge_environment(at(5), at(60), in_force(50), true);
  CHECK_EQ(
      refused.refused,
      "refused OUTBOUND_CALLS_PERCENTAGE=60 (in force: 50): while a rollout runs the environment may only lower; use "
      "'callramp rollout advance', or hold the rollout and 'callramp flags set'");
  const EnvironmentVerdict both = judge_environment(
      {}, {.outbound_calls_enabled = false, .outbound_calls_percentage = percent(0)}, in_force(50), true);
  CHECK_EQ(both.reason,
           "OUTBOUND_CALLS_ENABLED changed from unset to false and OUTBOUND_CALLS_PERCENTAGE changed from unset to 0");
}
