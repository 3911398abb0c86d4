// Imports over SQL: batches, their errors, and the contacts that they bring, a step at a time.
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/import_store.hpp"

namespace callramp::sql {

class SqlImportStore final : public ImportStore {
 public:
  explicit SqlImportStore(DbExecutor& executor) : executor_(executor) {}

  Awaitable<Result<Batch>> accept(Batch batch, bool start) override;
  Awaitable<Result<Batch>> get(BatchId id) override;
  Awaitable<Result<BatchPage>> list(int page, int limit) override;
  Awaitable<Result<std::vector<Batch>>> open() override;
  Awaitable<Result<Batch>> cancel(BatchId id, std::string actor, Instant now) override;
  Awaitable<Result<BatchStepResult>> take(BatchStep step) override;
  Awaitable<Result<Batch>> fail_batch(BatchId id, std::string error, Instant now) override;
  Awaitable<Result<bool>> restart(BatchId id, int limit) override;
  Awaitable<Result<std::vector<BatchError>>> errors(BatchId id, std::int64_t after, int limit) override;

 private:
  DbExecutor& executor_;
};

}  // namespace callramp::sql
