#include "net/http_server.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <thread>
#include <unordered_set>

#include "async/clock.hpp"
#include "async/task_scope.hpp"
#include "base/ensure.hpp"
#include "net/server_connection.hpp"

namespace callramp::net {
namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Pending connections that the kernel keeps for us; Linux cuts it to net.core.somaxconn.
constexpr int backlog = 4096;
// How long to wait when the process has no file descriptor left for a connection.
constexpr Duration accept_pause = milliseconds{50};
// Between two tries for a port in use, within ServerOptions::bind_patience.
constexpr Duration bind_pause = milliseconds{100};

}  // namespace

struct HttpServer::State : ServerShared {
  // What belongs to one executor, used on it only.
  struct Lane {
    explicit Lane(const Executor& lane_executor)
        : executor(lane_executor), acceptor(lane_executor), idle(lane_executor), tasks(lane_executor) {}
    Executor executor;
    Tcp::acceptor acceptor;
    std::unordered_set<ServerConnection*> connections;
    std::size_t admitted = 0;
    asio::steady_timer idle;  // stop() waits on it; cancelled when nobody is left
    bool warned_full = false;
    async::TaskScope tasks;
  };

  // Counts a connection from its acceptance to its end, also if its coroutine never starts.
  class Admission {
   public:
    Admission(State& state, Lane& lane) : state_(&state), lane_(lane) {
      ++state.accepted;
      ++state.connections;
      ++lane.admitted;
    }
    Admission(Admission&& other) noexcept : state_(std::exchange(other.state_, nullptr)), lane_(other.lane_) {}
    ~Admission() {
      if (state_ == nullptr) return;
      --state_->connections;
      if (--lane_.admitted == 0) lane_.idle.cancel();
    }

   private:
    State* state_;
    Lane& lane_;
  };

  State(std::vector<Executor> executors, ServerOptions server_options, Handler server_handler, Log& server_log)
      : ServerShared{.options = std::move(server_options), .handler = std::move(server_handler), .log = server_log} {
    for (const auto& executor : executors) lanes.push_back(std::make_unique<Lane>(executor));
  }

  Status load_certificate();
  Status bind(Tcp::acceptor& acceptor, bool shared_port);
  Status listen();
  static Awaitable<void> accept(std::shared_ptr<State> state, Lane& lane);
  static Awaitable<void> serve(std::shared_ptr<State> state, Lane& lane, Admission admission, Tcp::socket socket,
                               std::string remote_address);
  static Awaitable<void> stop_lane(std::shared_ptr<State> state, Lane& lane, Duration grace);

  std::vector<std::unique_ptr<Lane>> lanes;
  std::uint16_t bound_port = 0;
  bool started = false;
  std::atomic<bool> stopped = false;
};

HttpServer::HttpServer(std::vector<Executor> executors, ServerOptions options, Handler handler, Log& log)
    : state_(std::make_shared<State>(std::move(executors), std::move(options), std::move(handler), log)) {
  ENSURE(!state_->lanes.empty(), "a server needs an executor");
}

HttpServer::~HttpServer() { ENSURE(!state_->started || state_->stopped, "an HttpServer was destroyed before stop()"); }

Status HttpServer::State::load_certificate() {
  if (options.certificate_file.empty()) return {};
  tls.emplace(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  NetError error;
  tls->use_certificate_chain_file(options.certificate_file, error);
  if (error)
    return fail(ErrorCode::invalid_request,
                "certificate file '" + options.certificate_file + "' is unusable: " + error.message());
  tls->use_private_key_file(options.private_key_file, asio::ssl::context::pem, error);
  if (error)
    return fail(ErrorCode::invalid_request,
                "private key file '" + options.private_key_file + "' is unusable: " + error.message());
  return {};
}

Status HttpServer::State::bind(Tcp::acceptor& acceptor, bool shared_port) {
  NetError error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return fail(ErrorCode::invalid_request, "address '" + options.address + "' is no IP address");
  const Tcp::endpoint endpoint(address, bound_port);
  acceptor.open(endpoint.protocol(), error);
  // Connections of an earlier run in TIME_WAIT do not keep the port.
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error && shared_port) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) {
    bound_port = acceptor.local_endpoint(error).port();
    return {};
  }
  const auto where = "port " + std::to_string(bound_port) + " of " + options.address;
  if (error == asio::error::address_in_use) return fail(ErrorCode::conflict, where + " is in use; set PORT to another");
  return fail(ErrorCode::unavailable, where + " cannot be used: " + error.message());
}

Status HttpServer::State::listen() {
  bound_port = options.port;
  const bool shared_port = lanes.size() > 1;
  if (shared_port) {
    // With SO_REUSEPORT a second program could share our port unnoticed: this refuses it, as a plain bind would. It
    // does not listen, or it would accept clients only to drop them.
    Tcp::acceptor probe(lanes.front()->executor);
    TRY_VOID(bind(probe, false));
  }
  for (auto& lane : lanes) {
    TRY_VOID(bind(lane->acceptor, shared_port));
    NetError error;
    lane->acceptor.listen(backlog, error);
    if (error)
      return fail(ErrorCode::unavailable, "port " + std::to_string(bound_port) + " of " + options.address +
                                              " cannot be listened on: " + error.message());
  }
  return {};
}

Status HttpServer::start() {
  ENSURE(!state_->started, "start() is called once");
  TRY_VOID(state_->load_certificate());
  const auto patient_until = std::chrono::steady_clock::now() + state_->options.bind_patience;
  for (;;) {
    const Status listens = state_->listen();
    if (listens) break;
    if (listens.error().code != ErrorCode::conflict || std::chrono::steady_clock::now() >= patient_until)
      return listens;
    for (auto& lane : state_->lanes) {
      NetError ignored;  // not open, or closed: either is what we want
      lane->acceptor.close(ignored);
    }
    std::this_thread::sleep_for(bind_pause);
  }
  state_->started = true;
  for (auto& lane : state_->lanes)
    asio::post(lane->executor, [state = state_, lane = lane.get()] {
      if (lane->acceptor.is_open()) lane->tasks.spawn(State::accept(state, *lane));
    });
  return {};
}

Awaitable<void> HttpServer::State::accept(std::shared_ptr<State> state, Lane& lane) {
  async::SystemClock clock;
  while (lane.acceptor.is_open()) {
    NetError error;
    Tcp::endpoint remote;
    auto socket = co_await lane.acceptor.async_accept(remote, asio::redirect_error(asio::use_awaitable, error));
    if (!lane.acceptor.is_open()) co_return;
    if (error == asio::error::connection_aborted) continue;
    if (error) {
      state->log.warn("accept_failed", {{"error", error.message()}});
      co_await clock.sleep_for(accept_pause);
      continue;
    }
    if (state->connections >= state->options.max_connections) {
      ++state->refused;
      if (!std::exchange(lane.warned_full, true))
        state->log.warn("connections_refused", {{"max_connections", state->options.max_connections}});
      continue;
    }
    lane.warned_full = false;
    lane.tasks.spawn(serve(state, lane, Admission(*state, lane), std::move(socket), remote.address().to_string()));
  }
}

Awaitable<void> HttpServer::State::serve(std::shared_ptr<State> state, Lane& lane, Admission, Tcp::socket socket,
                                         std::string remote_address) {
  const auto connection = std::make_shared<ServerConnection>(state, std::move(socket), std::move(remote_address));
  struct Registered {
    Lane& lane;
    ServerConnection* connection;
    Registered(Lane& of_lane, ServerConnection* of) : lane(of_lane), connection(of) {
      lane.connections.insert(connection);
      if (!lane.acceptor.is_open()) connection->finish();
    }
    ~Registered() { lane.connections.erase(connection); }
  } registered(lane, connection.get());
  std::exception_ptr thrown;
  try {
    co_await connection->run();
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!thrown || (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
  ++state->failed;
  state->log.error("connection_failed", {{"error", what_of(thrown)}});
}

Awaitable<void> HttpServer::State::stop_lane(std::shared_ptr<State> state, Lane& lane, Duration grace) {
  lane.idle.expires_after(grace);
  NetError ended_early;
  if (lane.admitted > 0) co_await lane.idle.async_wait(asio::redirect_error(asio::use_awaitable, ended_early));
  if (lane.admitted > 0) state->log.warn("connections_cut_at_stop", {{"connections", lane.admitted}});
  co_await lane.tasks.stop();
}

std::uint16_t HttpServer::port() const noexcept { return state_->bound_port; }

Awaitable<void> HttpServer::stop(Duration grace) {
  const auto state = state_;
  if (!state->started) co_return;
  const Instant deadline = async::SystemClock{}.now() + grace;
  for (auto& lane : state->lanes)
    asio::post(lane->executor, [state, lane = lane.get()] {
      NetError ignored;
      lane->acceptor.close(ignored);
      for (auto* connection : lane->connections) connection->finish();
    });
  for (auto& lane : state->lanes)
    co_await async::run_on(lane->executor, State::stop_lane(state, *lane, deadline - async::SystemClock{}.now()));
  state->stopped = true;
}

std::size_t HttpServer::connections() const noexcept { return state_->connections; }

HttpServer::Counts HttpServer::counts() const noexcept {
  return {.accepted = state_->accepted,
          .refused = state_->refused,
          .requests = state_->requests,
          .malformed = state_->malformed,
          .head_too_large = state_->head_too_large,
          .timed_out = state_->timed_out,
          .failed = state_->failed};
}

}  // namespace callramp::net
