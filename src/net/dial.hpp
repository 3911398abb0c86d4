// Dialing: from a host's name to a connected Transport, all of it before a deadline.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "net/http.hpp"
#include "net/transport.hpp"

namespace callramp::net {

/// Where a connection may go. Judged on the addresses that a name has at the moment of connecting: a name that changes
/// what it means between a check and the connection gains nothing.
enum class Reach { anywhere, public_only };

/// Resolves, connects (every address in turn gets its share of the time) and, with `tls`, shakes hands for `url.host`.
/// Every error is `unavailable`: nothing of a request has been sent.
Awaitable<Result<Transport>> dial(Url url, asio::ssl::context* tls, Transport::Moment deadline,
                                  Reach reach = Reach::anywhere);

/// Whether every address of the host is public (net/public_address.hpp): forbidden if one is not, unavailable if it has
/// none. For early advice to whoever gives a URL; what protects is `Reach::public_only`.
Awaitable<Status> check_public(Url url, Duration patience);

}  // namespace callramp::net
