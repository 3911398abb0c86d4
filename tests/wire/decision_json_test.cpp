// A decision as JSON: every field under its name, nothing invented for what is not known.
#include "wire/decision_json.hpp"

#include <doctest/doctest.h>

namespace callramp::wire {
namespace {

namespace json = boost::json;

constexpr Instant noon = from_micros(1'764'000'000'000'000);

rollout::Judgement rate() {
  rollout::Judgement judgement;
  judgement.condition.text = "call_success_rate > 70%";
  judgement.verdict = rollout::Verdict::undecided;
  judgement.good = 152;
  judgement.bad = 62;
  judgement.estimate = 0.71;
  judgement.lo = 0.611;
  judgement.hi = 0.799;
  judgement.forecast =
      rollout::Forecast{.q10 = 53, .q50 = 185, .q90 = -1, .p_never = 0.36, .horizon = 311, .needs = 158, .fewest = -1};
  return judgement;
}

TEST_CASE("a judgement is written whole and a forecast that says never is null") {
  const json::object body = to_json(rate());
  CHECK(body.at("condition").as_string() == "call_success_rate > 70%");
  CHECK(body.at("kind").as_string() == "rate");
  CHECK(body.at("verdict").as_string() == "undecided");
  CHECK(body.at("target").is_null());
  CHECK(body.at("since").is_null());
  const json::object& forecast = body.at("forecast").as_object();
  CHECK(forecast.at("q50").as_int64() == 185);
  CHECK(forecast.at("q90").is_null());
  CHECK(forecast.at("fewest").is_null());
  CHECK(forecast.at("needs").as_int64() == 158);
  rollout::Judgement trigger = rate();
  trigger.is_trigger = true;
  trigger.target = rollout::Target::zero;
  trigger.forecast.reset();
  CHECK(to_json(trigger).at("target").as_string() == "zero");
  CHECK(to_json(trigger).at("forecast").is_null());
}

TEST_CASE("a decision has its judgements and states and its line in the log has neither") {
  rollout::Decision decision;
  decision.id = 41;
  decision.at = noon;
  decision.rollout = "outbound-calls";
  decision.action = rollout::Action::roll_back;
  decision.rule = "trigger.rate";
  decision.sentence = "Rolled back.";
  decision.would_change_it = {"nothing: a failure lasts for the run"};
  decision.from = Percent::parse("12.5").value();
  decision.criteria = {rate()};
  decision.after.stage = rollout::Stage::rolled_back;
  decision.after.incident =
      rollout::Incident{.id = "INC-1",
                        .opened_at = noon,
                        .decision = 41,
                        .items = {{.name = "communicated", .by = "asha", .note = "told", .at = noon},
                                  {.name = "re-tested", .by = {}, .note = {}}}};
  const json::object body = to_json(decision);
  CHECK(body.at("at").as_string() == to_iso(noon));
  CHECK(body.at("action").as_string() == "roll_back");
  CHECK(body.at("from").as_double() == 12.5);
  CHECK(body.at("to").as_int64() == 0);
  CHECK(body.at("criteria").as_array().size() == 1);
  CHECK(body.at("before").at("state").as_string() == "planned");
  CHECK(body.at("before").at("phaseStartedAt").is_null());
  const json::value& items = body.at("after").at("incident").at("items");
  CHECK(items.at(0).at("done").as_bool());
  CHECK_FALSE(items.at(1).at("done").as_bool());
  CHECK(items.at(1).at("at").is_null());

  const json::object line = brief_json(decision);
  CHECK(line.at("sentence").as_string() == "Rolled back.");
  for (const char* left_out : {"criteria", "triggers", "before", "after"}) CHECK_FALSE(line.contains(left_out));
  for (const auto& [name, value] : line) CHECK(body.at(name) == value);
}

}  // namespace
}  // namespace callramp::wire
