#include "engine/evidence_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callramp::engine {
namespace {

constexpr std::size_t trend_steps = 24;  // of a day
constexpr std::size_t trend_least = 6;   // a slope over less is noise

// Least squares: growth per `day`.
double slope(const std::deque<rollout::LevelReading>& points, Duration day) {
  const double count = static_cast<double>(points.size());
  double sum_t = 0, sum_v = 0, sum_tt = 0, sum_tv = 0;
  for (const rollout::LevelReading& point : points) {
    const double t = std::chrono::duration<double>(point.at - points.front().at) / std::chrono::duration<double>(day);
    sum_t += t;
    sum_v += point.value;
    sum_tt += t * t;
    sum_tv += t * point.value;
  }
  const double spread = count * sum_tt - sum_t * sum_t;
  return spread > 0 ? (count * sum_tv - sum_t * sum_v) / spread : 0;
}

}  // namespace

EvidenceRecorder::EvidenceRecorder(RecorderConfig config, RecorderSources sources, RolloutStore& store,
                                   CallStore& calls, TimeRecorder& times, async::Clock& clock, Log& log)
    : config_(std::move(config)),
      sources_(std::move(sources)),
      store_(store),
      calls_(calls),
      times_(times),
      clock_(clock),
      log_(log) {}

Awaitable<void> EvidenceRecorder::run() {
  std::exception_ptr thrown;
  try {
    co_await async::with_scope([this](async::TaskScope& tasks) -> Awaitable<void> {
      tasks.spawn(gauge_loop());
      co_await beat_loop();
    });
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await async::ignore_cancellation();
  co_await flush_times();
  // The gap that follows is then planned, and not an outage.
  if (const auto marked = co_await store_.beat({config_.node, clock_.now(), BeatKind::stopped}); !marked)
    log_.warn("stop_not_marked", {{"error", marked.error().message}});
  co_await async::heed_cancellation();
  if (thrown) std::rethrow_exception(thrown);
}

Awaitable<void> EvidenceRecorder::beat_loop() {
  Instant next_probe = clock_.now();
  Status state;
  for (Instant next = clock_.now();; next += config_.beat) {
    co_await clock_.sleep_until(next);
    const Instant now = clock_.now();
    if (now >= next_probe || !state) {
      const bool was_up = state.has_value();
      state = co_await probe();
      next_probe = now + config_.probe;
      if (was_up && !state) log_.error("not_up", {{"why", state.error().message}});
      if (!was_up && state) log_.info("up_again");
    }
    const Beat beat{config_.node, now, state ? BeatKind::up : BeatKind::failed};
    if (const auto stored = co_await store_.beat(beat); !stored)
      log_.error("beat_not_stored", {{"error", stored.error().message}});
    co_await flush_times();
    if (sources_.active_calls) peak_ = std::max(peak_, sources_.active_calls());
    next = std::max(next, clock_.now() - config_.beat);  // after a stall there is nothing to catch up with
  }
}

Awaitable<Status> EvidenceRecorder::probe() {
  if (sources_.dialer_look) {
    const Duration age = clock_.now() - sources_.dialer_look();
    if (age > config_.look_age)
      co_return fail(ErrorCode::unavailable, fmt::format("the dialer has not looked for calls for {}", to_words(age)));
  }
  if (!sources_.health) co_return Status{};
  co_return co_await sources_.health(clock_.now() + config_.read_limit);
}

Awaitable<void> EvidenceRecorder::flush_times() {
  std::vector<TimeCounts> counts = times_.take();
  if (counts.empty()) co_return;
  if (const auto stored = co_await store_.add_times(std::move(counts), clock_.now()); !stored)
    log_.error("times_not_stored", {{"error", stored.error().message}});
}

Awaitable<void> EvidenceRecorder::gauge_loop() {
  for (;;) {
    co_await clock_.sleep_for(config_.gauges);
    co_await read_gauges();
  }
}

GaugeReport EvidenceRecorder::report(const std::string& name, Instant at, Result<double> value) {
  if (value) {
    missing_since_.erase(name);
    return {.name = name, .at = at, .value = *value};
  }
  const Instant since = missing_since_.try_emplace(name, at).first->second;
  return {.name = name,
          .at = at,
          .value = std::nullopt,
          .missing = fmt::format("{}, since {}", value.error().message, to_iso(since))};
}

Awaitable<void> EvidenceRecorder::read_gauges() {
  const Instant now = clock_.now();
  std::vector<GaugeReport> readings;
  read_machine(readings, now);
  read_database(readings, now);
  read_calls(readings, co_await calls_.backlog(now), now);
  if (sources_.legacy != nullptr) {
    const auto answered = co_await sources_.legacy->probe(clock_.now() + config_.read_limit);
    if (!answered) log_.warn("way_back_not_ready", {{"why", answered.error().message}});
    readings.push_back({.name = "way_back_ready", .at = now, .value = answered ? 1 : 0});
  } else {
    readings.push_back({.name = "way_back_ready", .at = now, .value = std::nullopt, .exists = false});
  }
  co_await read_prometheus(readings, now);
  if (const auto stored = co_await store_.add_gauges(std::move(readings), now); !stored)
    log_.error("gauges_not_stored", {{"error", stored.error().message}});
}

void EvidenceRecorder::read_machine(std::vector<GaugeReport>& readings, Instant now) {
  if (sources_.machine == nullptr) return;
  const auto reading = sources_.machine->read();
  if (!reading) {
    for (const char* name : {"cpu_used", "memory_used", "memory_trend"})
      readings.push_back(report(name, now, std::unexpected(reading.error())));
    return;
  }
  readings.push_back(report("cpu_used", now, reading->cpu_used));
  readings.push_back(report("memory_used", now, reading->memory_used));
  if (memory_.empty() || now - memory_.back().at >= day_ / trend_steps)
    memory_.push_back({now, reading->memory_process / std::max(1.0, reading->memory_limit)});
  if (memory_.size() > trend_steps + 1) memory_.pop_front();
  readings.push_back(report("memory_trend", now,
                            memory_.size() >= trend_least
                                ? Result<double>(slope(memory_, day_))
                                : fail(ErrorCode::unavailable, "the program runs for less than a quarter of a day")));
}

void EvidenceRecorder::read_database(std::vector<GaugeReport>& readings, Instant now) {
  if (!sources_.database) return;
  const DatabaseReading reading = sources_.database();
  const double queries = static_cast<double>(std::max<std::int64_t>(1, reading.queries));
  readings.push_back(report("db_slow_share", now, static_cast<double>(reading.slow) / queries));
  readings.push_back(report("db_slow_queries(>100ms)", now, static_cast<double>(reading.slow)));
  readings.push_back(report("db_slow_queries(>1s)", now, static_cast<double>(reading.very_slow)));
  readings.push_back(report("db", now, reading.p95));
  // One writer and no pool: nobody waits for a connection.
  for (const char* name : {"db_pool_exhausted", "db_pool_waits(>1s)"})
    readings.push_back({.name = name, .at = now, .value = std::nullopt, .exists = false});
}

void EvidenceRecorder::read_calls(std::vector<GaugeReport>& readings, Result<std::int64_t> backlog, Instant now) {
  readings.push_back(
      report("queue_backlog", now,
             backlog ? Result<double>(static_cast<double>(*backlog)) : std::unexpected(backlog.error())));
  if (sources_.active_calls) {
    const std::int64_t active = sources_.active_calls();
    readings.push_back(report("active_calls", now, static_cast<double>(active)));
    readings.push_back(report("peak_concurrent_calls", now, static_cast<double>(std::max(peak_, active))));
    peak_ = active;
  }
  if (!sources_.open_attempts || !backlog) return;
  const bool full = sources_.open_attempts() >= config_.max_concurrent;
  const bool grows = *backlog > last_backlog_ || (*backlog > 0 && at_limit_since_ && *backlog >= last_backlog_);
  last_backlog_ = *backlog;
  if (!full || !grows)
    at_limit_since_.reset();
  else if (!at_limit_since_)
    at_limit_since_ = now;
  const Duration at_limit = at_limit_since_ ? now - *at_limit_since_ : Duration::zero();
  readings.push_back(report("at_limit", now, std::chrono::duration<double>(at_limit).count()));
}

Awaitable<void> EvidenceRecorder::read_prometheus(std::vector<GaugeReport>& readings, Instant now) {
  const std::vector<rollout::CustomMetric> metrics = metrics_;  // another plan may come meanwhile
  // All within one limit: a Prometheus that is out must not hold the other readings up once per metric.
  const Instant deadline = clock_.now() + config_.read_limit;
  for (const rollout::CustomMetric& metric : metrics) {
    Result<double> value = fail(ErrorCode::unavailable, "PROMETHEUS_URL is not set");
    if (sources_.prometheus != nullptr)
      value = clock_.now() < deadline
                  ? co_await sources_.prometheus->read(metric.promql, deadline)
                  : Result<double>(fail(ErrorCode::timeout, "Prometheus took too long for the metrics before it"));
    readings.push_back(report(metric.name, now, std::move(value)));
  }
}

}  // namespace callramp::engine
