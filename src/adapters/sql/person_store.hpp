// Persons over SQL: person_report.cpp reads what is kept of them, person_erase.cpp takes it out.
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/person_store.hpp"

namespace callramp::sql {

class SqlPersonStore final : public PersonStore {
 public:
  explicit SqlPersonStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Result<PersonSummary>> summary(PhoneNumber phone) override;
  Awaitable<Result<std::string>> everything(PhoneNumber phone) override;
  Awaitable<Result<PersonSummary>> erase(Erasure erasure) override;
  Awaitable<Result<std::vector<Tombstone>>> tombstones(Instant after, int limit) override;
  Awaitable<Result<std::int64_t>> replay(std::vector<Tombstone> tombstones, std::vector<PhoneNumber> pseudonyms,
                                         Instant now) override;

 private:
  DbExecutor& executor_;
};

PersonSummary summarise(Db& db, const PhoneNumber& phone);
/// As somebody may have written it: the last ten digits, which are the number without its country's code.
std::string written_pattern(const PhoneNumber& phone);

}  // namespace callramp::sql
