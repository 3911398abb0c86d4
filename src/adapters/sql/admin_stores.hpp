// The small stores of administration, over SQL. Each is a few statements; what it records of people is audited in the
// same transaction.
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/admin_store.hpp"

namespace callramp::sql {

class SqlTokenStore final : public TokenStore {
 public:
  explicit SqlTokenStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Status> add(Token token, std::string actor) override;
  Awaitable<Result<std::vector<Token>>> list() override;
  Awaitable<Status> revoke(TokenId id, std::string actor, Instant now) override;

 private:
  DbExecutor& executor_;
};

class SqlAuditStore final : public AuditStore {
 public:
  explicit SqlAuditStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Status> append(AuditEntry entry) override;
  Awaitable<Result<std::vector<AuditEntry>>> list(std::optional<std::int64_t> before, int limit) override;

 private:
  DbExecutor& executor_;
};

class SqlAgentStore final : public AgentStore {
 public:
  explicit SqlAgentStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Status> put(Agent agent, std::string actor) override;
  Awaitable<Result<Agent>> get(AgentId id) override;
  Awaitable<Result<std::vector<Agent>>> list() override;
  Awaitable<Status> remove(AgentId id, std::string actor, Instant now) override;

 private:
  DbExecutor& executor_;
};

class SqlDoNotCallStore final : public DoNotCallStore {
 public:
  explicit SqlDoNotCallStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Result<int>> add(DoNotCallEntry entry) override;
  Awaitable<Status> remove(PhoneNumber phone, std::string actor, std::string reason, Instant now) override;
  Awaitable<Result<std::optional<DoNotCallEntry>>> find(PhoneNumber phone) override;
  Awaitable<Result<std::vector<DoNotCallEntry>>> list(int page, int limit) override;

 private:
  DbExecutor& executor_;
};

class SqlSettingStore final : public SettingStore {
 public:
  explicit SqlSettingStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Result<std::optional<std::string>>> get(std::string name) override;
  Awaitable<Status> put(std::string name, std::string value) override;

 private:
  DbExecutor& executor_;
};

class SqlOutcomeStore final : public OutcomeStore {
 public:
  explicit SqlOutcomeStore(DbExecutor& executor) : executor_(executor) {}
  Awaitable<Result<bool>> report(ReportedOutcome outcome, Instant now) override;
  /// To the evidence bucket (five minutes): those that overlap [from, to).
  Awaitable<Result<std::vector<OutcomeCount>>> counts(Instant from, Instant to) override;

 private:
  DbExecutor& executor_;
};

}  // namespace callramp::sql
