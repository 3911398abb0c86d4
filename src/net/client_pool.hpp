// ClientPool: one HttpClient per executor, because connections are bound to the thread that opened them.
#pragma once

#include <memory>
#include <vector>

#include "net/http_client.hpp"

namespace callramp::net {

class ClientPool {
 public:
  ClientPool(const std::vector<Executor>& executors, const ClientOptions& options, Log& log);

  /// The client of the executor on which the calling coroutine runs (never null). Running on none of the pool's
  /// executors is a broken invariant.
  Awaitable<HttpClient*> here();
  /// Of all clients together.
  HttpClient::Counts counts() const noexcept;

 private:
  struct Entry {
    const asio::execution_context* context;
    std::unique_ptr<HttpClient> client;
  };
  std::vector<Entry> entries_;  // a handful: one per core
};

}  // namespace callramp::net
