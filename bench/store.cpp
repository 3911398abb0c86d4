// How many calls a second the SQLite store takes, claims and finishes: on a file, with commits that wait for the disk.
//
// Each benchmark keeps `in flight` coroutines busy, as many requests would, so that what waits shares a commit.
// BM_create/1 is the price of a commit alone. The CPU column is of the whole process: what it costs on a machine that
// is busy with other things.
#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "adapters/sql/stores.hpp"
#include "base/random.hpp"

namespace callramp::sql {
namespace {

constexpr Instant start = from_micros(1'764'000'000'000'000);

template <class T>
T expect(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct Store {
  Store() {
    std::string name = (std::filesystem::temp_directory_path() / "callramp-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder = name;
    stores = expect(SqlStores::open({.url = "sqlite:" + (folder / "callramp.db").string(), .now = start}));
    each(1, 1, [this](int) -> Awaitable<void> {
      expect(co_await stores->agents().put(
          {.id = AgentId{"asha"}, .name = "Asha", .disclosure = "An AI speaks.", .created_at = start}, "bench"));
    });
  }
  ~Store() {
    stores.reset();
    std::filesystem::remove_all(folder);
  }

  /// Runs `work(n)` for n = 0 … count - 1, `in_flight` at a time.
  template <class Work>
  void each(int count, int in_flight, Work work) {
    int next = 0;
    for (int worker = 0; worker < in_flight; ++worker)
      asio::co_spawn(
          context,
          [](int& shared, int end, Work& body) -> Awaitable<void> {
            while (shared < end) co_await body(shared++);
          }(next, count, work),
          [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
          });
    context.restart();
    context.run();
  }

  Call call() {
    const int n = calls++;
    return {.id = make_id<CallId>(start, random),
            .phone = *PhoneNumber::parse("+91" + std::to_string(6'000'000'000 + n)),
            .user = UserId{"user-" + std::to_string(n)},
            .agent = AgentId{"asha"},
            .metadata_json = R"({"name":"Asha Rao","city":"Pune","order":"A-1042"})",
            .created_at = start,
            .due_at = start,
            .updated_at = start};
  }
  void create(int count) {
    each(count, 64, [this](int) -> Awaitable<void> { expect(co_await stores->calls().create(call(), std::nullopt)); });
  }
  /// Claims `count` calls in batches of 64, as the dialer does.
  std::vector<Attempt> claim(int count) {
    std::vector<Attempt> attempts;
    each(1, 1, [this, count, &attempts](int) -> Awaitable<void> {
      while (static_cast<int>(attempts.size()) < count) {
        auto claim = expect(co_await stores->calls().claim_due(
            {.now = start,
             .limit = 64,
             .max_open_attempts = 1'000'000,
             .max_dials = 64,
             .node = NodeId{"bench"},
             .judge = [](const ClaimCandidate&, const RoutingState&) -> ClaimVerdict {
               return DialNow{.system = System::new_system};
             },
             .make_attempt =
                 [this](const ClaimCandidate&, const DialNow&) {
                   return Attempt{
                       .id = make_id<AttemptId>(start, random), .provider = "carrier", .stream_token = random.hex(16)};
                 }}));
        if (claim.dials.empty()) throw std::runtime_error("nothing was due");
        for (ClaimedDial& dial : claim.dials) attempts.push_back(std::move(dial.attempt));
      }
    });
    return attempts;
  }
  static AttemptFinish finish(const Attempt& attempt) {
    AttemptFinish finish{.attempt = attempt.id,
                         .ending = {Outcome::completed, std::nullopt, "talked for 42 s"},
                         .now = start + minutes{1},
                         .answered_at = start + seconds{10},
                         .carrier_duration = seconds{42},
                         .price_book = "2026-01"};
    for (int n = 0; n < 10; ++n) {
      finish.transcript.push_back(
          {.text = "Yes, please tell me more about it.", .from = seconds{n}, .to = seconds{n + 1}});
      if (n % 2 == 0) finish.turns.push_back({.turn = n / 2, .first_played = milliseconds{600}});
    }
    for (const char* provider : {"carrier", "stt", "llm", "tts"})
      finish.costs.push_back(
          {.provider = provider, .item = "use", .quantity = 1, .unit = "unit", .cost = {.micros = 600'000}});
    return finish;
  }

  std::filesystem::path folder;
  std::unique_ptr<SqlStores> stores;
  asio::io_context context;
  SeededRandom random{1};
  int calls = 0;
};

void BM_create(benchmark::State& state) {
  Store store;
  constexpr int batch = 1'000;
  const int in_flight = static_cast<int>(state.range(0));
  const int count = in_flight == 1 ? 100 : batch;
  for (auto _ : state)
    store.each(count, in_flight, [&](int) -> Awaitable<void> {
      expect(co_await store.stores->calls().create(store.call(), std::nullopt));
    });
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(BM_create)->Arg(1)->Arg(64)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void BM_claim(benchmark::State& state) {
  Store store;
  constexpr int batch = 1'024;
  for (auto _ : state) {
    state.PauseTiming();
    store.create(batch);
    state.ResumeTiming();
    benchmark::DoNotOptimize(store.claim(batch));
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_claim)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void BM_finish(benchmark::State& state) {
  Store store;
  constexpr int batch = 1'024;
  for (auto _ : state) {
    state.PauseTiming();
    store.create(batch);
    const std::vector<Attempt> attempts = store.claim(batch);
    state.ResumeTiming();
    store.each(batch, static_cast<int>(state.range(0)), [&](int n) -> Awaitable<void> {
      expect(co_await store.stores->calls().finish_attempt(Store::finish(attempts[static_cast<std::size_t>(n)])));
    });
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_finish)->Arg(64)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void BM_get(benchmark::State& state) {
  Store store;
  store.create(1'024);
  const std::vector<Attempt> attempts = store.claim(1'024);
  store.each(1'024, 64, [&](int n) -> Awaitable<void> {
    expect(co_await store.stores->calls().finish_attempt(Store::finish(attempts[static_cast<std::size_t>(n)])));
  });
  for (auto _ : state)
    store.each(1'024, 64, [&](int n) -> Awaitable<void> {
      benchmark::DoNotOptimize(expect(co_await store.stores->calls().get(attempts[static_cast<std::size_t>(n)].call)));
    });
  state.SetItemsProcessed(state.iterations() * 1'024);
}
BENCHMARK(BM_get)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace callramp::sql

BENCHMARK_MAIN();
