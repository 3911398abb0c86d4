// Where flags, their history, pins and the environment's last seen values live.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "core/flags/flags.hpp"

namespace callramp {

struct FlagWrite {
  FlagPatch patch;
  std::optional<std::int64_t> if_version;  ///< refused with precondition_failed unless it is the current one
  std::string actor;
  std::string source;
  std::string reason;
  Instant now{};
  /// Judges the change inside the transaction, against the flags as they are there: rights, a running rollout.
  std::function<Status(const FeatureFlags& from, const FlagPatch& patch)> allowed;
};

class FlagStore {
 public:
  virtual ~FlagStore() = default;
  virtual Awaitable<Result<FlagState>> current() = 0;
  /// One transaction: new version, history row, audit row. A patch that changes nothing keeps the version.
  virtual Awaitable<Result<FlagState>> write(FlagWrite write) = 0;
  /// Newest first.
  virtual Awaitable<Result<std::vector<FlagChange>>> history(int limit) = 0;

  virtual Awaitable<Result<std::vector<Pin>>> pins() = 0;
  /// Replaces the user's pin; audited.
  virtual Awaitable<Status> put_pin(Pin pin) = 0;
  /// not_found if there is none; audited.
  virtual Awaitable<Status> remove_pin(UserId user, std::string actor, std::string reason, Instant now) = 0;

  /// The raw environment values at the last start, by variable name.
  virtual Awaitable<Result<std::map<std::string, std::string>>> seen_environment() = 0;
  virtual Awaitable<Status> store_seen_environment(std::map<std::string, std::string> seen) = 0;
};

}  // namespace callramp
