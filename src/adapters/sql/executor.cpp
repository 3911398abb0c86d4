#include "adapters/sql/executor.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "adapters/sql/dialect.hpp"

namespace callramp::sql {
namespace {

// After a failed commit, or a failure that may have ended the transaction, nobody knows which state it is in: a
// rollback that fails says only that there was nothing left to roll back.
void roll_back(Db& db) noexcept {
  try {
    db.run("rollback");
  } catch (const DbFailure&) {
  }
}

}  // namespace

void DbExecutor::run_together(Db& db, std::string_view begin, std::span<Job> jobs) {
  std::optional<Error> failed;
  try {
    db.run(begin);
    if (jobs.size() == 1) {
      if (jobs.front().run(db))
        db.run("commit");
      else
        db.run("rollback");
    } else {
      for (Job& job : jobs) {
        db.run("savepoint job");
        // If the whole transaction is gone (a full disk ends it), so is the savepoint, and this throws: then nothing
        // of this batch counts.
        if (!job.run(db)) db.run("rollback to savepoint job");
        db.run("release savepoint job");
      }
      db.run("commit");
    }
  } catch (const DbFailure& failure) {
    roll_back(db);
    failed = Error{ErrorCode::unavailable, "the database did not store this: " + failure.error().message};
  }
  for (Job& job : jobs) job.done(failed ? &*failed : nullptr);
}

ThreadedExecutor::ThreadedExecutor(std::unique_ptr<Db> writer, std::vector<std::unique_ptr<Db>> readers,
                                   ExecutorLimits limits)
    : writes_{.jobs = {}, .limit = limits.waiting_writes, .noun = "writes"},
      reads_{.jobs = {}, .limit = limits.waiting_reads, .noun = "reads"},
      writer_(std::move(writer)),
      readers_(std::move(readers)) {
  threads_.emplace_back([this, limits] { serve(writes_, *writer_, begin_write, limits.together); });
  for (const auto& reader : readers_)
    threads_.emplace_back([this, db = reader.get()] { serve(reads_, *db, begin_read, 1); });
}

ThreadedExecutor::~ThreadedExecutor() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  writes_.wake.notify_all();
  reads_.wake.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadedExecutor::submit(Lane lane, Job job) {
  Queue& queue = lane == Lane::read && !readers_.empty() ? reads_ : writes_;
  job.asked = std::chrono::steady_clock::now();
  std::optional<Error> refused;
  {
    const std::lock_guard lock(mutex_);
    if (closing_)
      refused = Error{ErrorCode::unavailable, "the database is closing"};
    else if (queue.jobs.size() >= queue.limit)
      refused = Error{ErrorCode::unavailable, "the database is behind: " + std::to_string(queue.jobs.size()) + " " +
                                                  queue.noun + " wait, which is the limit; try again"};
    else
      queue.jobs.push_back(std::move(job));
  }
  if (refused)
    job.done(&*refused);
  else
    queue.wake.notify_one();
}

void ThreadedExecutor::serve(Queue& queue, Db& db, std::string_view begin, std::size_t together) {
  std::vector<Job> batch;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      queue.wake.wait(lock, [&] { return closing_ || !queue.jobs.empty(); });
      if (queue.jobs.empty()) return;
      const auto end = queue.jobs.begin() + static_cast<std::ptrdiff_t>(std::min(together, queue.jobs.size()));
      batch.assign(std::move_iterator(queue.jobs.begin()), std::move_iterator(end));
      queue.jobs.erase(queue.jobs.begin(), end);
    }
    run_together(db, begin, batch);
    const auto done = std::chrono::steady_clock::now();
    for (const Job& job : batch) load_.add(std::chrono::duration_cast<Duration>(done - job.asked));
    batch.clear();
  }
}

void InlineExecutor::submit(Lane lane, Job job) {
  run_together(*db_, lane == Lane::write ? begin_write : begin_read, std::span(&job, 1));
}

}  // namespace callramp::sql
