// Small stores of administration: tokens, audit, agents, do-not-call, secrets, outcomes reported by others, evidence.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "core/calls/types.hpp"

namespace callramp {

/// Least to most: each has the rights of those before it (definitions.md §4).
enum class Role { viewer, operator_, approver, admin };
std::string_view to_string(Role role) noexcept;  ///< "viewer", "operator", "approver", "admin"
Result<Role> parse_role(std::string_view text);

/// Who acts: a token's name and rights, or the program itself.
struct Actor {
  std::string name;
  Role role = Role::viewer;
};

struct Token {
  TokenId id;
  std::string name;
  Role role = Role::viewer;
  std::string hash;  ///< SHA-256 of the secret, hex; the secret itself is shown once and never stored
  Instant created_at{};
  std::optional<Instant> revoked_at;
};

class TokenStore {
 public:
  virtual ~TokenStore() = default;
  /// conflict if a live token has the name. Audited.
  virtual Awaitable<Status> add(Token token, std::string actor) = 0;
  virtual Awaitable<Result<std::vector<Token>>> list() = 0;
  /// not_found, or conflict if it is the last live admin token: nobody could make another. Audited.
  virtual Awaitable<Status> revoke(TokenId id, std::string actor, Instant now) = 0;
};

struct AuditEntry {
  std::int64_t seq = 0;  ///< set by the store
  Instant at{};
  std::string actor;    ///< token name, "environment", "system"
  std::string action;   ///< "flags.change", "token.create", "call.cancel", …
  std::string subject;  ///< what it was done to, phone numbers masked
  std::string reason;
  std::string details_json = "{}";
};

class AuditStore {
 public:
  virtual ~AuditStore() = default;
  virtual Awaitable<Status> append(AuditEntry entry) = 0;
  /// Newest first, with seq below `before` if given.
  virtual Awaitable<Result<std::vector<AuditEntry>>> list(std::optional<std::int64_t> before, int limit) = 0;
};

class AgentStore {
 public:
  virtual ~AgentStore() = default;
  virtual Awaitable<Status> put(Agent agent, std::string actor) = 0;  ///< creates or replaces; audited
  virtual Awaitable<Result<Agent>> get(AgentId id) = 0;               ///< agent_not_found
  virtual Awaitable<Result<std::vector<Agent>>> list() = 0;
  /// conflict while a call that is not final, or a campaign that is not over, uses it. Audited.
  virtual Awaitable<Status> remove(AgentId id, std::string actor, Instant now) = 0;
};

struct DoNotCallEntry {
  PhoneNumber phone;
  std::string reason;
  std::string actor;
  Instant created_at{};
};

class DoNotCallStore {
 public:
  virtual ~DoNotCallStore() = default;
  /// Also ends every call to the number that was not dialed yet, with `cancelled`; returns how many. Audited, masked.
  virtual Awaitable<Result<int>> add(DoNotCallEntry entry) = 0;
  virtual Awaitable<Status> remove(PhoneNumber phone, std::string actor, std::string reason,
                                   Instant now) = 0;  ///< not_found
  virtual Awaitable<Result<std::optional<DoNotCallEntry>>> find(PhoneNumber phone) = 0;
  virtual Awaitable<Result<std::vector<DoNotCallEntry>>> list(int page, int limit) = 0;
};

/// Secrets and settings of our own making, by name: the webhook secret, the database's identity.
class SettingStore {
 public:
  virtual ~SettingStore() = default;
  virtual Awaitable<Result<std::optional<std::string>>> get(std::string name) = 0;
  virtual Awaitable<Status> put(std::string name, std::string value) = 0;
};

/// What a service that dials for itself on old reports.
struct ReportedOutcome {
  std::string external_id;
  UserId user;
  System system = System::old_system;
  std::optional<PhoneNumber> phone;
  Instant started_at{};
  Outcome outcome = Outcome::completed;
  std::optional<seconds> duration;
};

struct OutcomeCount {
  System system = System::new_system;
  Outcome outcome = Outcome::completed;
  std::int64_t calls = 0;
  std::int64_t connected = 0;  ///< answered at least 10 s by the carrier's duration
};

class OutcomeStore {
 public:
  virtual ~OutcomeStore() = default;
  /// Adds to the evidence in the same transaction. False if the external id was known with the same content; conflict
  /// if it was known with another.
  virtual Awaitable<Result<bool>> report(ReportedOutcome outcome, Instant now) = 0;
  /// Counts of final calls whose first dial started in [from, to), widened to whole buckets of five minutes. Test
  /// calls, cancelled, crossed and never dialed ones are left out.
  virtual Awaitable<Result<std::vector<OutcomeCount>>> counts(Instant from, Instant to) = 0;
};

}  // namespace callramp
