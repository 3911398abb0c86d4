// ServiceLevel: what a provider has been worth lately: requests, errors and latencies of the last quarter of an hour.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "base/time.hpp"

namespace callramp::providers {

struct ServiceFigures {
  int requests = 0;
  int errors = 0;
  std::optional<Duration> p50;  ///< of what succeeded; nothing without any
  std::optional<Duration> p95;
  /// 0 … 1; nothing without requests: no data is no good record.
  std::optional<double> error_share() const noexcept;
};

class ServiceLevel {
 public:
  /// At most `most` requests are kept, the oldest go first: enough for percentiles, and bounded at any rate of calls.
  explicit ServiceLevel(Duration window = minutes{15}, std::size_t most = 1024) : window_(window), most_(most) {}

  void succeeded(Instant at, Duration latency);
  void failed(Instant at);
  ServiceFigures figures(Instant now) const;

 private:
  struct Sample {
    Instant at{};
    std::optional<Duration> latency;  // nothing: an error
  };
  void add(Sample sample);

  Duration window_;
  std::size_t most_;
  std::deque<Sample> samples_;
};

}  // namespace callramp::providers
