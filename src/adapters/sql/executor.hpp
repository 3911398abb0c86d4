// DbExecutor: where database work runs. A coroutine hands over a closure that owns its data, and is resumed on its own
// executor with the closure's result.
//
// An operation that was accepted always runs, and the await ends when it is done: it cannot be cancelled, because
// nobody could say then whether it was stored. A coroutine that is cancelled meanwhile gets its result, and leaves at
// its next co_await.
//
// ThreadedExecutor is the product's: one writer thread with one connection, which takes everything that waits into one
// transaction (a savepoint each) and so shares the cost of the commit, and a few reader threads. InlineExecutor runs
// the closure at once on the calling thread, for the virtual clock and for tests.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "adapters/sql/db.hpp"
#include "adapters/sql/db_load.hpp"
#include "async/executor.hpp"

namespace callramp::sql {

/// What a closure looks like. An error (or an exception) rolls back what it wrote, and nothing else.
template <class T>
using Work = std::function<Result<T>(Db&)>;

class DbExecutor {
 public:
  virtual ~DbExecutor() = default;

  /// In a write transaction; durable when it returns. `unavailable` if too many wait or the commit failed: nothing was
  /// stored then.
  template <class T>
  Awaitable<Result<T>> write(Work<T> work) {
    return execute<T>(Lane::write, std::move(work));
  }
  /// In a read transaction: one snapshot, everything that was committed before.
  template <class T>
  Awaitable<Result<T>> read(Work<T> work) {
    return execute<T>(Lane::read, std::move(work));
  }
  /// Since the last taking. Inline work takes no measurable time: always nothing. Any thread.
  DatabaseReading take_load() { return load_.take(); }

 protected:
  enum class Lane { write, read };
  struct Job {
    std::move_only_function<bool(Db&)> run;            ///< true: keep what it wrote. Never throws.
    std::move_only_function<void(const Error*)> done;  ///< an error here replaces the closure's own result
    std::chrono::steady_clock::time_point asked{};
  };
  virtual void submit(Lane lane, Job job) = 0;

  /// One transaction for all of `jobs`, then their `done`s.
  static void run_together(Db& db, std::string_view begin, std::span<Job> jobs);
  DbLoad load_;

 private:
  template <class T>
  static Result<T> guarded(Work<T>& work, Db& db) {
    try {
      return work(db);
    } catch (const DbFailure& failure) {
      return std::unexpected(failure.error());
    } catch (const std::exception& failure) {
      return fail(ErrorCode::internal, failure.what());
    }
  }

  template <class T>
  Awaitable<Result<T>> execute(Lane lane, Work<T> work) {
    auto start = [this, lane, work = std::move(work)](auto handler) mutable {
      using Handler = decltype(handler);
      // Shared by the two halves of the job; the handler leaves it before the coroutine resumes.
      struct Pending {
        Work<T> work;
        Handler handler;
        Result<T> result;
      };
      // Tracked, so that the coroutine's io_context does not run out of work while the database has the floor.
      auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
      auto pending = std::make_shared<Pending>(std::move(work), std::move(handler),
                                               fail(ErrorCode::unavailable, "the database did not run this"));
      submit(lane, {.run =
                        [pending](Db& db) {
                          pending->result = guarded<T>(pending->work, db);
                          return pending->result.has_value();
                        },
                    .done =
                        [pending, executor](const Error* error) {
                          if (error != nullptr) pending->result = std::unexpected(*error);
                          asio::post(executor, [handler = std::move(pending->handler),
                                                result = std::move(pending->result)]() mutable {
                            std::move(handler)(std::move(result));
                          });
                        }});
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(std::move(start),
                                                                                            asio::use_awaitable);
  }
};

struct ExecutorLimits {
  std::size_t waiting_writes = 10'000;  ///< about ten seconds of creating calls at full speed
  std::size_t waiting_reads = 1'000;
  std::size_t together = 64;  ///< closures in one commit: beyond this the commit is no longer what costs
};

/// Without readers (a database in memory has one connection) reads run on the writer's thread.
class ThreadedExecutor final : public DbExecutor {
 public:
  ThreadedExecutor(std::unique_ptr<Db> writer, std::vector<std::unique_ptr<Db>> readers, ExecutorLimits limits = {});
  /// Runs what waits, then ends the threads. Every io_context with a waiting coroutine must still be there.
  ~ThreadedExecutor() override;

 private:
  struct Queue {
    std::deque<Job> jobs;
    std::size_t limit;
    const char* noun;
    std::condition_variable wake = {};
  };
  void submit(Lane lane, Job job) override;
  void serve(Queue& queue, Db& db, std::string_view begin, std::size_t together);

  std::mutex mutex_;  // guards the queues and closing_
  bool closing_ = false;
  Queue writes_;
  Queue reads_;
  std::unique_ptr<Db> writer_;
  std::vector<std::unique_ptr<Db>> readers_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

/// Every operation is a transaction of its own on the calling thread; the coroutine resumes by a post, as with threads.
class InlineExecutor final : public DbExecutor {
 public:
  explicit InlineExecutor(std::unique_ptr<Db> db) : db_(std::move(db)) {}

 private:
  void submit(Lane lane, Job job) override;
  std::unique_ptr<Db> db_;
};

}  // namespace callramp::sql
