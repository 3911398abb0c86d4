// The executor: closures share a commit and not their failures, queues have limits, and a cancelled coroutine is safe.
#include "adapters/sql/executor.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <string>
#include <vector>

#include "adapters/sql/dialect.hpp"
#include "adapters/sql/sqlite_world.hpp"
#include "async/task_scope.hpp"

#include <soci/session.h>

namespace callramp::sql {
namespace {

std::unique_ptr<Db> connection(const std::string& file, Access access) {
  auto session = open_session(DatabaseUrl{file}, access);
  if (!session) FAIL(session.error().message);
  return std::make_unique<Db>(*std::move(session));
}

Work<void> insert(int x) {
  return [x](Db& db) -> Status {
    db.run("insert into t (x) values (:x)", {x});
    return {};
  };
}

// A file with table t, an executor on it, and a gate that holds the writer's thread.
struct Bench {
  explicit Bench(ExecutorLimits limits = {}) {
    auto writer = connection(folder.file(), Access::write);
    writer->run("create table t (x bigint primary key check (x < 1000))");
    std::vector<std::unique_ptr<Db>> readers;
    readers.push_back(connection(folder.file(), Access::read));
    executor = std::make_unique<ThreadedExecutor>(std::move(writer), std::move(readers), limits);
  }
  // Holds the writer until open() is called; what is started meanwhile waits and then goes together.
  void hold() {
    started = std::promise<void>();
    gate = std::promise<void>();
    spawn<void>(executor->write<void>([this, opened = gate.get_future().share()](Db&) -> Status {
      started.set_value();
      opened.wait();
      return {};
    }));
    context.poll();
    started.get_future().wait();
  }
  void open() { gate.set_value(); }
  template <class T>
  void spawn(Awaitable<Result<T>> task) {
    asio::co_spawn(context, std::move(task), [this](std::exception_ptr thrown, Result<T> result) {
      if (thrown) std::rethrow_exception(thrown);
      ended.push_back(result ? std::nullopt : std::optional(result.error()));
    });
  }
  std::int64_t count() {
    return connection(folder.file(), Access::read)->number("select count(*) from t").value_or(-1);
  }
  int failed() const {
    return static_cast<int>(std::ranges::count_if(ended, [](const auto& error) { return error.has_value(); }));
  }

  TemporaryFolder folder;
  asio::io_context context;
  std::unique_ptr<ThreadedExecutor> executor;
  std::promise<void> started;
  std::promise<void> gate;
  std::vector<std::optional<Error>> ended;
};

TEST_CASE("of closures in one commit a failing one rolls back only its own") {
  Bench bench;
  bench.hold();
  bench.spawn(bench.executor->write<void>(insert(1)));
  bench.spawn(bench.executor->write<void>([](Db& db) -> Status {
    db.run("insert into t (x) values (2)");
    return fail(ErrorCode::precondition_failed, "no");
  }));
  bench.spawn(bench.executor->write<void>(insert(1)));     // the key is taken
  bench.spawn(bench.executor->write<void>(insert(5000)));  // the check refuses
  bench.spawn(bench.executor->write<void>([](Db& db) -> Status {
    db.run("insert into t (x) values (3)");
    throw std::runtime_error("a closure that throws");
  }));
  bench.spawn(bench.executor->write<void>(insert(4)));
  bench.context.poll();
  bench.open();
  bench.context.run();
  REQUIRE(bench.ended.size() == 7);
  CHECK_FALSE(bench.ended[1].has_value());
  CHECK(bench.ended[2]->code == ErrorCode::precondition_failed);
  CHECK(bench.ended[3]->code == ErrorCode::conflict);
  CHECK(bench.ended[4]->code == ErrorCode::conflict);
  CHECK(bench.ended[5]->message == "a closure that throws");
  CHECK_FALSE(bench.ended[6].has_value());
  CHECK(bench.count() == 2);
}

TEST_CASE("when the transaction itself is lost nobody is told that it was stored") {
  Bench bench;
  bench.hold();
  bench.spawn(bench.executor->write<void>(insert(1)));
  bench.spawn(bench.executor->write<void>([](Db& db) -> Status {
    db.run("rollback");  // what a full disk does
    return {};
  }));
  bench.spawn(bench.executor->write<void>(insert(2)));
  bench.context.poll();
  bench.open();
  bench.context.run();
  REQUIRE(bench.ended.size() == 4);
  for (int n = 1; n <= 3; ++n) CHECK(bench.ended[static_cast<std::size_t>(n)]->code == ErrorCode::unavailable);
  CHECK(bench.count() == 0);
  bench.context.restart();
  bench.spawn(bench.executor->write<void>(insert(7)));  // and the next one is served
  bench.context.run();
  CHECK_FALSE(bench.ended.back().has_value());
  CHECK(bench.count() == 1);
}

TEST_CASE("a commit that fails fails everybody in it") {
  Bench bench;
  bench.spawn(bench.executor->write<void>([](Db& db) -> Status {
    db.run("create table parent (id bigint primary key)");
    db.run("create table child (id bigint references parent (id) deferrable initially deferred)");
    return {};
  }));
  bench.context.run();
  bench.context.restart();
  bench.hold();
  bench.spawn(bench.executor->write<void>(insert(1)));
  bench.spawn(bench.executor->write<void>([](Db& db) -> Status {
    db.run("insert into child (id) values (1)");  // only the commit notices
    return {};
  }));
  bench.context.poll();
  bench.open();
  bench.context.run();
  CHECK(bench.ended.at(2)->code == ErrorCode::unavailable);
  CHECK(bench.ended.at(3)->code == ErrorCode::unavailable);
  CHECK(bench.count() == 0);
}

TEST_CASE("beyond the limit of waiting writes a write is refused at once") {
  Bench bench({.waiting_writes = 3});
  bench.hold();
  for (int n = 0; n < 5; ++n) bench.spawn(bench.executor->write<void>(insert(n)));
  bench.context.poll();
  REQUIRE(bench.ended.size() == 2);
  CHECK(bench.ended[0]->code == ErrorCode::unavailable);
  CHECK(bench.ended[0]->message.find("3 writes wait") != std::string::npos);
  // A reader is not behind the writers.
  std::int64_t seen = -1;
  bench.spawn(bench.executor->read<void>([&seen](Db& db) -> Status {
    seen = db.number("select count(*) from t").value_or(-1);
    return {};
  }));
  while (bench.ended.size() < 3) bench.context.run_one();
  CHECK(seen == 0);
  bench.open();
  bench.context.run();
  CHECK(bench.failed() == 2);
  CHECK(bench.count() == 3);
}

TEST_CASE("a coroutine that is cancelled while it waits gets its result and then leaves") {
  Bench bench;
  bench.hold();
  bool returned = false;
  bool stayed = false;
  {
    async::TaskScope scope(bench.context.get_executor());
    scope.spawn([](Bench& owner, bool& done, bool& after) -> Awaitable<void> {
      done = (co_await owner.executor->write<void>(insert(1))).has_value();
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
      after = true;
    }(bench, returned, stayed));
    bench.context.poll();
    scope.cancel();
    bench.context.poll();
    CHECK_FALSE(returned);
    bench.open();
    bench.context.run();
    CHECK(scope.size() == 0);
  }
  CHECK(returned);
  CHECK_FALSE(stayed);
  CHECK(bench.count() == 1);
}

TEST_CASE("what was accepted runs even if nobody is left to hear of it") {
  Bench bench;
  bench.hold();
  for (int n = 0; n < 100; ++n) bench.spawn(bench.executor->write<void>(insert(n)));
  bench.context.poll();
  bench.open();
  bench.executor.reset();
  CHECK(bench.count() == 100);
  bench.context.run();
  CHECK(bench.ended.size() == 101);
  CHECK(bench.failed() == 0);
}

TEST_CASE("closures of several io threads are all stored and each resumes on its own") {
  Bench bench;
  std::atomic<int> stored{0};
  std::atomic<int> strayed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        asio::io_context own;
        for (int n = 0; n < 50; ++n)
          asio::co_spawn(
              own,
              [](Bench& owner, int x, std::atomic<int>& good, std::atomic<int>& bad) -> Awaitable<void> {
                const auto thread = std::this_thread::get_id();
                if (co_await owner.executor->write<void>(insert(x))) ++good;
                if (std::this_thread::get_id() != thread) ++bad;
                const auto seen = co_await owner.executor->read<std::int64_t>([x](Db& db) -> Result<std::int64_t> {
                  return db.number("select x from t where x = :x", {x}).value_or(-1);
                });
                if (!seen || *seen != x) ++bad;  // one's own write is there for one's next read
              }(bench, t * 50 + n, stored, strayed),
              [](std::exception_ptr thrown) {
                if (thrown) std::rethrow_exception(thrown);
              });
        own.run();
      });
  }
  CHECK(stored == 200);
  CHECK(strayed == 0);
  CHECK(bench.count() == 200);
}

}  // namespace
}  // namespace callramp::sql
