#include "net/client_pool.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>

#include "base/ensure.hpp"

namespace callramp::net {
namespace {

// A strand and its io_context have one context, and here one thread.
const asio::execution_context* context_of(const Executor& executor) {
  return &asio::query(executor, asio::execution::context);
}

}  // namespace

ClientPool::ClientPool(const std::vector<Executor>& executors, const ClientOptions& options, Log& log) {
  for (const Executor& executor : executors)
    entries_.push_back({context_of(executor), std::make_unique<HttpClient>(executor, options, log)});
}

Awaitable<HttpClient*> ClientPool::here() {
  const asio::execution_context* const context = context_of(co_await asio::this_coro::executor);
  for (const Entry& entry : entries_)
    if (entry.context == context) co_return entry.client.get();
  ENSURE(false, "a coroutine asked for an HTTP client outside of the pool's executors");
  co_return nullptr;
}

HttpClient::Counts ClientPool::counts() const noexcept {
  HttpClient::Counts sum;
  for (const Entry& entry : entries_) {
    const auto counts = entry.client->counts();
    sum.opened += counts.opened;
    sum.reused += counts.reused;
  }
  return sum;
}

}  // namespace callramp::net
