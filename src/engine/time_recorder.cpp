#include "engine/time_recorder.hpp"

#include "core/rollout/metric.hpp"

namespace callramp::engine {

void TimeRecorder::add(const std::string& metric, Duration span) {
  const auto bounds = rollout::time_bounds();
  const double taken = std::chrono::duration<double>(span).count();
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  Counted& counted = counted_[{rollout::bucket_start(now, bucket_), metric}];
  counted.over.resize(bounds.size());
  counted.changed = true;
  ++counted.total;
  for (std::size_t i = 0; i < bounds.size() && taken >= bounds[i]; ++i) ++counted.over[i];
}

void TimeRecorder::set_bucket(Duration length) {
  const std::lock_guard lock(mutex_);
  bucket_ = length;
}

std::vector<TimeCounts> TimeRecorder::take() {
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::vector<TimeCounts> taken;
  for (auto& [key, counted] : counted_) {
    if (!std::exchange(counted.changed, false)) continue;
    taken.push_back(
        {.metric = key.second, .source = source_, .bucket = key.first, .total = counted.total, .over = counted.over});
  }
  const Instant current = rollout::bucket_start(now, bucket_);
  std::erase_if(counted_, [&](const auto& entry) { return entry.first.first < current; });
  return taken;
}

void TimeRecorder::give_back(std::vector<TimeCounts> counts) {
  const Instant oldest = clock_.now() - hours{24};
  const std::lock_guard lock(mutex_);
  for (TimeCounts& one : counts) {
    if (one.bucket < oldest) continue;
    Counted& counted = counted_[{one.bucket, one.metric}];
    counted.changed = true;
    if (counted.total >= one.total) continue;  // it went on counting
    counted.total = one.total;
    counted.over = std::move(one.over);
  }
}

}  // namespace callramp::engine
