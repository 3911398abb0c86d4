// TwilioTelephony: places calls whose only instruction is to open our media WebSocket, and asks what became of them.
#pragma once

#include "adapters/common/rest.hpp"
#include "adapters/twilio/config.hpp"
#include "async/clock.hpp"
#include "base/log.hpp"
#include "net/client_pool.hpp"
#include "ports/telephony.hpp"

namespace callramp::twilio {

/// Thread-safe. After a 429 every request is refused here, with rate_limited, until the time that Twilio named.
class TwilioTelephony final : public Telephony {
 public:
  TwilioTelephony(TwilioConfig config, net::ClientPool& clients, async::Clock& clock, Log& log);

  std::string name() const override { return "twilio"; }
  std::string caller_id() const override { return config_.caller_id; }
  Awaitable<Result<std::string>> place(DialRequest request, Instant deadline) override;
  Awaitable<Result<CarrierCall>> lookup(std::string provider_call_id, Instant deadline) override;
  /// Twilio's own filters of time are by days and leave out calls that have not begun, so its list is read from the
  /// newest back to `from`.
  Awaitable<Result<std::vector<CarrierCall>>> find(PhoneNumber to, Instant from, Instant until,
                                                   Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override;

 private:
  std::string calls_path() const;
  /// Anything but 2xx is an error already.
  Awaitable<Result<std::string>> ask(std::string method, std::string path, std::string form, Instant deadline);

  TwilioConfig config_;
  std::string authorization_;
  net::ClientPool& clients_;
  async::Clock& clock_;
  Log& log_;
  adapters::Silence silence_;
};

/// The form of a dial. Public for tests against the golden request.
std::string call_form(const DialRequest& request, const TwilioConfig& config);
/// Where Twilio reports about an attempt; the same text is signed.
std::string callback_url(const std::string& attempt, const TwilioConfig& config);

}  // namespace callramp::twilio
