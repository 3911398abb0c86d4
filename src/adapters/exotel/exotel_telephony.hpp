// ExotelTelephony: places calls in Exotel's direct bot mode (it dials the customer and opens our media WebSocket) and
// asks what became of them.
#pragma once

#include "adapters/common/rest.hpp"
#include "adapters/exotel/config.hpp"
#include "async/clock.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/telephony.hpp"

namespace callramp::exotel {

/// Thread-safe. After a 429 every request is refused here, with rate_limited, until the time that Exotel named.
class ExotelTelephony final : public Telephony {
 public:
  ExotelTelephony(ExotelConfig config, net::ClientPool& clients, async::Clock& clock, Log& log);

  std::string name() const override { return "exotel"; }
  std::string caller_id() const override { return config_.caller_id; }
  Awaitable<Result<std::string>> place(DialRequest request, Instant deadline) override;
  Awaitable<Result<CarrierCall>> lookup(std::string provider_call_id, Instant deadline) override;
  /// Exotel's times have no fractions of a second, so the window is widened to whole ones.
  Awaitable<Result<std::vector<CarrierCall>>> find(PhoneNumber to, Instant from, Instant until,
                                                   Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override;

 private:
  std::string account_path() const;
  /// Anything but 2xx is an error already.
  Awaitable<Result<std::string>> ask(std::string method, std::string path, std::string form, Instant deadline);

  ExotelConfig config_;
  std::string authorization_;
  net::ClientPool& clients_;
  async::Clock& clock_;
  Log& log_;
  adapters::Silence silence_;
};

/// The form of a dial; an error if it breaks one of Exotel's limits. Public for tests against the golden request.
Result<std::string> connect_form(const DialRequest& request, const ExotelConfig& config);

}  // namespace callramp::exotel
