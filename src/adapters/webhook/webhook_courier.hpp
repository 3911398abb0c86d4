// WebhookCourier: an event to the URL of whoever subscribed, signed so that they can tell it from anybody else's.
//
// X-Callramp-Signature: t=SECONDS,v1=HEX with HEX = HMAC-SHA256(secret, "SECONDS.BODY"): the time is part of what is
// signed, so an old message cannot be sent again as a new one. docs/webhooks.md tells receivers how to check it.
#pragma once

#include <string>
#include <string_view>

#include "async/clock.hpp"
#include "net/client_pool.hpp"
#include "ports/outbox.hpp"

namespace callramp::webhook {

struct WebhookConfig {
  /// http:// and addresses that are not public may be told. For a sandbox, and for receivers inside one's own network.
  bool allow_private = false;
};

/// The value of X-Callramp-Signature.
std::string signature(std::string_view secret, Instant at, std::string_view body);

/// Whether a URL may be subscribed: well formed, https, without a password in it and at a public address, unless that
/// is allowed. invalid_request, or forbidden for where it leads. The address is judged again at every connection.
Awaitable<Status> check_url(std::string url, WebhookConfig config);

class WebhookCourier final : public Courier {
 public:
  /// `clients` are made with `public_only` unless private addresses are allowed.
  WebhookCourier(WebhookConfig config, net::ClientPool& clients, OutboxStore& store, async::Clock& clock);
  std::string_view kind() const noexcept override { return "webhook"; }
  /// Arrived: any 2xx. A redirection is not followed: the subscription names the receiver. 410 ends it.
  Awaitable<Status> deliver(Parcel parcel, Instant deadline) override;

 private:
  WebhookConfig config_;
  net::ClientPool& clients_;
  OutboxStore& store_;
  async::Clock& clock_;
};

}  // namespace callramp::webhook
