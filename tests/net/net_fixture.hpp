// What the network tests share: a server on threads of its own, a raw socket for what no client would send, and helpers
// to run client code from the test's thread.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "async/io_threads.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/web_socket.hpp"

namespace callramp::net {

inline Instant in(Duration span) {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + span;
}

/// Polls `condition` for at most 5 s: for what happens on other threads and tells nobody.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds{5});
  }
  return condition();
}

/// A server and an executor for clients, each on its own thread.
class Net {
 public:
  explicit Net(Handler handler, ServerOptions options = {}, std::size_t server_threads = 1)
      : threads_(server_threads + 1), server_(executors(server_threads), std::move(options), std::move(handler), log_) {
    const auto started = server_.start();
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
  }
  ~Net() { stop(Duration{}); }

  void stop(Duration grace) {
    if (std::exchange(stopped_, true)) return;
    async::run_blocking(client_executor(), server_.stop(grace));
  }
  HttpServer& server() { return server_; }
  std::uint16_t port() const { return server_.port(); }
  std::string url(std::string_view path, std::string_view scheme = "http", std::string_view host = "127.0.0.1") const {
    return std::string(scheme) + "://" + std::string(host) + ":" + std::to_string(port()) + std::string(path);
  }
  Executor client_executor() const { return threads_.executor(threads_.size() - 1); }
  Log& log() { return log_; }
  /// Runs `body(client)` on the client's thread; the client dies there too.
  template <class Body>
  void with_client(Body body, ClientOptions options = {}) {
    async::run_blocking(client_executor(), run_client(*this, std::move(body), std::move(options)));
  }

 private:
  std::vector<Executor> executors(std::size_t count) const {
    auto all = threads_.executors();
    all.resize(count);
    return all;
  }
  template <class Body>
  static Awaitable<void> run_client(Net& net, Body body, ClientOptions options) {
    HttpClient client(net.client_executor(), std::move(options), net.log_);
    co_await body(client);
  }

  NullLog log_;
  async::IoThreads threads_;
  HttpServer server_;
  bool stopped_ = false;
};

/// A blocking TCP connection that sends what it is told. Reading gives up after 5 s, which no passing test needs.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  explicit RawSocket(int accepted) : fd_(accepted) {}
  ~RawSocket() { close(); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  /// False if the peer is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Whatever comes next; empty at the end of the connection or after 5 s.
  std::string read_some() {
    char buffer[65536];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string{};
  }
  /// Until `end` has arrived or the connection ends; what follows stays for the next call.
  std::string read_until(std::string_view end) {
    for (;;) {
      if (const auto at = buffered_.find(end); at != std::string::npos) {
        auto text = buffered_.substr(0, at + end.size());
        buffered_.erase(0, at + end.size());
        return text;
      }
      const auto piece = read_some();
      if (piece.empty()) return std::exchange(buffered_, {});
      buffered_ += piece;
    }
  }
  std::string read_all() {
    std::string all = std::exchange(buffered_, {});
    for (auto piece = read_some(); !piece.empty(); piece = read_some()) all += piece;
    return all;
  }
  std::string exchange(std::string_view request, std::string_view end) {
    send(request);
    return read_until(end);
  }
  void shutdown_send() { ::shutdown(fd_, SHUT_WR); }
  /// The peer sees a reset, not an orderly end.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void small_receive_buffer() {
    const int bytes = 4096;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::string buffered_;
};

/// A server that does what a test says and nothing else.
class RawServer {
 public:
  RawServer() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd_, 16) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~RawServer() { ::close(fd_); }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path, std::string_view scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  RawSocket accept() { return RawSocket(::accept(fd_, nullptr, nullptr)); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace callramp::net
