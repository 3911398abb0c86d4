// Dialing: from a host's name to a connected Transport, all of it before a deadline.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "net/http.hpp"
#include "net/transport.hpp"

namespace callramp::net {

/// Resolves, connects (every address in turn gets its share of the time) and, with `tls`, shakes hands for `url.host`.
/// Every error is `unavailable`: nothing of a request has been sent.
Awaitable<Result<Transport>> dial(Url url, asio::ssl::context* tls, Transport::Moment deadline);

}  // namespace callramp::net
