// Api: the HTTP API as one handler for net::HttpServer: finds the route, asks for the token, answers, counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/deps.hpp"
#include "api/router.hpp"

namespace callramp::api {

class TokenGuard;

class Api {
 public:
  explicit Api(Deps deps);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Reads the tokens; before it nobody is let in. Again whenever something else than this API has changed them.
  Awaitable<Status> load_tokens();
  /// For net::HttpServer; any of its threads.
  Awaitable<net::Response> handle(net::Request& request);
  /// For the mounts of adapters, before the server starts.
  Router& router() noexcept { return router_; }

 private:
  Status admit(const Route& route, Exchange& exchange);
  net::Response not_routed(const Exchange& exchange, const std::vector<std::string>& allowed);
  Awaitable<net::Response> run(const Route& route, Exchange& exchange);
  void count(const Route& route, int status, Instant began);

  Deps deps_;
  std::unique_ptr<TokenGuard> guard_;
  Router router_;
  std::string id_prefix_;  // differs between starts, so that request ids do
  std::atomic<std::uint64_t> requests_ = 0;
};

}  // namespace callramp::api
