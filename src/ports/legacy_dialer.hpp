// The old calling system behind its adapter, so that both sides are measured.
#pragma once

#include <optional>
#include <string>

#include "async/executor.hpp"
#include "core/calls/types.hpp"

namespace callramp {

struct LegacyDial {
  AttemptId attempt;  ///< also its Idempotency-Key: placing it twice dials once
  CallId call;
  PhoneNumber phone;
  UserId user;
  std::string metadata_json;
  std::string script;  ///< the campaign's oldScript; empty: the old system's default
};

struct LegacyReport {
  std::string id;                  ///< the old system's own
  std::optional<Outcome> outcome;  ///< absent while the call goes on
  std::optional<Instant> started_at;
  std::optional<Instant> ended_at;
  std::optional<Money> cost;
};

class LegacyDialer {
 public:
  virtual ~LegacyDialer() = default;
  /// The old system's id. `timeout`: it may have taken it; placing again with the same attempt is safe.
  virtual Awaitable<Result<std::string>> place(LegacyDial dial, Instant deadline) = 0;
  virtual Awaitable<Result<LegacyReport>> lookup(std::string id, Instant deadline) = 0;
  virtual Awaitable<Status> probe(Instant deadline) = 0;
};

class LegacyEvents {
 public:
  virtual ~LegacyEvents() = default;
  virtual Awaitable<Status> on_legacy_report(LegacyReport report) = 0;
};

}  // namespace callramp
