// The flags row with its history, the pins, and the environment as the last start saw it.
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/flag_store.hpp"

namespace callramp::sql {

/// The flags of a new database: the plan's defaults, 5 %.
FeatureFlags default_flags();
/// Puts the flags row into a new database; an existing one stays.
void seed_flags(Db& db, Instant now);
/// The flags as this transaction sees them: the claim reads them in its own.
FlagState read_flags(Db& db);
/// FlagStore::write inside a transaction that stores more than that.
Result<FlagState> write_flags(Db& db, const FlagWrite& write);
/// The pin of one user, if there is one.
std::optional<Pin> find_pin(Db& db, const UserId& user);
std::vector<Pin> read_pins(Db& db);  ///< by user

class SqlFlagStore final : public FlagStore {
 public:
  explicit SqlFlagStore(DbExecutor& executor) : executor_(executor) {}

  Awaitable<Result<FlagState>> current() override;
  Awaitable<Result<FlagState>> write(FlagWrite write) override;
  Awaitable<Result<std::vector<FlagChange>>> history(int limit) override;
  Awaitable<Result<std::vector<Pin>>> pins() override;
  Awaitable<Status> put_pin(Pin pin) override;
  Awaitable<Status> remove_pin(UserId user, std::string actor, std::string reason, Instant now) override;
  Awaitable<Result<std::map<std::string, std::string>>> seen_environment() override;
  Awaitable<Status> store_seen_environment(std::map<std::string, std::string> seen) override;

 private:
  DbExecutor& executor_;
};

}  // namespace callramp::sql
