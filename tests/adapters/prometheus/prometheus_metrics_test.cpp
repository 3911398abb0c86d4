#include "adapters/prometheus/prometheus_metrics.hpp"

#include <doctest/doctest.h>

#include <thread>

using callramp::Counter;
using callramp::prometheus_adapter::PrometheusMetrics;

TEST_CASE("metrics appear in the exposition from the moment they are made") {
  PrometheusMetrics metrics;
  metrics.counter("calls_total", "Final calls.", {{"system", "new"}}).add(3);
  metrics.counter("calls_total", "Final calls.", {{"system", "old"}});
  metrics.gauge("callramp_active_calls", "Calls in progress.").set(7);
  metrics.gauge("callramp_active_calls", "Calls in progress.").add(-2);
  auto& histogram =
      metrics.histogram("http_request_duration_seconds", "Response time.", {0.1, 0.2}, {{"system", "new"}});
  histogram.observe(0.15);
  histogram.observe(5);
  const std::string text = metrics.exposition();
  for (const char* line :
       {"# TYPE calls_total counter\n", "calls_total{system=\"new\"} 3\n", "calls_total{system=\"old\"} 0\n",
        "callramp_active_calls 5\n", "http_request_duration_seconds_bucket{system=\"new\",le=\"0.1\"} 0\n",
        "http_request_duration_seconds_bucket{system=\"new\",le=\"0.2\"} 1\n",
        "http_request_duration_seconds_bucket{system=\"new\",le=\"+Inf\"} 2\n",
        "http_request_duration_seconds_count{system=\"new\"} 2\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("the same name and labels give the same handle") {
  PrometheusMetrics metrics;
  Counter& first = metrics.counter("x_total", "X.", {{"a", "1"}});
  CHECK(&metrics.counter("x_total", "X.", {{"a", "1"}}) == &first);
  CHECK(&metrics.counter("x_total", "X.", {{"a", "2"}}) != &first);
  for (int i = 0; i < 500; ++i) metrics.counter("x_total", "X.", {{"a", std::to_string(i)}});
  first.add();
  CHECK(metrics.exposition().find("x_total{a=\"1\"} 1\n") != std::string::npos);
}

TEST_CASE("threads count together without losing one") {
  PrometheusMetrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&metrics] {
        for (int n = 0; n < 10'000; ++n) metrics.counter("n_total", "N.").add();
      });
  }
  CHECK(metrics.exposition().find("n_total 40000\n") != std::string::npos);
}
