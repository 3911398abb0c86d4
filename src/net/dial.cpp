#include "net/dial.hpp"

#include <openssl/x509_vfy.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "async/signal.hpp"
#include "net/public_address.hpp"

namespace callramp::net {
namespace {

using Moment = Transport::Moment;

Moment now() { return std::chrono::steady_clock::now(); }

std::unexpected<Error> no_connection(const Url& url, const std::string& why) {
  return fail(ErrorCode::unavailable, "no connection to " + url.origin() + ": " + why);
}

// A look-up that hangs cannot be called back from the resolver's thread, so it is left behind at the deadline and keeps
// itself alive.
struct Lookup {
  explicit Lookup(const Executor& executor) : resolver(executor), wake(executor) {}
  Tcp::resolver resolver;
  asio::steady_timer wake;
  bool done = false;
  NetError error;
  std::vector<Tcp::endpoint> endpoints;
};

Awaitable<Result<std::vector<Tcp::endpoint>>> resolve(const Url& url, Moment deadline) {
  NetError not_numeric;
  const auto address = asio::ip::make_address(url.host, not_numeric);
  if (!not_numeric) co_return std::vector<Tcp::endpoint>{{address, url.port}};

  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->wake.expires_at(deadline);
  lookup->resolver.async_resolve(url.host, std::to_string(url.port), Tcp::resolver::numeric_service,
                                 [lookup](NetError error, const Tcp::resolver::results_type& results) {
                                   lookup->done = true;
                                   lookup->error = error;
                                   for (const auto& entry : results) lookup->endpoints.push_back(entry.endpoint());
                                   lookup->wake.cancel();
                                 });
  NetError woken;
  co_await lookup->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (!lookup->done) co_return no_connection(url, "its name was not resolved in time");
  if (lookup->error) co_return no_connection(url, "its name does not resolve: " + lookup->error.message());
  co_return std::move(lookup->endpoints);
}

std::string why_private(const Tcp::endpoint& endpoint) {
  return "its address " + endpoint.address().to_string() + " is not on the open internet";
}

std::string why_tls_failed(const Transport& transport, const NetError& error) {
  const long verified = transport.verify_result();
  if (transport.expired()) return "the TLS handshake was not finished in time";
  if (verified != X509_V_OK)
    return std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified);
  return "the TLS handshake failed: " + error.message();
}

}  // namespace

Awaitable<Result<Transport>> dial(Url url, asio::ssl::context* tls, Moment deadline, Reach reach) {
  CO_TRY(endpoints, co_await resolve(url, deadline));
  std::string why = "its name has no address";
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (reach == Reach::public_only && !is_public(endpoints[i].address())) {
      why = why_private(endpoints[i]);
      continue;
    }
    Tcp::socket socket(co_await asio::this_coro::executor);
    NetError error;
    socket.open(endpoints[i].protocol(), error);
    Transport transport(std::move(socket));
    if (!error) {
      // A network without IPv6 that silently drops it must not use up the time of the address that works.
      const auto share = (deadline - now()) / static_cast<long>(endpoints.size() - i);
      transport.expires_at(now() + share);
      co_await transport.socket().async_connect(endpoints[i], asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
      why = transport.expired() ? "nothing answered in time" : error.message();
      continue;
    }
    if (tls != nullptr) {
      transport.expires_at(deadline);
      error = co_await transport.connect_tls(*tls, url.host);
      if (error) co_return no_connection(url, why_tls_failed(transport, error));
    }
    transport.never_expires();
    co_return transport;
  }
  co_return no_connection(url, why);
}

Awaitable<Status> check_public(Url url, Duration patience) {
  CO_TRY(endpoints, co_await resolve(url, now() + patience));
  for (const Tcp::endpoint& endpoint : endpoints)
    if (!is_public(endpoint.address()))
      co_return fail(ErrorCode::forbidden, "nothing is sent to '" + url.host + "': " + why_private(endpoint));
  co_return Status{};
}

}  // namespace callramp::net
