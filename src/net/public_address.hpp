// Which addresses the open internet has. A URL that somebody else gives us must not make this server ask its own
// neighbours: the machine itself, the private network, the cloud's metadata service.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace callramp::net {

/// False for loopback, private, link-local (169.254.169.254 among them), shared, multicast, reserved and documentation
/// ranges of IANA's special-purpose registries, and for IPv6 forms that carry such an IPv4 address.
bool is_public(const boost::asio::ip::address& address) noexcept;

}  // namespace callramp::net
