// LegacyHttpDialer: the old calling system over the HTTP contract of product.md §6, its reports included.
#pragma once

#include <string>
#include <string_view>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/legacy_dialer.hpp"

namespace callramp::legacy_http {

struct LegacyHttpConfig {
  std::string base_url;        ///< OLD_SYSTEM_URL: origin without a path
  std::string token;           ///< OLD_SYSTEM_TOKEN; no header without one
  std::string public_url;      ///< where the old system reaches us
  std::string webhook_secret;  ///< in the callback's path
  Currency currency = {};      ///< of a cost that is written without one
  std::size_t max_answer_bytes = 64 * 1024;
  std::size_t max_callback_bytes = 64 * 1024;
};

class LegacyHttpDialer final : public LegacyDialer {
 public:
  LegacyHttpDialer(LegacyHttpConfig config, net::ClientPool& clients, Log& log);

  Awaitable<Result<std::string>> place(LegacyDial dial, Instant deadline) override;
  Awaitable<Result<LegacyReport>> lookup(std::string id, Instant deadline) override;
  /// GET /health.
  Awaitable<Status> probe(Instant deadline) override;

 private:
  Awaitable<Result<std::string>> ask(net::ClientRequest request, Instant deadline);

  LegacyHttpConfig config_;
  net::ClientPool& clients_;
  Log& log_;
};

/// {id, outcome?, startedAt?, endedAt?, cost?}: of a lookup and of a callback. The cost is "1.50 INR", a number or
/// {amount, currency}.
Result<LegacyReport> parse_report(std::string_view body, const LegacyHttpConfig& config);

/// POST /webhooks/old-system/{secret}/call-status. 200 once it is stored, 404 for a wrong secret, 400, 413, 503 if it
/// could not be stored. A report without an outcome is refused: a callback says how a call ended.
Awaitable<net::Response> legacy_webhook(net::Request& request, std::string secret, const LegacyHttpConfig& config,
                                        LegacyEvents& events, Log& log);

}  // namespace callramp::legacy_http
