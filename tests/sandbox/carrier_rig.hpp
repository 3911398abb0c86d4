// The carrier's stand-in with an agent opposite, both on real sockets and one thread.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "audio/tone.hpp"
#include "audio/wav.hpp"
#include "base/base64.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/web_socket.hpp"
#include "sandbox/exotel.hpp"

namespace callramp::sandbox {

/// What the agent's server does with an open media socket.
using AgentTask = std::function<Awaitable<void>(net::WebSocket&)>;

class CarrierRig {
 public:
  explicit CarrierRig(const std::string& world_text)
      : world_(parse_world(world_text).value()),
        faults_(world_),
        voices_({}, log_),
        parts_{clock_, world_, faults_, ledger_, stamps_, voices_, log_},
        carrier_(executor(), parts_, {}),
        carrier_server_(
            {executor()}, {}, [this](net::Request& request) { return carrier_.handle(request); }, log_),
        agent_server_(
            {executor()}, {}, [this](net::Request& request) { return serve_agent(request); }, log_),
        client_(executor(), {}, log_) {
    REQUIRE(carrier_server_.start().has_value());
    REQUIRE(agent_server_.start().has_value());
    std::filesystem::create_directories(folder_);
    REQUIRE(audio::write_wav(folder_ / "hello.wav", audio::beep(milliseconds{300})).has_value());
    carrier_.use_recordings(load_recordings(voices_, folder_.string()).value());
  }
  ~CarrierRig() { std::filesystem::remove_all(folder_); }

  /// Runs `body` and then stops everything; a body that takes 20 s hangs and fails.
  template <class Body>
  void run(Body body) {
    bool ended = false;
    std::exception_ptr thrown;
    asio::co_spawn(context_, all(std::move(body)), [&](std::exception_ptr exception) {
      ended = true;
      thrown = exception;
      context_.stop();  // timers of finished requests would keep it until their deadlines
    });
    context_.run_for(seconds{20});
    if (thrown) std::rethrow_exception(thrown);
    REQUIRE(ended);
  }

  /// The usual request, with fields replaced (an empty value drops one).
  Awaitable<net::HttpClient::Whole> connect(std::map<std::string, std::string> changed = {},
                                            std::string resource = "Calls/connect.json") {
    std::map<std::string, std::string> fields = {{"From", "+919876530240"},
                                                 {"CallerId", "08040264890"},
                                                 {"StreamUrl", agent_url("ws", "/media?key1=value1")},
                                                 {"StreamType", "bidirectional"},
                                                 {"CustomField", "attempt-1"},
                                                 {"StatusCallback", agent_url("http", "/callback")},
                                                 {"StatusCallbackEvents[0]", "answered"},
                                                 {"StatusCallbackEvents[1]", "terminal"},
                                                 {"StatusCallbackContentType", "application/json"}};
    for (auto& [name, value] : changed) fields[name] = value;
    std::string body;
    for (const auto& [name, value] : fields)
      if (!value.empty()) body += net::percent_encode(name) + "=" + net::percent_encode(value) + "&";
    net::ClientRequest request{.method = "POST", .url = account_url() + resource, .headers = key(), .body = body};
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    co_return co_await fetch(std::move(request));
  }
  Awaitable<boost::json::value> get(std::string resource) {
    const auto whole = co_await fetch({.url = account_url() + resource, .headers = key()});
    co_return boost::json::parse(whole.body);
  }
  Awaitable<net::HttpClient::Whole> fetch(net::ClientRequest request) {
    auto whole = co_await client_.fetch(std::move(request), clock_.now() + seconds{5});
    REQUIRE_MESSAGE(whole.has_value(), (whole ? "" : whole.error().message));
    co_return *std::move(whole);
  }
  /// Waits until a callback of this event (or, without events, any) has come, and returns the latest.
  Awaitable<boost::json::value> callback(std::string event) {
    for (int i = 0; i < 1000; ++i) {
      for (auto callback = callbacks.rbegin(); callback != callbacks.rend(); ++callback)
        if (callback->at("EventType") == boost::json::value(event)) co_return *callback;
      co_await clock_.sleep_for(milliseconds{10});
    }
    FAIL("no callback of event " << event);
    co_return nullptr;
  }

  std::string agent_url(const std::string& scheme, const std::string& target) const {
    return scheme + "://127.0.0.1:" + std::to_string(agent_server_.port()) + target;
  }
  std::string account_url() const {
    return "http://127.0.0.1:" + std::to_string(carrier_server_.port()) + "/v1/Accounts/acct1/";
  }
  static net::Headers key() { return {{"Authorization", "Basic " + base64_encode("key:token")}}; }
  Executor executor() { return context_.get_executor(); }

  AgentTask agent;                            ///< nothing: media sockets are refused
  std::vector<boost::json::value> callbacks;  ///< JSON ones
  std::vector<std::string> raw_callbacks;
  std::vector<std::string> agent_authorizations;  ///< of each handshake
  int handshakes = 0;
  exotel::Carrier& carrier() { return carrier_; }
  net::HttpClient& client() { return client_; }
  async::Clock& clock() { return clock_; }
  Ledger& ledger() { return ledger_; }
  Stamps& stamps() { return stamps_; }
  Faults& faults() { return faults_; }

 private:
  template <class Body>
  Awaitable<void> all(Body body) {
    std::exception_ptr thrown;
    try {
      co_await body();
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await carrier_server_.stop(Duration{});
    co_await carrier_.stop();
    co_await agent_server_.stop(Duration{});
    if (thrown) std::rethrow_exception(thrown);
  }

  Awaitable<net::Response> serve_agent(net::Request& request) {
    if (request.path == "/callback") {
      auto body = co_await net::read_all(*request.body, 64 * 1024);
      REQUIRE(body.has_value());
      boost::system::error_code error;
      auto parsed = boost::json::parse(*body, error);
      if (!error) callbacks.push_back(std::move(parsed));
      raw_callbacks.push_back(*std::move(body));
      co_return net::Response{};
    }
    ++handshakes;
    agent_authorizations.emplace_back(request.headers.find("Authorization").value_or(""));
    if (!agent) co_return net::Response{.status = 503};
    net::Response response;
    response.upgrade = [this](std::unique_ptr<net::WebSocket> socket) { return serve_socket(std::move(socket)); };
    co_return response;
  }
  Awaitable<void> serve_socket(std::unique_ptr<net::WebSocket> socket) { co_await agent(*socket); }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("callramp-carrier-" + std::to_string(::getpid()));
  asio::io_context context_;
  async::SystemClock clock_;
  NullLog log_;
  LiveWorld world_;
  Faults faults_;
  Ledger ledger_;
  Stamps stamps_;
  Voices voices_;
  Parts parts_;
  exotel::Carrier carrier_;
  net::HttpServer carrier_server_;
  net::HttpServer agent_server_;
  net::HttpClient client_;
};

}  // namespace callramp::sandbox
