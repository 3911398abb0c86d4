// What one thread of HttpServer and of WebSocket can carry, told by the CPU time of that thread alone, so that the load
// generator and whatever else the machine does count less.
//
// Expected before measuring: 15 to 25 us a GET, of which two system calls take more than half, and about the same for a
// message received and sent back; 200 sockets with a message each way every 20 ms are 10,000 of those a second.
// Measured on two shared cores (load 15): 10 us a GET with 1 or 64 connections, 18 us a message with 1 socket, 21 us
// with 200.
//
//   cmake --preset release && cmake --build --preset release --target bench_http && build/release/bench/bench_http
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/io_threads.hpp"
#include "async/task_scope.hpp"
#include "base/ensure.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"

using namespace callramp;

namespace {

Awaitable<void> echo(std::unique_ptr<net::WebSocket> socket) {
  for (;;) {
    auto message = co_await socket->receive();
    if (!message || !*message) co_return;
    (void)co_await socket->send_text(std::move((*message)->data));
  }
}

Awaitable<net::Response> handle(net::Request& request) {
  if (request.path == "/ws") co_return net::Response{.upgrade = echo};
  co_return net::Response{.headers = {{"Content-Type", "application/json"}}, .body = R"({"status":"ok","version":42})"};
}

Awaitable<double> cpu_seconds_of_this_thread() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  co_return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

// A server on a thread of its own, and how much CPU that thread has used.
class Server {
 public:
  Server() : threads_(2), server_({threads_.executor(0)}, {}, handle, log_) {
    ENSURE(server_.start().has_value(), "port 0 is free");
  }
  ~Server() { async::run_blocking(threads_.executor(1), server_.stop(Duration{})); }
  std::uint16_t port() const { return server_.port(); }
  Executor client_executor() const { return threads_.executor(1); }
  Log& log() { return log_; }
  double cpu_seconds() const { return async::run_blocking(threads_.executor(0), cpu_seconds_of_this_thread()); }

 private:
  NullLog log_;
  async::IoThreads threads_;
  net::HttpServer server_;
};

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ENSURE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "the server listens");
  return fd;
}

void report(benchmark::State& state, double server_seconds, double operations) {
  state.counters["server_us_each"] = server_seconds * 1e6 / operations;
  state.counters["per_server_core"] = operations / server_seconds;
  state.SetItemsProcessed(static_cast<std::int64_t>(operations));
}

// GET of a short JSON on kept-alive connections, each with one request under way.
void get_json(benchmark::State& state) {
  Server server;
  std::vector<int> connections;
  for (int i = 0; i < state.range(0); ++i) connections.push_back(connect_to(server.port()));
  const std::string request =
      "GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
      "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n\r\n";
  char answer[4096];
  const double before = server.cpu_seconds();
  for (auto _ : state) {
    for (const int fd : connections)
      ENSURE(::send(fd, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()), "a short send");
    for (const int fd : connections) ENSURE(::recv(fd, answer, sizeof answer, 0) > 0, "an answer");
  }
  report(state, server.cpu_seconds() - before,
         static_cast<double>(state.iterations()) * static_cast<double>(connections.size()));
  for (const int fd : connections) ::close(fd);
}
BENCHMARK(get_json)->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond)->UseRealTime();

Awaitable<void> talk(net::HttpClient& client, std::string url, int messages) {
  auto socket = co_await client.websocket(std::move(url), {}, async::SystemClock{}.now() + seconds{30});
  ENSURE(socket.has_value(), "the upgrade is accepted");
  const std::string frame(900, 'm');  // 40 ms of telephone audio as base 64 in JSON
  for (int i = 0; i < messages; ++i) {
    (void)co_await (*socket)->send_text(frame);
    (void)co_await (*socket)->receive();
  }
  co_await (*socket)->close();
}

Awaitable<void> talk_on_many(const Server* server, Log* log, int sockets, int messages) {
  net::HttpClient client(co_await asio::this_coro::executor, {}, *log);
  const std::string url = "ws://127.0.0.1:" + std::to_string(server->port()) + "/ws";
  async::TaskScope scope(co_await asio::this_coro::executor);
  for (int i = 0; i < sockets; ++i) scope.spawn(talk(client, url, messages));
  co_await scope.join();
}

// Messages of 900 bytes sent back: one received and one sent count as one.
void websocket_echo(benchmark::State& state) {
  Server server;
  constexpr int messages = 200;
  const auto sockets = static_cast<int>(state.range(0));
  const double before = server.cpu_seconds();
  for (auto _ : state)
    async::run_blocking(server.client_executor(), talk_on_many(&server, &server.log(), sockets, messages));
  report(state, server.cpu_seconds() - before, static_cast<double>(state.iterations()) * sockets * messages);
}
BENCHMARK(websocket_echo)->Arg(1)->Arg(200)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
