// The old dialer's stand-in: takes calls over the contract of the old system's adapter, plays them by the same world as
// Exotel's stand-in (without any sound), and reports how they ended.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "async/task_scope.hpp"
#include "net/http_client.hpp"
#include "sandbox/parts.hpp"

namespace callramp::sandbox {

/// On one executor.
class OldDialer {
 public:
  OldDialer(const Executor& executor, Parts parts, net::ClientOptions client_options);

  /// POST /calls, GET /calls/{id}, GET /health.
  Awaitable<net::Response> handle(net::Request& request);
  Awaitable<void> stop();
  void reset();

  std::size_t active() const noexcept { return active_; }
  std::uint64_t dials() const noexcept { return dials_; }

 private:
  struct Call {
    std::string id;
    std::string callback_url;
    std::string outcome;  ///< in the product's words; empty while the call goes on
    std::string cost;     ///< "0.60 INR"; of answered calls
    Instant started{};
    Instant ended{};
    std::string answer;  ///< in the world's words
    std::uint64_t ledger_seq = 0;
  };
  using CallPtr = std::shared_ptr<Call>;  // shared by the index and the call's coroutine

  net::Response route(const net::Request& request, const std::string& body);
  net::Response place(const net::Request& request, const std::string& body);
  Awaitable<void> run(CallPtr call, Instant ends_at, std::string outcome);
  Awaitable<void> report(const Call& call);
  Awaitable<void> post(const Call& call);

  Parts parts_;
  net::HttpClient client_;
  SystemRandom random_;
  std::map<std::string, CallPtr> calls_;
  std::map<std::string, std::string> id_of_key_;
  std::map<std::string, std::uint64_t> dials_of_;
  std::size_t active_ = 0;
  std::uint64_t dials_ = 0;
  async::TaskScope scope_;
};

}  // namespace callramp::sandbox
