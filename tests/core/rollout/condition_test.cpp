#include "core/rollout/condition.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using namespace callramp::rollout;

namespace {

Condition read(const std::string& text) {
  const auto condition = parse_condition(text);
  REQUIRE_MESSAGE(condition.has_value(), (condition ? "" : condition.error().message));
  return *condition;
}

std::string refusal(const std::string& text) {
  const auto condition = parse_condition(text);
  REQUIRE_MESSAGE(!condition.has_value(), text);
  return condition.error().message;
}

}  // namespace

TEST_CASE("a condition is read into metric, line and qualifiers") {
  const Condition rate = read("call_success_rate > 70%");
  CHECK(rate.metric == "call_success_rate");
  CHECK(rate.compare == Compare::greater);
  CHECK(rate.value == Quantity{0.70, Unit::share});

  const Condition time = read("response_time_p95 < 200ms");
  CHECK(time.metric == "response_time");
  CHECK(time.percentile == 0.95);
  CHECK(time.value == Quantity{0.2, Unit::time});

  const Condition bugs = read("open_bugs(P1) == 0");
  REQUIRE(bugs.arguments.size() == 1);
  CHECK(bugs.arguments[0].name == "P1");

  const Condition waits = read("db_pool_waits(>1s) >= 5 in 5m");
  REQUIRE(waits.arguments.size() == 1);
  CHECK(waits.arguments[0].compare == Compare::greater);
  CHECK(waits.arguments[0].value == Quantity{1, Unit::time});
  CHECK(waits.within == minutes{5});

  const Condition load = read("load_test(concurrent >= 100, fresh <= 14d, same_version)");
  REQUIRE(load.arguments.size() == 3);
  CHECK(load.arguments[1].value == Quantity{14 * 86400.0, Unit::time});
  CHECK_FALSE(load.compare.has_value());

  CHECK(read("db_slow_share > 1% for 15m").lasting == minutes{15});
  CHECK(read("confirmed(failover-tested) by 2").people == 2);
  CHECK(read("cost_per_call <= budget").value.unit == Unit::budget);
  CHECK(read("complaint_rate < 2 per 1000").value == Quantity{0.002, Unit::per_1000});
  CHECK(read("complaint_rate vs previous_phase > 2x").value == Quantity{2, Unit::factor});
  CHECK(read("call_success_rate vs old > -5%").value == Quantity{-0.05, Unit::share});
  CHECK(read("db_p95 vs previous_phase < +25%").baseline == Baseline::previous_phase);
  CHECK(read("call_success_rate vs phase(week-4) > -5%").baseline_phase == "week-4");
  CHECK(read("cost_per_call <= 6.00 INR").value == Quantity{6, Unit::money});
  CHECK(read("db_pool_exhausted").value == Quantity{});
}

TEST_CASE("the same condition has one spelling, which reads back as itself") {
  const std::pair<const char*, const char*> rows[] = {
      {"  call_success_rate>70 %", "call_success_rate > 70%"},
      {"open_bugs( P1 )==0", "open_bugs(P1) == 0"},
      {"load_test(hours>=4)", "load_test(hours >= 4)"},
      {"load_test(fresh <= 336h,concurrent >= 100)", "load_test(fresh <= 14d, concurrent >= 100)"},
      {"db_pool_waits( > 1000ms ) >= 5.0 in 5 min", "db_pool_waits(>1s) >= 5 in 5m"},
      {"complaint_rate<2 per 1000", "complaint_rate < 2 per 1000"},
      {"cost_per_call <= 6.00 INR", "cost_per_call <= 6 INR"},
      {"stable_for >= 48h", "stable_for >= 48h"},
      {"call_success_rate  vs  old>-5%", "call_success_rate vs old > -5%"},
      {"approved_by(stakeholder) by 1", "approved_by(stakeholder)"},
  };
  for (const auto& [written, spelling] : rows) {
    CHECK(read(written).text == spelling);
    CHECK(read(spelling).text == spelling);
  }
}

TEST_CASE("a subject is what a condition is about, without its line") {
  CHECK(subject(read("open_bugs(P1) == 0")) == "open_bugs(P1)");
  CHECK(subject(read("open_bugs(P1) >= 1")) == "open_bugs(P1)");
  CHECK(subject(read("response_time_p95 < 200ms")) == "response_time_p95");
  CHECK(subject(read("call_success_rate vs old > -5%")) == "call_success_rate vs old");
  CHECK(subject(read("load_test(concurrent >= 100)")) == subject(read("load_test(concurrent >= 200)")));
  CHECK(subject(read("load_test(concurrent >= 100)")) != subject(read("load_test(hours >= 4)")));
}

TEST_CASE("what is no condition is refused with the place and what was expected there") {
  struct Row {
    const char* text;
    const char* place;
    const char* expected;
  };
  const Row rows[] = {
      {"", "at character 1 there is the end", "name of a metric"},
      {"> 70%", "at character 1 there is '> 70%'", "name of a metric"},
      {"call_success_rate >", "at character 20 there is the end", "a value such as 70%"},
      {"call_success_rate >> 70%", "at character 20 there is '> 70%'", "a value such as 70%"},
      {"call_success_rate > much", "at character 21 there is 'much'", "a value such as 70%"},
      {"call_success_rate > 70% now", "at character 25 there is 'now'", "'for 15m'"},
      {"open_bugs(P1 == 0", "at character 18 there is the end", "','"},
      {"open_bugs(", "at character 11 there is the end", "an argument"},
      {"call_success_rate vs yesterday > 1%", "at character 22 there is 'yesterday", "old, previous_phase or phase"},
      {"call_success_rate vs old", "at character 25 there is the end", "a comparison"},
      {"complaint_rate < 2 per 100", "", "1000 behind 'per'"},
      {"memory_used > 90% for ever", "at character 23 there is 'ever'", "a value"},
      {"memory_used > 90% for 5%", "", "a time"},
      {"memory_used > 90% for 400d", "", "a time from 1ms to 366d"},
      {"confirmed(x) by 0", "", "a number of people"},
      {"open_bugs(P1) == 1.2.3", "", "a value"},
      {"open_bugs(P1) == 99999999999999999999999999", "", "a value"},
  };
  for (const Row& row : rows) {
    const std::string message = refusal(row.text);
    CHECK_MESSAGE(message.find(row.place) != std::string::npos, message);
    CHECK_MESSAGE(message.find(row.expected) != std::string::npos, message);
  }
  CHECK(refusal(std::string(100'000, 'x')).size() < 500);
}

TEST_CASE("comparisons hold as they are written") {
  CHECK(holds(0.71, Compare::greater, 0.70));
  CHECK_FALSE(holds(0.70, Compare::greater, 0.70));
  CHECK(holds(0.70, Compare::at_least, 0.70));
  CHECK(holds(0, Compare::equal, 0));
  CHECK(holds(1, Compare::less, 2));
  CHECK_FALSE(holds(2, Compare::at_most, 1));
}

TEST_CASE("quantities read like people write them") {
  CHECK(to_words(Quantity{0.7, Unit::share}) == "70 %");
  CHECK(to_words(Quantity{0.29, Unit::share}) == "29 %");
  CHECK(to_words(Quantity{0.2, Unit::time}) == "200 ms");
  CHECK(to_words(Quantity{60, Unit::time}) == "60 s");
  CHECK(to_words(Quantity{900, Unit::time}) == "15 min");
  CHECK(to_words(Quantity{48 * 3600.0, Unit::time}) == "48 h");
  CHECK(to_words(Quantity{7 * 86400.0, Unit::time}) == "7 d");
  CHECK(to_words(Quantity{0.002, Unit::per_1000}) == "2 per 1000");
  CHECK(to_words(Quantity{5, Unit::none}) == "5");
}
