// PrometheusMetrics: the program's metrics on prometheus-cpp, and their text for GET /metrics.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ports/metrics.hpp"

namespace callramp::prometheus_adapter {

/// What GET /metrics says its body is.
inline constexpr std::string_view exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Counting takes no lock; making a handle takes one, so callers keep theirs.
class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;

  /// One name has one kind and, for histograms, one set of bounds; another is a broken invariant.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {}) override;
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {}) override;
  Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                       const Labels& labels = {}) override;

  /// Everything, in the text format 0.0.4.
  std::string exposition() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace callramp::prometheus_adapter
