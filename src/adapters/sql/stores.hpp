// SqlStores: the database behind every store port, opened from DATABASE_URL. One file, one owner: whoever holds it
// outlives everything that awaits it.
#pragma once

#include <memory>
#include <string>

#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/call_store.hpp"
#include "adapters/sql/campaign_store.hpp"
#include "adapters/sql/executor.hpp"
#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/import_store.hpp"
#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {

struct SqlOptions {
  std::string url;  ///< "sqlite:FILE"; "sqlite::memory:" lives as long as the stores
  Instant now{};    ///< for the dates of what a new database starts with
  /// Everything at once on the calling thread, by one connection: for the virtual clock and for tests.
  bool run_inline = false;
  int readers = 2;  ///< reading threads; a database in memory has none
  ExecutorLimits limits = {};
};

class SqlStores {
 public:
  /// Opens or creates the database and brings its schema up to date. The error names the setting or the file.
  static Result<std::unique_ptr<SqlStores>> open(SqlOptions options);

  FlagStore& flags() noexcept { return flags_; }
  CallStore& calls() noexcept { return calls_; }
  TokenStore& tokens() noexcept { return tokens_; }
  AuditStore& audit() noexcept { return audit_; }
  AgentStore& agents() noexcept { return agents_; }
  DoNotCallStore& do_not_call() noexcept { return do_not_call_; }
  SettingStore& settings() noexcept { return settings_; }
  OutcomeStore& outcomes() noexcept { return outcomes_; }
  RolloutStore& rollouts() noexcept { return rollouts_; }
  CampaignStore& campaigns() noexcept { return campaigns_; }
  ImportStore& imports() noexcept { return imports_; }
  /// For work of its own in the same database, such as a test's look at the tables.
  DbExecutor& executor() noexcept { return *executor_; }

 private:
  explicit SqlStores(std::unique_ptr<DbExecutor> executor);

  std::unique_ptr<DbExecutor> executor_;  // first: the stores refer to it
  SqlFlagStore flags_;
  SqlCallStore calls_;
  SqlTokenStore tokens_;
  SqlAuditStore audit_;
  SqlAgentStore agents_;
  SqlDoNotCallStore do_not_call_;
  SqlSettingStore settings_;
  SqlOutcomeStore outcomes_;
  SqlRolloutStore rollouts_;
  SqlCampaignStore campaigns_;
  SqlImportStore imports_;
};

}  // namespace callramp::sql
