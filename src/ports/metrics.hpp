// Metrics as the program uses them: handles made once, counted often. Exposition is the adapter's matter.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace callramp {

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) noexcept = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) noexcept = 0;
  virtual void add(double amount) noexcept = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  /// Seconds, by the field's convention.
  virtual void observe(double value) noexcept = 0;
};

using Labels = std::map<std::string, std::string>;

/// Thread-safe; the same name and labels give the same handle, which lives as long as this.
class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {}) = 0;
  virtual Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {}) = 0;
  virtual Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                               const Labels& labels = {}) = 0;
};

}  // namespace callramp
