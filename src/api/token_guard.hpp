// TokenGuard: who a Bearer token is, from a snapshot in memory, and how often an address may be wrong.
//
// Every token is held as its SHA-256 digest: a secret is hashed and looked up, so what can be timed is the digest of a
// guess, which says nothing about any token. Beside that each thread keeps the few secrets that it has admitted last,
// until any token comes or goes: a client sends the same one a thousand times a second.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/router.hpp"
#include "async/clock.hpp"
#include "ports/admin_store.hpp"
#include "ports/metrics.hpp"

namespace callramp::api {

class TokenGuard {
 public:
  TokenGuard(TokenStore& store, Metrics& metrics, async::Clock& clock);

  Awaitable<Status> load();
  /// In force for the next request, on every thread.
  void learn(const Token& token);
  void forget(const TokenId& id);

  /// Whose secret this is; null for nobody's. Any thread.
  std::shared_ptr<const KnownToken> admit(std::string_view secret) const;
  /// Whether a token that was admitted still is in force. Any thread.
  bool knows(const KnownToken& token) const { return find(token.hash) != nullptr; }

  /// Counts a wrong or missing token: unauthorized, or rate_limited above 30 a minute from one address. A right token
  /// is never refused: behind a proxy everybody has the proxy's address.
  Error refuse(const std::string& remote_address);

 private:
  using Snapshot = std::unordered_map<std::string, std::shared_ptr<const KnownToken>>;
  struct Window {
    Instant since{};
    int failures = 0;
  };
  void replace(Snapshot snapshot);
  std::shared_ptr<const KnownToken> find(const std::string& hash) const;

  TokenStore& store_;
  async::Clock& clock_;
  Counter& failures_;
  std::atomic<std::uint64_t> revision_ = 0;   // of the snapshot; no two guards of a process share one
  mutable std::mutex mutex_;                  // guards the two below
  std::shared_ptr<const Snapshot> snapshot_;  // shared with requests that are looking something up
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace callramp::api
