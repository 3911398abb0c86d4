// EvidenceRecorder: what a rollout is judged by and no call tells: that the service was up, how long things took, how
// full the queue, the database and the machine were, and what Prometheus says.
//
// It writes whether a rollout runs or not: a phase that starts tomorrow is compared with today. Whatever cannot be read
// is written as missing with its reason; a source that is out never stops the others, nor a decision.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task_scope.hpp"
#include "base/log.hpp"
#include "core/rollout/plan.hpp"
#include "engine/time_recorder.hpp"
#include "ports/call_store.hpp"
#include "ports/legacy_dialer.hpp"
#include "ports/machine.hpp"
#include "ports/metric_source.hpp"

namespace callramp::engine {

struct RecorderConfig {
  NodeId node;
  Duration beat = seconds{10};       ///< RolloutStore takes a gap of more than 30 s for an outage
  Duration probe = minutes{1};       ///< the whole way through PUBLIC_URL; after a failure at every beat
  Duration gauges = minutes{1};      ///< levels are read
  Duration look_age = seconds{10};   ///< a dialer that has not looked for longer is not up
  Duration read_limit = seconds{5};  ///< for one outside source
  int max_concurrent = 10;           ///< open attempts at which no more are dialed
};

/// What is read. Functions may be empty: such a gauge cannot exist here.
struct RecorderSources {
  std::function<Awaitable<Status>(Instant deadline)> health;  ///< GET PUBLIC_URL/health
  std::function<Instant()> dialer_look;                       ///< when the dialer last looked for calls
  std::function<int()> open_attempts;
  std::function<std::int64_t()> active_calls;
  std::function<DatabaseReading()> database;
  Machine* machine = nullptr;
  MetricSource* prometheus = nullptr;
  LegacyDialer* legacy = nullptr;
};

class EvidenceRecorder {
 public:
  EvidenceRecorder(RecorderConfig config, RecorderSources sources, RolloutStore& store, CallStore& calls,
                   TimeRecorder& times, async::Clock& clock, Log& log);

  /// Until cancelled; then marks a clean stop.
  Awaitable<void> run();
  /// Of the plan in force: its own metrics are read with the other gauges, and trends are per its day. On the
  /// recorder's executor.
  void watch(const rollout::Plan& plan) {
    metrics_ = plan.metrics;
    if (plan.pace.day != day_) memory_.clear();
    day_ = plan.pace.day;
  }

 private:
  Awaitable<void> beat_loop();
  Awaitable<void> gauge_loop();
  Awaitable<Status> probe();
  Awaitable<void> flush_times();
  Awaitable<void> read_gauges();
  void read_machine(std::vector<GaugeReport>& readings, Instant now);
  void read_database(std::vector<GaugeReport>& readings, Instant now);
  void read_calls(std::vector<GaugeReport>& readings, Result<std::int64_t> backlog, Instant now);
  Awaitable<void> read_prometheus(std::vector<GaugeReport>& readings, Instant now);
  GaugeReport report(const std::string& name, Instant at, Result<double> value);

  RecorderConfig config_;
  RecorderSources sources_;
  RolloutStore& store_;
  CallStore& calls_;
  TimeRecorder& times_;
  async::Clock& clock_;
  Log& log_;
  std::vector<rollout::CustomMetric> metrics_;
  Duration day_ = hours{24};

  // Between two readings only; a restart begins them anew.
  std::map<std::string, Instant> missing_since_;
  std::int64_t peak_ = 0;  // most calls at once since the last reading
  std::int64_t last_backlog_ = 0;
  std::optional<Instant> at_limit_since_;
  std::deque<rollout::LevelReading> memory_;  // of the last day, 24 of them, for the trend
};

}  // namespace callramp::engine
