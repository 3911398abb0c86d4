#include "api/token_guard.hpp"

#include <array>

#include "api/secrets.hpp"

namespace callramp::api {
namespace {

constexpr int failures_per_window = 30;
constexpr minutes window_length{1};
// A botnet must not fill memory: past this the counts start anew.
constexpr std::size_t max_addresses = 10'000;

/// A secret that a thread has admitted, and under which revision of the tokens.
struct Admitted {
  std::uint64_t revision = 0;
  std::string secret;
  std::shared_ptr<const KnownToken> token;
};
// A program that asks in earnest has one token; a few may ask at once.
constexpr std::size_t admitted_per_thread = 4;

std::shared_ptr<const KnownToken> known(const Token& token) {
  return std::make_shared<const KnownToken>(
      KnownToken{.id = token.id, .hash = token.hash, .actor = {.name = token.name, .role = token.role}});
}

}  // namespace

TokenGuard::TokenGuard(TokenStore& store, Metrics& metrics, async::Clock& clock)
    : store_(store),
      clock_(clock),
      failures_(metrics.counter("callramp_auth_failures_total", "Requests with a wrong token, or without one.")),
      snapshot_(std::make_shared<const Snapshot>()) {}

Awaitable<Status> TokenGuard::load() {
  CO_TRY(tokens, co_await store_.list());
  Snapshot next;
  for (const Token& token : tokens)
    if (!token.revoked_at) next.emplace(token.hash, known(token));
  const std::lock_guard lock(mutex_);
  replace(std::move(next));
  co_return Status{};
}

void TokenGuard::replace(Snapshot snapshot) {
  static std::atomic<std::uint64_t> revisions = 0;
  snapshot_ = std::make_shared<const Snapshot>(std::move(snapshot));
  revision_.store(++revisions, std::memory_order_release);
}

void TokenGuard::learn(const Token& token) {
  const std::lock_guard lock(mutex_);
  Snapshot next = *snapshot_;
  next.insert_or_assign(token.hash, known(token));
  replace(std::move(next));
}

void TokenGuard::forget(const TokenId& id) {
  const std::lock_guard lock(mutex_);
  Snapshot next = *snapshot_;
  std::erase_if(next, [&](const auto& entry) { return entry.second->id == id; });
  replace(std::move(next));
}

std::shared_ptr<const KnownToken> TokenGuard::admit(std::string_view secret) const {
  thread_local std::array<Admitted, admitted_per_thread> admitted;
  thread_local std::size_t oldest = 0;
  // Read before the look-up: what is remembered under a revision that has passed meanwhile is never asked for.
  const std::uint64_t revision = revision_.load(std::memory_order_acquire);
  for (const Admitted& one : admitted)
    if (one.revision == revision && net::constant_time_equal(one.secret, secret)) return one.token;
  auto found = find(hash_secret(secret));
  if (!found) return nullptr;
  // A copy of this thread's own, so that threads do not count references together.
  found = std::make_shared<const KnownToken>(*found);
  admitted[oldest] = {.revision = revision, .secret = std::string(secret), .token = found};
  oldest = (oldest + 1) % admitted.size();
  return found;
}

std::shared_ptr<const KnownToken> TokenGuard::find(const std::string& hash) const {
  std::shared_ptr<const Snapshot> snapshot;
  {
    const std::lock_guard lock(mutex_);
    snapshot = snapshot_;
  }
  const auto found = snapshot->find(hash);
  if (found == snapshot->end() || !net::constant_time_equal(found->first, hash)) return nullptr;
  return found->second;
}

Error TokenGuard::refuse(const std::string& remote_address) {
  failures_.add();
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= max_addresses && !windows_.contains(remote_address)) windows_.clear();
  Window& window = windows_[remote_address];
  if (now - window.since >= window_length) window = {.since = now};
  if (++window.failures > failures_per_window)
    return {.code = ErrorCode::rate_limited,
            .message = "too many requests from " + remote_address + " without a valid token; wait a minute"};
  return {.code = ErrorCode::unauthorized,
          .message =
              "a valid token is needed: Authorization: Bearer cr_…; an admin makes one with `callramp token create`"};
}

}  // namespace callramp::api
