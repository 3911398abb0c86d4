// Transport: a TCP connection with or without TLS, and one deadline for whatever waits on it.
//
// It is a concrete type and not a template, so that HTTP and WebSockets above it are compiled once. The deadline is
// lazy: moving it later costs nothing, which is what happens on every request of a kept-alive connection.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "async/executor.hpp"
#include "base/time.hpp"

namespace callramp::net {

using Tcp = asio::ip::tcp;
using NetError = boost::system::error_code;

/// One executor, one reader and one writer at a time. An Asio AsyncStream. Movable only while nothing waits on it.
class Transport {
 public:
  using executor_type = Executor;
  using Moment = std::chrono::steady_clock::time_point;

  /// `socket` is open, connected or not yet.
  explicit Transport(Tcp::socket socket);
  ~Transport();
  Transport(Transport&&) noexcept = default;
  Transport& operator=(Transport&&) = delete;

  executor_type get_executor() const { return core_->socket.get_executor(); }
  Tcp::socket& socket() { return core_->socket; }
  bool tls() const noexcept { return core_->tls.has_value(); }

  /// Client side: checks that the peer's certificate is trusted and names `host`, and sends SNI.
  Awaitable<NetError> connect_tls(asio::ssl::context& context, std::string host);
  Awaitable<NetError> accept_tls(asio::ssl::context& context);
  /// X509_V_OK, or why the peer's certificate was refused (openssl/x509_vfy.h).
  long verify_result() const noexcept;

  /// At `deadline` whatever waits on the socket ends with operation_aborted, and `expired` is true until the next call
  /// of one of these. Reports of the time-out itself are the callers' matter.
  void expires_at(Moment deadline) { core_->guard->set(deadline); }
  void expires_after(Duration span) { expires_at(std::chrono::steady_clock::now() + span); }
  void never_expires() { expires_at(Moment::max()); }
  bool expired() const noexcept { return core_->guard->expired; }

  /// Writes what the kernel takes without waiting: 0 if nothing, or if there is TLS, which cannot tell.
  std::size_t write_at_once(std::string_view bytes, NetError& error);
  /// Writes everything; each step has `step_limit`. Returns how many bytes the stream took, all of them if no error.
  Awaitable<std::size_t> write_all(std::string_view first, std::string_view second, Duration step_limit,
                                   NetError& error);
  /// True if the peer has said something, or closed, and nobody has read it yet. Never with TLS, whose own messages
  /// look the same from here.
  bool has_input();
  /// False if an idle connection is certainly closed, or has bytes that nobody asked for.
  bool idle_and_alive();
  /// Ends whatever waits on the socket.
  void cancel() noexcept;
  /// Tells the peer that nothing more comes; reading goes on.
  void shutdown_send() noexcept;
  void close() noexcept;

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(NetError, std::size_t)>(
        [core = core_.get()](auto handler, const Buffers& into) {
          if (core->tls)
            core->tls->async_read_some(into, std::move(handler));
          else
            core->socket.async_read_some(into, std::move(handler));
        },
        token, buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(NetError, std::size_t)>(
        [core = core_.get()](auto handler, const Buffers& from) {
          if (core->tls)
            core->tls->async_write_some(from, std::move(handler));
          else
            core->socket.async_write_some(from, std::move(handler));
        },
        token, buffers);
  }
  /// TLS only: exchanges close_notify.
  template <class Token>
  auto async_shutdown_tls(Token&& token) {
    return core_->tls->async_shutdown(std::forward<Token>(token));
  }

 private:
  // Shared with the timer's handler, which may run after the transport is gone.
  struct Guard : std::enable_shared_from_this<Guard> {
    Guard(Tcp::socket* guarded, const Executor& executor) : socket(guarded), timer(executor) {}
    void set(Moment when) {
      expired = false;
      deadline = when;
      if (when < armed) arm(when);
    }
    void arm(Moment when);

    Tcp::socket* socket;
    asio::steady_timer timer;
    Moment deadline = Moment::max();
    Moment armed = Moment::max();
    bool expired = false;
  };
  struct Core {
    explicit Core(Tcp::socket connected)
        : socket(std::move(connected)), guard(std::make_shared<Guard>(&socket, socket.get_executor())) {}
    Tcp::socket socket;
    std::optional<asio::ssl::stream<Tcp::socket&>> tls;
    std::shared_ptr<Guard> guard;
  };

  std::unique_ptr<Core> core_;
};

}  // namespace callramp::net
