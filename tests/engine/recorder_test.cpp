// What the recorders write: the list of what is measured is held against it, and no plan is promised more.
#include <algorithm>
#include <set>

#include "core/rollout/measured.hpp"
#include "engine/call_metrics.hpp"
#include "engine/provider_gauges.hpp"
#include "engine/receipt.hpp"
#include "engine/rollout_world.hpp"

using namespace callramp;
using namespace callramp::engine;

namespace {

struct FixedMachine final : Machine {
  std::optional<MachineReading> reading = MachineReading{
      .cpu_used = 0.25, .cpu_process = 0.1, .memory_used = 0.5, .memory_process = 1e8, .memory_limit = 1e9};
  Result<MachineReading> read() override {
    if (!reading) return fail(ErrorCode::unavailable, "/proc cannot be read");
    return *reading;
  }
};

struct FixedSource final : MetricSource {
  Result<double> value = 3;
  int asked = 0;
  Awaitable<Result<double>> read(std::string, Instant) override {
    ++asked;
    co_return value;
  }
};

std::map<std::string, rollout::Gauge, std::less<>> gauges(RolloutWorld& world) {
  std::map<std::string, rollout::Gauge, std::less<>> read;
  auto task = [&]() -> Awaitable<void> {
    read = (co_await world.stores->rollouts().gauges("outbound-calls", 0, Instant{})).value();
  };
  async::run(world.context, world.clock, task);
  return read;
}

/// A recorder with every source that there is.
struct RecorderWorld {
  RolloutWorld world;
  FixedMachine machine;
  FixedSource prometheus;
  std::int64_t active = 2;
  int open = 0;
  Result<double> health = 1;
  Instant looked{};
  DatabaseReading database{.queries = 200, .slow = 3, .very_slow = 1, .p95 = 0.02};

  ProviderBoard board{world.clock, world.log, world.metrics};
  ProviderGauges providers{board, world.stores->outcomes()};

  RecorderWorld() {
    world.traffic = false;
    world.controller_runs = false;
    world.sources = {.health = [this](Instant) -> Awaitable<Status> {
                       if (!health) co_return std::unexpected(health.error());
                       co_return Status{};
                     },
                     .dialer_look = [this] { return std::max(looked, world.clock.now() - seconds{1}); },
                     .open_attempts = [this] { return open; },
                     .active_calls = [this] { return active; },
                     .database = [this] { return database; },
                     .machine = &machine,
                     .prometheus = &prometheus,
                     .legacy = &world.old_system,
                     .providers = [this](Instant now) { return providers.read(now); }};
  }

  /// Records for `span`, with `meanwhile` beside it, and stops cleanly.
  template <class Meanwhile>
  void record(Duration span, Meanwhile meanwhile) {
    world.run([&, span]() -> Awaitable<void> {
      async::TaskScope life(world.executor);
      life.spawn(world.process->recorder.run());
      co_await meanwhile();
      co_await world.clock.sleep_for(span);
      co_await life.stop();
    });
  }
  void record(Duration span) {
    record(span, []() -> Awaitable<void> { co_return; });
  }
};

}  // namespace

TEST_CASE("the recorder writes what the list of measured levels names and nothing else") {
  RecorderWorld recorder;
  recorder.record(hours{7});
  std::set<std::string> written;
  for (const auto& [name, gauge] : gauges(recorder.world)) written.insert(name);
  written.insert("flag_applied");  // known by the collector, without being stored
  // An outage that old shares is read by the freeze alone; no plan can write it.
  std::erase_if(written, [](const std::string& name) { return name.starts_with("provider_outage("); });
  std::set<std::string> listed;
  for (const std::string_view name : rollout::measured_levels()) listed.emplace(name);
  CHECK(written == listed);
}

TEST_CASE("levels are read each minute with their values and what is out says since when") {
  RecorderWorld recorder;
  recorder.record(hours{6} + minutes{2}, [&]() -> Awaitable<void> {
    recorder.world.process->recorder.watch({.metrics = {{.name = "pods_ready", .promql = "sum(up)"}}});
    co_await recorder.world.clock.sleep_for(minutes{30} + seconds{30});
    recorder.prometheus.value = fail(ErrorCode::unavailable, "Prometheus at http://p does not answer");
    recorder.machine.reading->memory_process += 1e8;
  });
  const auto read = gauges(recorder.world);
  const auto last = [&](const char* name) {
    const rollout::Gauge& gauge = read.at(name);
    REQUIRE_FALSE(gauge.readings.empty());
    return gauge.readings.back().value;
  };
  CHECK(last("cpu_used") == 0.25);
  CHECK(last("memory_used") == 0.5);
  CHECK(last("memory_trend") > 0);
  CHECK(last("db_slow_share") == doctest::Approx(3.0 / 200));
  CHECK(last("db_slow_queries(>100ms)") == 3);
  CHECK(last("db_slow_queries(>1s)") == 1);
  CHECK(last("db") == 0.02);
  CHECK(last("queue_backlog") == 0);
  CHECK(last("active_calls") == 2);
  CHECK(last("peak_concurrent_calls") == 2);
  CHECK(last("at_limit") == 0);
  CHECK(last("way_back_ready") == 1);
  CHECK_FALSE(read.at("db_pool_exhausted").exists);
  CHECK_FALSE(read.at("db_pool_waits(>1s)").exists);
  const rollout::Gauge& pods = read.at("pods_ready");
  CHECK(pods.readings.size() == 30);
  CHECK(pods.missing == "Prometheus at http://p does not answer, since " + to_iso(noon + minutes{31}));
  const auto& cpu = read.at("cpu_used").readings;
  for (std::size_t i = 1; i < cpu.size(); ++i) CHECK(cpu[i].at - cpu[i - 1].at == minutes{1});
}

TEST_CASE("a source that is not there is a level that cannot exist and a broken one is missing") {
  RecorderWorld recorder;
  recorder.world.sources.legacy = nullptr;
  recorder.machine.reading.reset();
  recorder.record(minutes{3});
  const auto read = gauges(recorder.world);
  CHECK_FALSE(read.at("way_back_ready").exists);
  CHECK(read.at("cpu_used").readings.empty());
  CHECK(read.at("cpu_used").missing == "/proc cannot be read, since " + to_iso(noon + minutes{1}));
}

TEST_CASE("time at a limit of capacity counts only while the queue grows") {
  RecorderWorld recorder;
  recorder.open = 10;
  recorder.record(minutes{10});
  CHECK(gauges(recorder.world).at("at_limit").readings.back().value == 0);  // full, and nothing waits
}

TEST_CASE("beats say whether it was up and a clean stop is no outage") {
  RecorderWorld recorder;
  recorder.record(minutes{10});
  RolloutWorld& world = recorder.world;
  UptimeMinutes minutes_read;
  const auto read = [&](Duration length) {
    auto task = [&]() -> Awaitable<void> {
      minutes_read = (co_await world.stores->rollouts().uptime(noon, noon + length)).value();
    };
    async::run(world.context, world.clock, task);
  };
  read(minutes{10});
  CHECK(minutes_read.up == 10);
  CHECK(minutes_read.down == 0);
  read(minutes{20});
  CHECK(minutes_read.planned >= 9);
  CHECK(minutes_read.down == 0);
}

TEST_CASE("once it was up a failing check is down and so is a dialer that does not look") {
  for (const bool dialer : {false, true}) {
    CAPTURE(dialer);
    RecorderWorld recorder;
    bool stuck = false;
    recorder.world.sources.dialer_look = [&] { return stuck ? noon : recorder.world.clock.now() - seconds{1}; };
    recorder.record(minutes{5}, [&]() -> Awaitable<void> {
      co_await recorder.world.clock.sleep_for(minutes{5});
      if (dialer)
        stuck = true;
      else
        recorder.health = fail(ErrorCode::unavailable, "no way through PUBLIC_URL");
    });
    UptimeMinutes read;
    auto task = [&]() -> Awaitable<void> {
      read = (co_await recorder.world.stores->rollouts().uptime(noon, noon + minutes{10})).value();
    };
    async::run(recorder.world.context, recorder.world.clock, task);
    CHECK(read.minutes == 10);
    CHECK(read.up >= 4);
    CHECK(read.down >= 4);
    CHECK(read.up + read.down == 10);
  }
}

TEST_CASE("times are counted against their bounds cumulatively by bucket") {
  async::VirtualClock clock{noon};
  TimeRecorder times(clock, "node-1/1");
  CHECK(times.take().empty());
  times.add("response_time", milliseconds{199});
  times.add("response_time", milliseconds{200});  // a time that is the bound is over it
  times.add("queue_wait", seconds{61});
  const auto bounds = rollout::time_bounds();
  const auto over = [&](const TimeCounts& counts, double bound) {
    const auto at = std::ranges::find(bounds, bound);
    REQUIRE(at != bounds.end());
    return counts.over.at(static_cast<std::size_t>(at - bounds.begin()));
  };
  auto taken = times.take();
  REQUIRE(taken.size() == 2);
  const TimeCounts& queue = taken[0].metric == "queue_wait" ? taken[0] : taken[1];
  const TimeCounts& response = taken[0].metric == "queue_wait" ? taken[1] : taken[0];
  CHECK(queue.total == 1);
  CHECK(over(queue, 60) == 1);
  CHECK(response.total == 2);
  CHECK(over(response, 0.2) == 1);
  CHECK(response.source == "node-1/1");
  CHECK(response.bucket == rollout::bucket_start(noon, minutes{5}));
  CHECK(times.take().empty());  // nothing new
  times.add("response_time", seconds{2});
  taken = times.take();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].total == 3);  // of the bucket so far
  CHECK(over(taken[0], 0.2) == 2);
}

TEST_CASE("another bucket begins at zero and a shorter one divides it") {
  async::VirtualClock clock{noon};
  asio::io_context context{1};
  TimeRecorder times(clock, "s");
  times.add("response_time", seconds{1});
  auto later = [&](Duration span) {
    auto task = [&]() -> Awaitable<void> { co_await clock.sleep_for(span); };
    async::run(context, clock, task);
  };
  later(minutes{6});
  times.add("response_time", seconds{1});
  auto taken = times.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].total == 1);
  CHECK(taken[1].total == 1);
  CHECK(taken[1].bucket - taken[0].bucket == minutes{5});
  times.set_bucket(seconds{5});
  times.add("response_time", seconds{1});
  taken = times.take();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].bucket == rollout::bucket_start(noon + minutes{6}, seconds{5}));
}

TEST_CASE("times that could not be stored are counted again") {
  async::VirtualClock clock{noon};
  TimeRecorder times(clock, "s");
  times.add("response_time", seconds{1});
  auto taken = times.take();
  times.give_back(taken);
  CHECK(times.take().size() == 1);
  times.give_back(taken);
  times.add("response_time", seconds{1});
  taken = times.take();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].total == 2);  // what was given back is not counted twice
  asio::io_context context{1};
  auto later = [&]() -> Awaitable<void> { co_await clock.sleep_for(minutes{6}); };
  async::run(context, clock, later);
  times.give_back(taken);  // its bucket was forgotten meanwhile
  const auto again = times.take();
  REQUIRE(again.size() == 1);
  CHECK(again[0].total == 2);
  CHECK(again[0].bucket == taken[0].bucket);
  taken[0].bucket -= hours{25};
  times.give_back(taken);
  CHECK(times.take().empty());  // a day old: nobody waits for it
}

TEST_CASE("a receipt is read back as it was written and one of before the switching too") {
  Receipt receipt{.percentage = Percent::parse("10").value(),
                  .since = noon,
                  .nodes_confirmed = 2,
                  .nodes = 3,
                  .last_new_dial = noon - seconds{1},
                  .still_talking = 7,
                  .latest_end = noon + minutes{30},
                  .switched = Switching{.users = 312, .open = 14},
                  .sentence = "10 % on 2/3 nodes | as told"};
  const auto same = [](const Receipt& one, const Receipt& other) {
    CHECK(one.percentage == other.percentage);
    CHECK(one.since == other.since);
    CHECK(one.nodes_confirmed == other.nodes_confirmed);
    CHECK(one.nodes == other.nodes);
    CHECK(one.last_new_dial == other.last_new_dial);
    CHECK(one.still_talking == other.still_talking);
    CHECK(one.latest_end == other.latest_end);
    CHECK(one.switched == other.switched);
    CHECK(one.sentence == other.sentence);
  };
  auto read = parse_receipt(to_text(receipt));
  REQUIRE(read);
  same(*read, receipt);
  receipt.last_new_dial.reset();
  receipt.latest_end.reset();
  receipt.switched.reset();
  read = parse_receipt(to_text(receipt));
  REQUIRE(read);
  same(*read, receipt);
  const std::string micros = std::to_string(to_micros(noon));
  read = parse_receipt("1000|" + micros + "|2|3|-|7|-|10 % on 2/3 nodes | as told");
  REQUIRE(read);
  same(*read, receipt);
  for (const std::string& broken :
       std::vector<std::string>{std::string{}, std::string("1000"), "1000|" + micros + "|1|1|-|0",
                                "x|" + micros + "|1|1|-|0|-|s", "-|" + micros + "|1|1|-|0|-|s", "1000|-|1|1|-|0|-|s",
                                "10001|" + micros + "|1|1|-|0|-|s", "1000|" + micros + "|1|1|-|0|-|#312",
                                "1000|" + micros + "|1|1|-|0|-|#x|1|s", "1000|99999999999999999999|1|1|-|0|-|s"})
    CHECK_FALSE_MESSAGE(parse_receipt(broken), broken);
}

TEST_CASE("whom a change moves is told in the receipt's sentence") {
  const rollout::Plan plan{.timezone = "Asia/Kolkata"};
  const fakes::FakePhoneDirectory phones;
  Receipt receipt{.percentage = Percent::parse("10").value(), .since = noon, .nodes_confirmed = 1, .nodes = 1};
  CHECK(receipt_sentence(receipt, plan, phones) ==
        "10 % on 1/1 nodes since 12:00:00, no dial on new ever, 0 calls still talking");
  receipt.still_talking = 1;
  receipt.latest_end = noon + minutes{5};
  receipt.last_new_dial = noon;
  receipt.switched = Switching{.users = 312, .open = 14};
  CHECK(receipt_sentence(receipt, plan, phones) ==
        "10 % on 1/1 nodes since 12:00:00, last new dial 12:00:00, 1 call still talking, latest end 12:05:00; 312 "
        "users, 14 with an open callback, switch");
  CHECK(switching_sentence({.users = 1, .open = 0}) == "1 user, 0 with an open callback, switches");
}
