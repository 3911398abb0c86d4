// What an import leaves behind: its batches, the contacts that it brings, the rows that it does not. Every method is
// one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "core/import/batch.hpp"

namespace callramp {

/// A row that was not taken, as it is kept.
struct BatchError {
  std::int64_t line = 0;
  import::Rejection why;
};

struct BatchPage {
  std::vector<Batch> batches;  ///< newest first
  std::int64_t total = 0;
};

/// Some rows of a batch, and how far it has come with them: all in or nothing.
struct BatchStep {
  BatchId batch;
  std::vector<Contact> contacts;   ///< campaign and batch are set by the store
  std::vector<BatchError> errors;  ///< rejected rows, and duplicates that the file itself has (`duplicates` of them)
  std::int64_t duplicates = 0;
  import::Checkpoint reached;
  std::int64_t bytes_done = 0;
  bool last = false;  ///< the batch is done with this step
  Instant now{};
};

struct BatchStepResult {
  Batch batch;           ///< as it is now
  bool stopped = false;  ///< it was over, or had to end because its campaign is: nothing of the step was stored
};

class ImportStore {
 public:
  virtual ~ImportStore() = default;

  /// A batch whose file is safe. With `start` its campaign, a draft, becomes active with it. Refused with not_found,
  /// agent_not_found, or conflict if the campaign is over. Audited.
  virtual Awaitable<Result<Batch>> accept(Batch batch, bool start) = 0;
  virtual Awaitable<Result<Batch>> get(BatchId id) = 0;  ///< not_found
  virtual Awaitable<Result<BatchPage>> list(int page, int limit) = 0;
  /// Those that are not over, oldest first.
  virtual Awaitable<Result<std::vector<Batch>>> open() = 0;
  /// In force from the commit on: no later step stores anything. conflict if it is over. Audited.
  virtual Awaitable<Result<Batch>> cancel(BatchId id, std::string actor, Instant now) = 0;
  /// Stores the contacts of a step (of a dry run: nothing but what they would have been), those on the do-not-call list
  /// as removed, those whose number the campaign has as errors; the errors; the counts and the checkpoint. A contact
  /// that this very row has brought before counts no second time.
  virtual Awaitable<Result<BatchStepResult>> take(BatchStep step) = 0;
  virtual Awaitable<Result<Batch>> fail_batch(BatchId id, std::string error, Instant now) = 0;
  /// A dry run begins again: its errors and counts go. Not more than `limit` errors in one transaction; true once all
  /// are gone.
  virtual Awaitable<Result<bool>> restart(BatchId id, int limit) = 0;
  /// By line, from the one after `after`.
  virtual Awaitable<Result<std::vector<BatchError>>> errors(BatchId id, std::int64_t after, int limit) = 0;
};

}  // namespace callramp
