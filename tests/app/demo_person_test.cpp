// The demo's person: what is due, in which order, and what the terminal shows of a rollout.
#include <doctest/doctest.h>

#include <algorithm>

#include "app/demo_person.hpp"
#include "app/table.hpp"

using namespace callramp;
using namespace callramp::app;
using rollout::Judgement;
using rollout::Kind;
using rollout::Stage;
using rollout::Verdict;

namespace {

const Instant start{hours{1}};

Judgement judged(const std::string& text, Kind kind, Verdict verdict) {
  auto condition = rollout::parse_condition(text);
  REQUIRE(condition.has_value());
  return {.condition = *std::move(condition), .kind = kind, .verdict = verdict};
}

engine::RolloutView running() {
  auto plan = std::make_shared<rollout::Plan>();
  plan->name = "outbound-calls";
  plan->phases.push_back({.name = "week-1", .percentage = *Percent::parse("5")});
  engine::RolloutView view;
  view.plan = plan;
  view.state.stage = Stage::running;
  view.state.run = 1;
  view.state.percentage = *Percent::parse("5");
  view.state.phase_started_at = start;
  view.state.earliest_advance = start + seconds{112};
  view.latest = rollout::Decision{.id = 41};
  return view;
}

std::vector<std::string> subjects(const std::vector<DemoAct>& acts) {
  std::vector<std::string> all;
  for (const DemoAct& act : acts) all.push_back(act.subject);
  return all;
}

}  // namespace

TEST_CASE("a planned rollout is started once its checklist is done, not before") {
  auto view = running();
  view.state.stage = Stage::planned;
  view.checklists = {{.checklist = "pre-rollout", .gate = "start", .item = "documentation", .text = "Documentation"},
                     {.checklist = "pre-rollout",
                      .gate = "start",
                      .item = "load-testing",
                      .by_itself = true,
                      .why = "load_test(concurrent >= 100, fresh <= 14d) does not hold yet"},
                     {.checklist = "pre-rollout",
                      .gate = "start",
                      .item = "feature-flags",
                      .by_itself = true,
                      .why = "drilled(kill_switch, fresh <= 30d) does not hold yet"},
                     {.checklist = "pre-rollout",
                      .gate = "start",
                      .item = "rollback-procedures",
                      .by_itself = true,
                      .why = "drilled(rollback, fresh <= 30d) does not hold yet"},
                     {.checklist = "phase-end", .gate = "phase-end", .item = "retrospective"}};
  const auto acts = acts_due(view, start);
  REQUIRE(acts.size() == 3);
  CHECK(acts[0].kind == DemoAct::Kind::check);
  CHECK(acts[0].command == "rollout check pre-rollout documentation");
  CHECK(acts[1].kind == DemoAct::Kind::waive);
  CHECK(acts[1].subject == "pre-rollout/load-testing");
  CHECK(acts[1].command.starts_with("rollout waive \"pre-rollout/load-testing\" --until 1970-01-01T03:00:00"));
  CHECK(acts[2].kind == DemoAct::Kind::drill);  // one drill stands for both ways back

  for (auto& item : view.checklists) item.done = true;
  REQUIRE(acts_due(view, start).size() == 1);
  CHECK(acts_due(view, start)[0].kind == DemoAct::Kind::start);
}

TEST_CASE("nothing is approved while evidence keeps the gate closed, and nothing before the other acts are done") {
  auto view = running();
  view.look.criteria = {judged("call_success_rate > 70%", Kind::rate, Verdict::undecided),
                        judged("approved_by(stakeholder)", Kind::person, Verdict::undecided)};
  for (const Verdict verdict : {Verdict::undecided, Verdict::fail, Verdict::no_data}) {
    view.look.criteria[0].verdict = verdict;
    CHECK(acts_due(view, start).empty());
  }
  view.look.criteria[0].verdict = Verdict::pass;
  view.checklists = {{.checklist = "phase-end", .gate = "phase-end", .item = "retrospective"}};
  CHECK(subjects(acts_due(view, start)) == std::vector<std::string>{"phase-end/retrospective"});
  view.checklists[0].done = true;
  const auto acts = acts_due(view, start);
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == DemoAct::Kind::approve);
  CHECK(acts[0].command == "rollout approve \"approved_by(stakeholder)\" --decision 41");
}

TEST_CASE("only what has no source in the demo is waived") {
  auto view = running();
  view.look.criteria = {judged("call_success_rate > 70%", Kind::rate, Verdict::no_data),
                        judged("retry_success_rate > 40%", Kind::rate, Verdict::no_data),
                        judged("voicemail_accuracy > 80%", Kind::rate, Verdict::no_data),
                        judged("load_test(hours >= 4)", Kind::proof, Verdict::no_data),
                        judged("confirmed(failover-tested)", Kind::person, Verdict::undecided),
                        judged("customer_satisfaction > 4", Kind::mean, Verdict::no_data)};
  const auto acts = acts_due(view, start);
  CHECK(subjects(acts) == std::vector<std::string>{"voicemail_accuracy > 80%", "load_test(hours >= 4)",
                                                   "failover-tested", "customer_satisfaction > 4"});
  for (const DemoAct& act : acts) CHECK_FALSE(act.note.empty());
}

TEST_CASE("where a rollout stopped the demo names what is to be decided and does none of it") {
  for (const Stage stage : {Stage::holding, Stage::frozen, Stage::rolled_back}) {
    auto view = running();
    view.state.stage = stage;
    view.look.criteria = {judged("approved_by(stakeholder)", Kind::person, Verdict::undecided)};
    const auto acts = acts_due(view, start);
    REQUIRE_FALSE(acts.empty());
    for (const DemoAct& act : acts) CHECK(act.kind == DemoAct::Kind::decide);
  }
  auto view = running();
  view.state.stage = Stage::rolled_back;
  view.state.incident = rollout::Incident{.items = {{.name = "communicated", .by = "asha"}, {.name = "root-cause"}}};
  const auto acts = acts_due(view, start);
  REQUIRE(acts.size() == 2);
  CHECK(acts[0].command.starts_with("rollout check incident root-cause --note"));
  CHECK(acts[1].command.starts_with("rollout resume --reason"));
}

TEST_CASE("at full traffic the demo's person has nothing to do") {
  for (const Stage stage : {Stage::complete, Stage::watching, Stage::succeeded}) {
    auto view = running();
    view.state.stage = stage;
    view.look.criteria = {judged("approved_by(stakeholder)", Kind::person, Verdict::undecided)};
    CHECK(acts_due(view, start).empty());
  }
}

TEST_CASE("the terminal's lines name phase, asked and seen share and what is open, within 80 columns") {
  auto view = running();
  view.counts.first.total = 21;
  view.counts.first_old.total = 379;
  view.look.criteria = {judged("call_success_rate > 70%", Kind::rate, Verdict::undecided),
                        judged("uptime > 99.5%", Kind::budget, Verdict::undecided),
                        judged("response_time_p95 < 200ms", Kind::rate, Verdict::no_data),
                        judged("approved_by(stakeholder)", Kind::person, Verdict::undecided)};
  view.look.criteria[0].good = 17;
  view.look.criteria[0].bad = 4;
  const auto lines = standing_lines(view, start + seconds{30});
  std::string text;
  for (const std::string& line : lines) {
    CHECK(width(line) <= 80);
    text += line + "\n";
  }
  CHECK(lines[0].starts_with("== week-1 running · asked 5 % · seen 5.2 % of 400"));
  CHECK(text.find("call_success_rate > 70% (17 of 21)") != std::string::npos);
  CHECK(text.find("(no data)") != std::string::npos);
  CHECK(text.find("forecast") != std::string::npos);
}

TEST_CASE("wrapping keeps every word, counts columns and not bytes, and breaks no word") {
  CHECK(wrapped("") == std::vector<std::string>{""});
  CHECK(wrapped("one two", 80) == std::vector<std::string>{"one two"});
  CHECK(wrapped("aaaa bbbb cccc", 9) == std::vector<std::string>{"aaaa bbbb", "  cccc"});
  CHECK(wrapped("···· ····", 9) == std::vector<std::string>{"···· ····"});
  CHECK(wrapped("abcdefghijkl mn", 5) == std::vector<std::string>{"abcdefghijkl", "  mn"});
}
