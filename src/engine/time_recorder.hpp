// TimeRecorder: how long things took, counted against the bounds that a plan's percentiles may name.
//
// Any thread adds; the evidence recorder takes what this process has counted since the start of each bucket. Counts are
// cumulative, so that storing them twice changes nothing and a crash loses at most what came after the last taking.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "async/clock.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::engine {

class TimeRecorder {
 public:
  /// `source` names this process among all that count: node and start.
  TimeRecorder(async::Clock& clock, std::string source) : clock_(clock), source_(std::move(source)) {}

  /// `metric`: "response_time", "provider_latency(stt)".
  void add(const std::string& metric, Duration span);
  /// Of the buckets that begin from now on; a divisor of five minutes, which it is at first.
  void set_bucket(Duration length);

  /// What changed since the last taking. Buckets that are over by then are forgotten.
  std::vector<TimeCounts> take();
  /// What could not be stored: the next taking has it again. Of a day at most.
  void give_back(std::vector<TimeCounts> counts);

 private:
  struct Counted {
    std::int64_t total = 0;
    std::vector<std::int64_t> over;
    bool changed = false;
  };

  async::Clock& clock_;
  const std::string source_;
  std::mutex mutex_;  // guards the rest
  Duration bucket_ = minutes{5};
  std::map<std::pair<Instant, std::string>, Counted> counted_;
};

}  // namespace callramp::engine
