// TokenGuard: who a Bearer token is, from a snapshot in memory, and how often an address may be wrong.
//
// Only SHA-256 digests are held: a secret is hashed and looked up, so what can be timed is the digest of a guess, which
// says nothing about any token.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/clock.hpp"
#include "ports/admin_store.hpp"
#include "ports/metrics.hpp"

namespace callramp::api {

class TokenGuard {
 public:
  TokenGuard(TokenStore& store, Metrics& metrics, async::Clock& clock);

  Awaitable<Status> load();
  /// In force for the next request.
  void learn(const Token& token);
  void forget(const TokenId& id);

  struct Known {
    TokenId id;
    Actor actor;
  };
  /// By the secret's SHA-256. Any thread.
  std::optional<Known> find(const std::string& hash) const;

  /// Counts a wrong or missing token: unauthorized, or rate_limited above 30 a minute from one address. A right token
  /// is never refused: behind a proxy everybody has the proxy's address.
  Error refuse(const std::string& remote_address);

 private:
  using Snapshot = std::unordered_map<std::string, Known>;
  struct Window {
    Instant since{};
    int failures = 0;
  };
  void replace(Snapshot snapshot);

  TokenStore& store_;
  async::Clock& clock_;
  Counter& failures_;
  mutable std::mutex mutex_;                  // guards the two below
  std::shared_ptr<const Snapshot> snapshot_;  // shared with requests that are looking something up
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace callramp::api
