// Plans made in code: what phases keep, which lines the reading gives, what an edit changes, what is likely not meant.
#include "core/rollout/plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/rollout/metric.hpp"
#include "core/rollout/plan_outlook.hpp"

using namespace callramp;
using namespace callramp::rollout;

namespace {

Condition condition(const std::string& text) { return parse_condition(text).value(); }

Phase phase(const std::string& name, const char* percentage, std::vector<std::string> criteria,
            std::vector<std::string> triggers, const std::string& keeps = "") {
  Phase made{.name = name,
             .percentage = Percent::parse(percentage).value(),
             .min_duration = std::chrono::days{7},
             .expected_volume = Volume{50, 100},
             .keeps = keeps};
  for (const std::string& text : criteria) made.advance_when.push_back(condition(text));
  for (const std::string& text : triggers) made.roll_back_when.push_back({condition(text)});
  return made;
}

Plan plan_of(std::vector<Phase> phases) {
  Plan plan{.name = "test", .mode = Mode::automatic};
  plan.phases = std::move(phases);
  REQUIRE(resolve(plan).has_value());
  return plan;
}

Plan four_phases() {
  return plan_of({phase("one", "5", {"call_success_rate > 70%", "uptime > 99.5%"}, {"call_success_rate < 60%"}),
                  phase("two", "10", {}, {}, "one"), phase("three", "25", {}, {}, "two"),
                  phase("four", "50", {}, {}, "three"), phase("five", "100", {}, {}, "four")});
}

std::vector<std::string> texts(const Phase& phase) {
  std::vector<std::string> all;
  for (const Condition& one : phase.advance_when) all.push_back(one.text);
  return all;
}

const PlanChange* change_of(const std::vector<PlanChange>& changes, const std::string& key) {
  const auto found = std::ranges::find(changes, key, &PlanChange::key);
  return found == changes.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("kept conditions are inherited through phases and an own line replaces that of the same subject") {
  Phase second = phase("two", "10", {"uptime > 99%", "queue_wait_p95 < 60s"}, {"uptime < 90%"}, "one");
  Phase third = phase("three", "100", {}, {}, "two");
  third.drops = {"customer_complaints"};
  const Plan plan = plan_of(
      {phase("one", "5", {"uptime > 99.5%", "customer_complaints == 0"}, {"uptime < 95%", "customer_complaints > 5"}),
       second, third});
  CHECK(texts(plan.phases[1]) ==
        std::vector<std::string>{"uptime > 99%", "queue_wait_p95 < 60s", "customer_complaints == 0"});
  CHECK(texts(plan.phases[2]) == std::vector<std::string>{"uptime > 99%", "queue_wait_p95 < 60s"});
  REQUIRE(plan.phases[2].roll_back_when.size() == 1);
  CHECK(plan.phases[2].roll_back_when[0].condition.text == "uptime < 90%");
}

TEST_CASE("a phase can keep only an earlier one and drop only what it keeps") {
  const auto refusal = [](std::vector<Phase> phases) {
    Plan plan{.name = "test"};
    plan.phases = std::move(phases);
    const Status resolved = resolve(plan);
    REQUIRE_FALSE(resolved.has_value());
    return resolved.error().message;
  };
  CHECK(refusal({phase("one", "5", {}, {}, "two"), phase("two", "10", {}, {})}).find("comes later") !=
        std::string::npos);
  CHECK(refusal({phase("one", "5", {}, {}, "one")}).find("its own") != std::string::npos);
  CHECK(refusal({phase("one", "5", {}, {}, "none")}).find("there is no phase 'none'") != std::string::npos);
  Phase second = phase("two", "10", {}, {}, "one");
  second.drops = {"uptimes"};
  CHECK(refusal({phase("one", "5", {"uptime > 99%"}, {}), second}).find("no line about 'uptimes'") !=
        std::string::npos);
}

TEST_CASE("the reading places the lines of a rate between its criterion and its trigger") {
  Plan plan = four_phases();
  const auto lines = [&](std::size_t index) { return read_lines(plan, index, plan.phases[index].advance_when[0]); };
  struct Row {
    Reading reading;
    std::size_t phase;
    double pass;
    double fail;
  };
  for (const Row& row :
       {Row{Reading::strict, 0, .70, .60}, Row{Reading::mid, 0, .65, .65}, Row{Reading::wide, 0, .60, .70},
        Row{Reading::ladder, 0, .60, .65}, Row{Reading::ladder, 1, .65, .65}, Row{Reading::ladder, 2, .68, .65},
        Row{Reading::ladder, 3, .70, .65}, Row{Reading::ladder, 4, .70, .65}}) {
    plan.decide.reading = row.reading;
    CHECK(lines(row.phase).pass == doctest::Approx(row.pass).epsilon(1e-12));
    CHECK(lines(row.phase).fail.value() == doctest::Approx(row.fail).epsilon(1e-12));
  }
  plan.phases[0].roll_back_when.clear();
  CHECK(lines(0).pass == .70);
  CHECK_FALSE(lines(0).fail.has_value());
}

TEST_CASE("a beta phase is no step of the ladder") {
  Plan plan = four_phases();
  Phase beta = phase("beta", "0", {"open_bugs(P1) == 0"}, {});
  beta.include = {"user-1"};
  plan.phases.insert(plan.phases.begin(), beta);
  CHECK(ladder_step(plan, 1) == 0);
  CHECK(ladder_step(plan, 3) == 2);
}

TEST_CASE("every metric that the catalogue names can be written and is found") {
  const Plan plan = four_phases();
  for (const Metric& metric : metrics()) {
    CHECK(find_metric(plan, metric.name).has_value());
    CHECK_FALSE(metric.what.empty());
    CHECK(std::ranges::count(metrics(), metric.name, &Metric::name) == 1);
  }
  CHECK_FALSE(find_metric(plan, "call_sucess_rate").has_value());
}

TEST_CASE("kinds of decision follow from the metric and what it is compared with") {
  const Plan plan = four_phases();
  const auto kind = [&](const char* text) { return to_string(kind_of(plan, condition(text))); };
  CHECK(kind("call_success_rate > 70%") == "rate");
  CHECK(kind("call_success_rate vs old > -5%") == "versus");
  CHECK(kind("response_time_p95 < 200ms") == "rate");
  CHECK(kind("customer_satisfaction > 4") == "mean");
  CHECK(kind("uptime > 99.5%") == "budget");
  CHECK(kind("complaint_rate < 2 per 1000") == "budget");
  CHECK(kind("complaint_rate > 10 per 1000") == "events");
  CHECK(kind("complaint_rate vs previous_phase > 2x") == "events");
  CHECK(kind("open_bugs(P1) == 0") == "latch");
  CHECK(kind("queue_backlog > 500") == "gauge");
  CHECK(kind("approved_by(any)") == "person");
  CHECK(kind("stable_for >= 48h") == "clock");
  CHECK(kind("load_test(hours >= 4)") == "proof");
}

TEST_CASE("an edit says whom it moves and which test it changes") {
  const Plan before = four_phases();
  CHECK(compare(before, before, 1).empty());

  Plan after = before;
  after.phases[1].percentage = Percent::parse("15").value();
  after.phases[3].percentage = Percent::parse("60").value();
  after.phases[0].advance_when[0] = condition("call_success_rate > 65%");
  after.decide.advance_alpha = 0.1;
  after.phases[2].min_duration = std::chrono::days{8};
  const auto changes = compare(before, after, 1);
  REQUIRE(change_of(changes, "phases.two.percentage") != nullptr);
  CHECK(change_of(changes, "phases.two.percentage")->moves_users);
  CHECK(change_of(changes, "phases.two.percentage")->what == "phases.two.percentage: 10 becomes 15");
  REQUIRE(change_of(changes, "phases.four.percentage") != nullptr);
  CHECK_FALSE(change_of(changes, "phases.four.percentage")->moves_users);
  REQUIRE(change_of(changes, "phases.one.advance_when.call_success_rate") != nullptr);
  CHECK(change_of(changes, "phases.one.advance_when.call_success_rate")->changes_test);
  REQUIRE(change_of(changes, "decide.advance_alpha") != nullptr);
  CHECK(change_of(changes, "decide.advance_alpha")->changes_test);
  REQUIRE(change_of(changes, "phases.three.min_duration") != nullptr);
  CHECK_FALSE(change_of(changes, "phases.three.min_duration")->changes_test);
  CHECK(changes.size() == 5);
}

TEST_CASE("a phase slipped in before the current one moves users and one after it does not") {
  const Plan before = four_phases();
  Plan earlier = before;
  earlier.phases.insert(earlier.phases.begin() + 1, phase("one-and-half", "7", {"uptime > 99%"}, {}));
  CHECK(change_of(compare(before, earlier, 1), "phases")->moves_users);
  Plan later = before;
  later.phases.insert(later.phases.begin() + 3, phase("three-and-half", "35", {"uptime > 99%"}, {}));
  CHECK_FALSE(change_of(compare(before, later, 1), "phases")->moves_users);
  CHECK(change_of(compare(before, later, 1), "phases")->changes_test);  // a restart's weight is one by their number
}

TEST_CASE("needs follow the exact table of docs/decisions.md") {
  const Plan plan = four_phases();
  const auto first = need_of(plan, 0, plan.phases[0].advance_when[0], 0.05);
  REQUIRE(first.has_value());
  CHECK(first->assumed == doctest::Approx(0.75));
  CHECK(first->half == 68);  // pass at line .60, true .75: median 68, 95 % 166
  CHECK(first->most == 166);
  CHECK(first->planned == doctest::Approx(525));
  CHECK(first->by_then.value() > 0.999);
  CHECK_FALSE(need_of(plan, 0, condition("uptime > 99.5%"), 0.05).has_value());
}

TEST_CASE("a gate that the planned volume hardly ever settles is named with its figures") {
  Plan plan = four_phases();
  CHECK(std::ranges::none_of(warnings(plan),
                             [](const Error& one) { return one.message.find("hardly") != std::string::npos; }));
  for (Phase& one : plan.phases) one.expected_volume = Volume{1, 3};
  const std::vector<Error> found = warnings(plan);
  const auto hardly = std::ranges::find_if(
      found, [](const Error& one) { return one.message.find("will hardly be settled") != std::string::npos; });
  REQUIRE(hardly != found.end());
  CHECK(hardly->message.find("call_success_rate > 70%") != std::string::npos);
  CHECK(hardly->message.find("28 calls planned") != std::string::npos);
}

TEST_CASE("the document's checklists have 33 items and their conditions are sound") {
  Plan plan = four_phases();
  plan.checklists = document_checklists();
  plan.approvers = {{.role = "stakeholder", .tokens = {"asha"}}};
  std::size_t items = 0;
  for (const Checklist& list : plan.checklists) items += list.items.size();
  CHECK(items == 33);
  CHECK(problems(plan).empty());
}
