#include "core/providers/service_level.hpp"

#include <algorithm>
#include <vector>

namespace callramp::providers {
namespace {

// The smallest value that at least this share of all does not exceed.
Duration percentile(std::vector<Duration>& latencies, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1) + 0.5);
  std::ranges::nth_element(latencies, latencies.begin() + static_cast<std::ptrdiff_t>(rank));
  return latencies[rank];
}

}  // namespace

std::optional<double> ServiceFigures::error_share() const noexcept {
  if (requests == 0) return std::nullopt;
  return static_cast<double>(errors) / requests;
}

void ServiceLevel::succeeded(Instant at, Duration latency) { add({.at = at, .latency = latency}); }
void ServiceLevel::failed(Instant at) { add({.at = at, .latency = std::nullopt}); }

void ServiceLevel::add(Sample sample) {
  while (!samples_.empty() && (samples_.size() >= most_ || samples_.front().at + window_ < sample.at))
    samples_.pop_front();
  samples_.push_back(sample);
}

ServiceFigures ServiceLevel::figures(Instant now) const {
  ServiceFigures figures;
  std::vector<Duration> latencies;
  for (const Sample& sample : samples_) {
    if (sample.at + window_ < now) continue;
    ++figures.requests;
    if (sample.latency)
      latencies.push_back(*sample.latency);
    else
      ++figures.errors;
  }
  if (!latencies.empty()) {
    figures.p50 = percentile(latencies, 0.50);
    figures.p95 = percentile(latencies, 0.95);
  }
  return figures;
}

}  // namespace callramp::providers
