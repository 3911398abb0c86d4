#include "adapters/prometheus/prometheus_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <utility>

#include "base/ensure.hpp"

namespace callramp::prometheus_adapter {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double amount) noexcept override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value) noexcept override { gauge_.Set(value); }
  void add(double amount) noexcept override { gauge_.Increment(amount); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double value) noexcept override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

using Series = std::pair<std::string, Labels>;

}  // namespace

struct PrometheusMetrics::State {
  prometheus::Registry registry;
  std::mutex mutex;
  // Maps: their elements never move, so a handle stays good.
  std::map<Series, PrometheusCounter> counters;
  std::map<Series, PrometheusGauge> gauges;
  std::map<Series, PrometheusHistogram> histograms;
  std::map<std::string, std::vector<double>> bounds;

  /// `build` makes the family and the series in it; prometheus-cpp throws for a name of another kind.
  template <class Handle, class Build>
  Handle& handle(std::map<Series, Handle>& handles, const std::string& name, const Labels& labels, Build build) {
    Series series(name, labels);
    const std::lock_guard lock(mutex);
    if (const auto found = handles.find(series); found != handles.end()) return found->second;
    try {
      return handles.try_emplace(std::move(series), build()).first->second;
    } catch (const std::exception&) {
      ENSURE(false, "a metric's name or labels are invalid, or its name has another kind");
      throw;
    }
  }
};

PrometheusMetrics::PrometheusMetrics() : state_(std::make_unique<State>()) {}
PrometheusMetrics::~PrometheusMetrics() = default;

Counter& PrometheusMetrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return state_->handle(state_->counters, name, labels, [&] {
    return PrometheusCounter(prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry).Add(labels));
  });
}

Gauge& PrometheusMetrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return state_->handle(state_->gauges, name, labels, [&] {
    return PrometheusGauge(prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry).Add(labels));
  });
}

Histogram& PrometheusMetrics::histogram(const std::string& name, const std::string& help,
                                        const std::vector<double>& bounds, const Labels& labels) {
  return state_->handle(state_->histograms, name, labels, [&] {
    const auto [known, is_new] = state_->bounds.try_emplace(name, bounds);
    ENSURE(is_new || known->second == bounds, "a histogram's bounds differ between its series");
    return PrometheusHistogram(prometheus::BuildHistogram()
                                   .Name(name)
                                   .Help(help)
                                   .Register(state_->registry)
                                   .Add(labels, prometheus::Histogram::BucketBoundaries(bounds)));
  });
}

std::string PrometheusMetrics::exposition() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace callramp::prometheus_adapter
