// Counts of events: the reference implementation's vectors, and the promise summed over all counts.
#include "core/stats/event_counts.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace callramp::stats;

namespace {

bool close(double actual, double expected, double tolerance = 1e-9) {
  return std::abs(actual - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

// Mean of E over a Poisson number of events.
template <class LogE>
double mean_of(double rate, const LogE& log_e) {
  double mean = 0;
  for (int n = 0; n < 400; ++n) mean += std::exp(-rate + n * std::log(rate) - std::lgamma(n + 1.0) + log_e(n));
  return mean;
}

}  // namespace

TEST_CASE("counts against a rate give the evidence and the bounds of the reference implementation") {
  struct Row {
    double s, v, v_opt, scale, alpha, log_e, bound;
  };
  for (const Row& row :
       {Row{10, 100, 100, 2, 0.05, -0.06991218532, 30.19489842}, Row{5, 2, 5, 1, 0.05, 2.797603661, 5.201072963},
        Row{6, 5, 5, 1, 0.05, 1.963436541, 7.400461261}, Row{10, 5, 5, 1, 0.01, 5.341910749, 9.24711358},
        Row{5, 10, 5, 1, 0.05, 0.3674178794, 10.08390361}, Row{15, 10, 10, 1, 0.05, 6.55479271, 9.988163429},
        Row{25, 25, 10, 1, 0.01, 8.314817889, 18.81839797}, Row{30, 50, 20, 1, 0.05, 6.405626963, 21.17612479},
        Row{30, 100, 100, 1, 0.05, 3.230710731, 28.95326703}, Row{2, 0.5, 2, 1, 0.05, 1.410860671, 3.200656711}}) {
    CAPTURE(row.s);
    CAPTURE(row.v);
    // Its s is events beyond the expected and its v the expected, both scaled; its prior is tuned for v_opt.
    const double expected = row.v / (row.scale * row.scale);
    const double nats = 2 * std::log(1 / (2 * row.alpha));
    const double prior_events = row.v_opt / (nats + std::log1p(nats)) / (row.scale * row.scale);
    CHECK(close(log_e_more_events(expected + row.s / row.scale, expected, prior_events), row.log_e));
    CHECK(close(log_e_more_events(expected + row.bound / row.scale, expected, prior_events), std::log(1 / row.alpha),
                2e-9));
  }
}

TEST_CASE("at the line the evidence is one on average and beyond it on the false side at most one") {
  for (const double expected : {0.3, 5.0, 60.0}) {
    const auto more = [expected](double events) { return log_e_more_events(events, expected); };
    const auto fewer = [expected](double events) { return log_e_fewer_events(events, expected); };
    CHECK(mean_of(expected, more) == doctest::Approx(1).epsilon(1e-9));
    CHECK(mean_of(expected, fewer) == doctest::Approx(1).epsilon(1e-9));
    CHECK(mean_of(expected * 0.7, more) < 1);
    CHECK(mean_of(expected * 1.4, fewer) < 1);
  }
}

TEST_CASE("nothing seen is no evidence and quiet time is evidence for fewer") {
  CHECK(log_e_more_events(0, 0) == doctest::Approx(0).epsilon(1e-12));
  CHECK(log_e_fewer_events(0, 0) == doctest::Approx(0).epsilon(1e-12));
  CHECK(log_e_fewer_events(0, 8) > std::log(20.0));
  CHECK(log_e_more_events(0, 8) < 0);
  CHECK(log_e_more_events(12, 2) > std::log(100.0));
}

TEST_CASE("evidence from events is finite from none to ten million") {
  for (const double events : {0.0, 1.0, 1e3, 1e7}) {
    for (const double expected : {1e-3, 1.0, 1e3, 1e7}) {
      CAPTURE(events);
      CAPTURE(expected);
      CHECK(std::isfinite(log_e_more_events(events, expected)));
      CHECK(std::isfinite(log_e_fewer_events(events, expected)));
    }
  }
}

TEST_CASE("with equal rates an event belongs to new by its share of exposure") {
  CHECK(event_share_line(1, 0.05) == doctest::Approx(0.05));
  CHECK(event_share_line(2, 0.5) == doctest::Approx(2.0 / 3));
}

TEST_CASE("at the ratio asked about one more event keeps the mean of the evidence") {
  for (const bool more : {true, false}) {
    EventRatio before{2, more};
    before.fold({.events_new = 3, .events_old = 20, .exposure_new = 50, .exposure_old = 900});
    const EventBlock next{.exposure_new = 70, .exposure_old = 210};
    const double line = event_share_line(2, 0.25);
    EventBlock on_new = next;
    on_new.events_new = 1;
    EventBlock on_old = next;
    on_old.events_old = 1;
    EventRatio after_new = before;
    after_new.fold(on_new);
    EventRatio after_old = before;
    after_old.fold(on_old);
    CHECK(line * std::exp(after_new.log_e() - before.log_e()) +
              (1 - line) * std::exp(after_old.log_e() - before.log_e()) ==
          doctest::Approx(1).epsilon(1e-12));
    CHECK((after_new.log_e() > after_old.log_e()) == more);
  }
}

TEST_CASE("three times the errors on new is found and equal rates are not") {
  EventRatio worse{1, true};
  EventRatio equal{1, true};
  for (int i = 0; i < 40; ++i) {
    worse.fold({.events_new = 3, .events_old = 19, .exposure_new = 100, .exposure_old = 1900});
    equal.fold({.events_new = 1, .events_old = 19, .exposure_new = 100, .exposure_old = 1900});
  }
  CHECK(worse.log_e() > std::log(100.0));
  CHECK(equal.log_e() < 0);
  // A system without exposure is no evidence, whatever is said to have happened on it.
  const double before = equal.log_e();
  equal.fold({.events_new = 50, .events_old = 0, .exposure_new = 0, .exposure_old = 100});
  CHECK(equal.log_e() == before);
}
