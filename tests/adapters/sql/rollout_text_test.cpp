// What the tables hold of a rollout reads back as the same value, and no member is forgotten.
#include "adapters/sql/rollout_text.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

namespace callramp::sql {
namespace {

using namespace rollout;

constexpr Instant at = from_micros(1'764'000'000'123'457);

RolloutState full_state() {
  RolloutState state;
  state.stage = Stage::frozen;
  state.before_hold = Stage::complete;
  state.stage_reason = "“why” \"so\"\n";
  state.stage_since = at;
  state.run = 2;
  state.phase = 3;
  state.percentage = *Percent::parse("12.25");
  state.manual_flags = true;
  state.run_started_at = at + microseconds{1};
  state.phase_started_at = at + microseconds{2};
  state.earliest_advance = at + microseconds{3};
  state.watch_until = at + microseconds{4};
  state.stable_since = at + microseconds{5};
  state.stable_reset = "phase week-2 started";
  state.unstable = "no evidence";
  state.stable_calls = 75;
  state.stable_day = 20'000;
  state.last_rollback_at = at + microseconds{6};
  state.latches = {{.condition = "uptime > 99.5%", .phase = 1, .failed = true, .at = at}};
  state.fired = {"a", "b"};
  state.lifted = {"c"};
  state.history = {{.run = 2, .phase = 1, .started_at = at, .ended_at = at, .passed = true, .despite_evidence = true},
                   {.run = 2, .phase = 2, .started_at = at}};
  state.incident = Incident{.id = "i1",
                            .opened_at = at,
                            .decision = 9,
                            .items = {{.name = "communicated", .by = "asha", .note = "told", .at = at}}};
  state.old_decommissioned = true;
  state.binary = "1.2.3";
  state.configuration = "abc";
  state.plan_hash = "def";
  return state;
}

Judgement full_judgement() {
  Judgement judgement;
  judgement.condition = *parse_condition("call_success_rate > 70%");
  judgement.condition.line = 12;
  judgement.kind = rollout::Kind::versus;
  judgement.is_trigger = true;
  judgement.target = Target::zero;
  judgement.verdict = Verdict::waived;
  judgement.reason = "152 of 214";
  judgement.good = 152;
  judgement.bad = 62;
  judgement.estimate = 152.0 / 214;
  judgement.lo = 0.1;
  judgement.hi = 0.2;
  judgement.line_pass = 0.65;
  judgement.line_fail = 1e-300;
  judgement.log_e_pass = -std::numeric_limits<double>::infinity();
  judgement.log_e_fail = std::nextafter(1.0, 2.0);
  judgement.need_pass = 2.995732273553991;
  judgement.need_fail = 4.605170185988092;
  judgement.design_effect = 1.3;
  judgement.forecast =
      Forecast{.q10 = 1, .q50 = -1, .q90 = 3, .p_never = 0.36, .horizon = 311, .needs = 158, .fewest = 6};
  judgement.used = 12.5;
  judgement.allowed = 50.4;
  judgement.since = at;
  judgement.until = at;
  judgement.freezes = true;
  judgement.fires = true;
  judgement.built_in = true;
  return judgement;
}

Decision full_decision() {
  Decision decision;
  decision.id = 5;
  decision.at = at;
  decision.rollout = "outbound-calls";
  decision.run = 2;
  decision.phase = 3;
  decision.action = Action::roll_back;
  decision.rule = "trigger.rate";
  decision.sentence = "Rolled back.";
  decision.would_change_it = {"more calls"};
  decision.who_may_override = "approver";
  decision.recommended_only = true;
  decision.actor = "asha";
  decision.person_reason = "because";
  decision.before = full_state();
  decision.after = full_state();
  decision.after.stage = Stage::rolled_back;
  decision.from = *Percent::parse("25");
  decision.to = *Percent::parse("10");
  decision.criteria = {full_judgement()};
  decision.triggers = {full_judgement(), Judgement{}};
  decision.rollback_log_e = 0.1 + 0.2;
  decision.rollback_need = 1.0 / 3;
  decision.plan_hash = "def";
  decision.flag_version = 17;
  return decision;
}

DecisionInputs full_inputs() {
  const Tally tally{.total = 1,
                    .completed = 2,
                    .voicemail_left = 3,
                    .failed = 4,
                    .connected = 5,
                    .unknown = 6,
                    .retried = 7,
                    .retried_successful = 8};
  DecisionInputs inputs;
  inputs.sums.phases = {{.calls = tally, .first = tally, .hours = {1, 2, 3, 4, 5, 6}, .last_closed = at}, {}};
  inputs.sums.versus = {{.subject = "vs", .log_e = 0.7, .good_new = 1, .bad_new = 2, .good_old = 3, .bad_old = 4}};
  inputs.sums.drift = 1e300;
  Facts& facts = inputs.facts;
  facts.heartbeat = at;
  facts.uptime = {.minutes = 1, .down = 2, .unknown = 3, .planned = 4, .last_day_minutes = 5, .last_day_down = 6};
  facts.times["response_time"] = {.total = 3, .over = {2, 1}};
  facts.items = {{.kind = "bug",
                  .external_id = "7",
                  .severity = "P2",
                  .status = "open",
                  .value = 0.5,
                  .critical = true,
                  .call_id = "c1",
                  .at = at,
                  .phase = -1,
                  .system = "new"}};
  facts.labels = {.machines = 1, .machines_right = 2, .people = 3, .people_right = 4};
  facts.gauges["cpu"] = {.readings = {{.at = at, .value = 0.1}, {.at = at + minutes{1}, .value = -2e-9}},
                         .phases = {{.phase = 1, .mean = 0.3}},
                         .exists = false,
                         .missing = "none"};
  facts.costs = {{.day = 1, .calls = 2, .micros = 3}};
  facts.today = 20'000;
  facts.quiet = minutes{3};
  facts.users = {1, 2, 3, 4, 5, 6};
  facts.open_calls = 7;
  facts.pending_calls = 8;
  facts.signatures = {{.subject = "s", .by = "b", .note = "n", .link = "l", .at = at, .decision = 3, .standing = "x"}};
  facts.waivers = {{.condition = "c", .by = "b", .reason = "r", .until = at}};
  facts.proofs = {{.name = "p", .at = at, .concurrent = 1.5, .hours = 2.5, .version = "v", .passed = true}};
  facts.aa = {.run = true, .alarm = true, .users = 1, .calls = 2, .design_effect = 1.5, .log_e = -0.1};
  facts.percentage = *Percent::parse("5");
  facts.calls_enabled = false;
  facts.flag_version = 3;
  facts.flags_set_by = "asha";
  facts.has_old_system = false;
  facts.binary = "1";
  facts.configuration = "2";
  facts.users_on_new = 9;
  facts.users_routable = 10;
  return inputs;
}

TEST_CASE("a rollout's values read back bit for bit") {
  CHECK(*read_state(to_text(full_state())) == full_state());
  CHECK(*read_state(to_text(RolloutState{})) == RolloutState{});
  const Decision decision = *read_decision(to_text(full_decision()));
  CHECK(decision == full_decision());
  CHECK(decision.criteria.front().condition.line == 12);
  CHECK(decision.criteria.front().condition.value.number == doctest::Approx(0.7));
  CHECK(*read_inputs(to_text(full_inputs())) == full_inputs());
  CHECK(*read_inputs(to_text(DecisionInputs{})) == DecisionInputs{});
}

// How many members an aggregate has: the most that it can be made from.
struct Anything {
  template <class T>
  operator T() const {
    std::unreachable();
  }
};
template <class T, class... Parts>
consteval std::size_t member_count() {
  if constexpr (requires { T{Parts{}..., Anything{}}; })
    return member_count<T, Parts..., Anything>();
  else
    return sizeof...(Parts);
}

TEST_CASE("no member of a stored value is forgotten") {
  const auto json = [](const std::string& text) { return boost::json::parse(text); };
  const auto size = [](const boost::json::value& value) { return value.as_object().size(); };
  const auto first = [](const boost::json::value& value, const char* name) {
    return value.as_object().at(name).as_array().at(0);
  };
  const auto state = json(to_text(full_state()));
  CHECK(size(state) == member_count<RolloutState>());
  CHECK(size(first(state, "latches")) == member_count<Latch>());
  CHECK(size(first(state, "history")) == member_count<PhaseRecord>());
  CHECK(size(state.as_object().at("incident")) == member_count<Incident>());
  CHECK(size(first(state.as_object().at("incident"), "items")) == member_count<IncidentItem>());
  const auto decision = json(to_text(full_decision()));
  CHECK(size(decision) == member_count<Decision>());
  CHECK(size(first(decision, "criteria")) == member_count<Judgement>());
  CHECK(size(first(decision, "criteria").as_object().at("forecast")) == member_count<Forecast>());
  const auto inputs = json(to_text(full_inputs()));
  const auto& sums = inputs.as_object().at("sums");
  const auto& facts = inputs.as_object().at("facts");
  CHECK(size(sums) == member_count<RunSums>());
  CHECK(size(first(sums, "phases")) == member_count<PhaseFold>());
  CHECK(size(first(sums, "phases").as_object().at("calls")) == member_count<Tally>());
  CHECK(size(first(sums, "phases").as_object().at("hours")) == member_count<ClusterSums>());
  CHECK(size(first(sums, "versus")) == member_count<VersusSums>());
  CHECK(size(facts) == member_count<Facts>());
  CHECK(size(facts.as_object().at("uptime")) == member_count<rollout::Uptime>());
  CHECK(size(facts.as_object().at("labels")) == member_count<Labels>());
  CHECK(size(facts.as_object().at("aa")) == member_count<AaResult>());
  CHECK(size(first(facts, "items")) == member_count<EvidenceItem>());
  CHECK(size(first(facts, "signatures")) == member_count<Signature>());
  CHECK(size(first(facts, "waivers")) == member_count<Waiver>());
  CHECK(size(first(facts, "proofs")) == member_count<Proof>());
  CHECK(size(first(facts, "costs")) == member_count<DailyCost>());
  CHECK(size(facts.as_object().at("gauges").as_object().at("cpu")) == member_count<Gauge>());
}

TEST_CASE("a text of another hand is refused and one of an older version keeps defaults") {
  for (const char* text : {"", "[]", "{", R"({"stage": "somewhere"})", R"({"run": "x"})", R"({"percentage": 10001})",
                           R"({"latches": {}})", R"({"run": 1e30})"}) {
    CAPTURE(text);
    const auto state = read_state(text);
    REQUIRE_FALSE(state.has_value());
    CHECK(state.error().code == ErrorCode::internal);
  }
  CHECK_FALSE(read_inputs(R"({"facts": {"gauges": {"cpu": {"readings": "12 "}}}})").has_value());
  CHECK_FALSE(read_decision(R"({"rollback_log_e": "0.1x"})").has_value());
  CHECK(read_state(R"({"run": 3, "of_a_later_version": []})")->run == 3);
}

}  // namespace
}  // namespace callramp::sql
