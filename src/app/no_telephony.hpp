// NoTelephony: stands in where no carrier is configured, so that flags, routing and the old system work by themselves.
#pragma once

#include "ports/telephony.hpp"

namespace callramp::app {

/// Every dial is certainly not made: the call waits and says why.
class NoTelephony final : public Telephony {
 public:
  std::string name() const override { return "none"; }
  std::string caller_id() const override { return {}; }
  Awaitable<Result<std::string>> place(DialRequest, Instant) override { co_return nobody(); }
  Awaitable<Result<CarrierCall>> lookup(std::string, Instant) override { co_return nobody(); }
  Awaitable<Result<std::vector<CarrierCall>>> find(PhoneNumber, Instant, Instant, Instant) override {
    co_return nobody();
  }
  Awaitable<Status> probe(Instant) override { co_return nobody(); }

 private:
  static std::unexpected<Error> nobody() {
    return fail(ErrorCode::unavailable,
                "no carrier is configured: set EXOTEL_SID, EXOTEL_API_KEY, EXOTEL_API_TOKEN and EXOTEL_VIRTUAL_NUMBER");
  }
};

}  // namespace callramp::app
