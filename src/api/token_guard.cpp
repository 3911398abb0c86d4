#include "api/token_guard.hpp"

#include "net/digest.hpp"

namespace callramp::api {
namespace {

constexpr int failures_per_window = 30;
constexpr minutes window_length{1};
// A botnet must not fill memory: past this the counts start anew.
constexpr std::size_t max_addresses = 10'000;

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
    if (!token.revoked_at) next.emplace(token.hash, Known{token.id, {.name = token.name, .role = token.role}});
  const std::lock_guard lock(mutex_);
  replace(std::move(next));
  co_return Status{};
}

void TokenGuard::replace(Snapshot snapshot) { snapshot_ = std::make_shared<const Snapshot>(std::move(snapshot)); }

void TokenGuard::learn(const Token& token) {
  const std::lock_guard lock(mutex_);
  Snapshot next = *snapshot_;
  next.insert_or_assign(token.hash, Known{token.id, {.name = token.name, .role = token.role}});
  replace(std::move(next));
}

void TokenGuard::forget(const TokenId& id) {
  const std::lock_guard lock(mutex_);
  Snapshot next = *snapshot_;
  std::erase_if(next, [&](const auto& entry) { return entry.second.id == id; });
  replace(std::move(next));
}

std::optional<TokenGuard::Known> TokenGuard::find(const std::string& hash) const {
  std::shared_ptr<const Snapshot> snapshot;
  {
    const std::lock_guard lock(mutex_);
    snapshot = snapshot_;
  }
  const auto found = snapshot->find(hash);
  if (found == snapshot->end() || !net::constant_time_equal(found->first, hash)) return std::nullopt;
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
