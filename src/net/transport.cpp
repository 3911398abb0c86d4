#include "net/transport.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace callramp::net {

Transport::Transport(Tcp::socket socket) : core_(std::make_unique<Core>(std::move(socket))) {
  NetError ignored;
  // Small messages at once: both ends are programs that wait for each other.
  core_->socket.set_option(Tcp::no_delay(true), ignored);
  core_->socket.non_blocking(true, ignored);
}

Transport::~Transport() {
  if (!core_) return;
  core_->guard->socket = nullptr;
  core_->guard->timer.cancel();
}

void Transport::Guard::arm(Moment when) {
  armed = when;
  timer.expires_at(when);
  timer.async_wait([self = shared_from_this()](NetError error) {
    if (error || self->socket == nullptr) return;
    self->armed = Moment::max();
    if (std::chrono::steady_clock::now() < self->deadline) {
      if (self->deadline != Moment::max()) self->arm(self->deadline);
      return;
    }
    self->expired = true;
    self->deadline = Moment::max();
    NetError ignored;
    self->socket->cancel(ignored);
  });
}

Awaitable<NetError> Transport::connect_tls(asio::ssl::context& context, std::string host) {
  auto& tls = core_->tls.emplace(core_->socket, context);
  NetError not_numeric;
  asio::ip::make_address(host, not_numeric);
  // RFC 6066 allows names only in SNI.
  if (not_numeric) SSL_set_tlsext_host_name(tls.native_handle(), host.c_str());
  NetError error;
  tls.set_verify_mode(asio::ssl::verify_peer, error);
  if (!error) tls.set_verify_callback(asio::ssl::host_name_verification(host), error);
  if (!error)
    co_await tls.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

Awaitable<NetError> Transport::accept_tls(asio::ssl::context& context) {
  auto& tls = core_->tls.emplace(core_->socket, context);
  NetError error;
  co_await tls.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

long Transport::verify_result() const noexcept { return SSL_get_verify_result(core_->tls->native_handle()); }

std::size_t Transport::write_at_once(std::string_view bytes, NetError& error) {
  if (core_->tls) return 0;
  const std::size_t written = core_->socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error == asio::error::would_block) error = {};
  return written;
}

Awaitable<std::size_t> Transport::write_all(std::string_view first, std::string_view second, Duration step_limit,
                                            NetError& error) {
  const std::size_t whole = first.size() + second.size();
  std::size_t written = 0;
  while (written < whole) {
    const auto head = first.substr(std::min(written, first.size()));
    const auto tail = second.substr(written - (first.size() - head.size()));
    const std::array<asio::const_buffer, 2> rest = {asio::buffer(head.data(), head.size()),
                                                    asio::buffer(tail.data(), tail.size())};
    if (step_limit != Duration::max()) expires_after(step_limit);
    written += co_await async_write_some(rest, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  if (step_limit != Duration::max() && !expired()) never_expires();
  co_return written;
}

bool Transport::has_input() {
  if (core_->tls) return false;
  char byte = 0;
  NetError error;
  core_->socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error != asio::error::would_block;
}

bool Transport::idle_and_alive() {
  char byte = 0;
  NetError error;
  // A TLS read also takes in what is no data: session tickets (the connection is alive) and close_notify (it is not).
  if (core_->tls)
    core_->tls->read_some(asio::buffer(&byte, 1), error);
  else
    core_->socket.read_some(asio::buffer(&byte, 1), error);
  return error == asio::error::would_block;
}

void Transport::cancel() noexcept {
  NetError ignored;
  core_->socket.cancel(ignored);
}

void Transport::shutdown_send() noexcept {
  NetError ignored;
  core_->socket.shutdown(Tcp::socket::shutdown_send, ignored);
}

void Transport::close() noexcept {
  NetError ignored;
  core_->socket.close(ignored);
}

}  // namespace callramp::net
