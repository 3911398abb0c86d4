// FakeMetrics: plain numbers by name and labels, for tests to read. One thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ports/metrics.hpp"

namespace callramp::fakes {

class FakeMetrics final : public Metrics {
 public:
  struct Number final : Counter, Gauge {
    double value = 0;
    void add(double amount) noexcept override { value += amount; }
    void set(double new_value) noexcept override { value = new_value; }
  };
  struct Values final : Histogram {
    std::vector<double> values;
    void observe(double value) noexcept override { values.push_back(value); }
  };

  Counter& counter(const std::string& name, const std::string&, const Labels& labels) override {
    return numbers_[{name, labels}];
  }
  Gauge& gauge(const std::string& name, const std::string&, const Labels& labels) override {
    return numbers_[{name, labels}];
  }
  Histogram& histogram(const std::string& name, const std::string&, const std::vector<double>&,
                       const Labels& labels) override {
    return histograms_[{name, labels}];
  }

  /// 0 for what was never counted.
  double value(const std::string& name, const Labels& labels = {}) const {
    const auto found = numbers_.find({name, labels});
    return found == numbers_.end() ? 0 : found->second.value;
  }
  std::vector<double> values(const std::string& name, const Labels& labels = {}) const {
    const auto found = histograms_.find({name, labels});
    return found == histograms_.end() ? std::vector<double>{} : found->second.values;
  }

 private:
  std::map<std::pair<std::string, Labels>, Number> numbers_;
  std::map<std::pair<std::string, Labels>, Values> histograms_;
};

}  // namespace callramp::fakes
