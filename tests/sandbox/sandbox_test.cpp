// The whole sandbox on free ports: control, old dialer and sinks over the wire, and one call with an agent that talks.
#include "sandbox/sandbox.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "async/io_threads.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"

using namespace callramp;
using namespace callramp::sandbox;
namespace json = boost::json;

namespace {

/// A sandbox on two threads, and a client with a small callback server on a third.
class SandboxRig {
 public:
  explicit SandboxRig(const std::string& world, SandboxOptions options = {})
      : threads_(3),
        sandbox_({threads_.executor(0), threads_.executor(1)}, on_free_ports(std::move(options)),
                 parse_world(world).value(), clock_, log_),
        callbacks_server_({threads_.executor(2)}, {}, [this](net::Request& request) { return keep(request); }, log_) {
    const auto started = sandbox_.start();
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    REQUIRE(callbacks_server_.start().has_value());
  }
  ~SandboxRig() {
    async::run_blocking(threads_.executor(2), callbacks_server_.stop(Duration{}));
    async::run_blocking(threads_.executor(0), sandbox_.stop());
  }

  net::HttpClient::Whole fetch(net::ClientRequest request) {
    return async::run_blocking(threads_.executor(2), send(std::move(request)));
  }
  net::HttpClient::Whole get(Door door, const std::string& path) { return fetch({.url = sandbox_.url(door) + path}); }
  json::value get_json(Door door, const std::string& path) { return json::parse(get(door, path).body); }
  net::HttpClient::Whole send_to(Door door, const std::string& method, const std::string& path, const std::string& body,
                                 net::Headers headers = {}) {
    return fetch({.method = method, .url = sandbox_.url(door) + path, .headers = std::move(headers), .body = body});
  }
  /// Waits for `count` callbacks.
  std::vector<json::value> callbacks(std::size_t count) {
    return async::run_blocking(threads_.executor(2), wait_for(count));
  }
  std::string callback_url() const { return "http://127.0.0.1:" + std::to_string(callbacks_server_.port()) + "/old"; }
  Sandbox& sandbox() { return sandbox_; }

 private:
  static SandboxOptions on_free_ports(SandboxOptions options) {
    options.base_port = 0;
    return options;
  }
  Awaitable<net::HttpClient::Whole> send(net::ClientRequest request) {
    net::HttpClient client(threads_.executor(2), {}, log_);
    auto whole = co_await client.fetch(std::move(request), clock_.now() + seconds{5});
    if (!whole) co_return net::HttpClient::Whole{.status = 0, .headers = {}, .body = whole.error().message};
    co_return *std::move(whole);
  }
  Awaitable<net::Response> keep(net::Request& request) {
    auto body = co_await net::read_all(*request.body, 64 * 1024);
    if (body) callbacks_.push_back(json::parse(*body));
    co_return net::Response{};
  }
  Awaitable<std::vector<json::value>> wait_for(std::size_t count) {
    for (int i = 0; i < 500 && callbacks_.size() < count; ++i) co_await clock_.sleep_for(milliseconds{10});
    co_return callbacks_;
  }

  NullLog log_;
  async::SystemClock clock_;
  async::IoThreads threads_;
  Sandbox sandbox_;
  net::HttpServer callbacks_server_;
  std::vector<json::value> callbacks_;
};

const net::Headers kBearer = {{"Authorization", "Bearer token"}, {"Content-Type", "application/json"}};

net::Headers keyed(const std::string& key) {
  net::Headers headers = kBearer;
  headers.set("Idempotency-Key", key);
  return headers;
}

std::string old_call(const std::string& attempt, const std::string& number, const std::string& callback) {
  return json::serialize(json::object{{"attemptId", attempt},
                                      {"callId", "call"},
                                      {"phoneNumber", number},
                                      {"userId", "user"},
                                      {"metadata", json::object{}},
                                      {"callbackUrl", callback}});
}

}  // namespace

TEST_CASE("every door of the sandbox answers") {
  SandboxRig rig("");
  CHECK(rig.get(Door::control, "/health").status == 200);
  CHECK(rig.get(Door::old_dialer, "/health").status == 200);
  CHECK(rig.get(Door::exotel, "/v1/Accounts/a/Calls.json").status == 401);
  CHECK(rig.get(Door::sinks, "/slack").status == 200);
  CHECK(rig.get(Door::deepgram, "/v1/speak").status >= 400);
  CHECK(rig.get(Door::openai, "/v1/chat/completions").status >= 400);
  CHECK(rig.get(Door::control, "/nothing").status == 404);
  CHECK(rig.get(Door::sinks, "/teams").status == 404);
}

TEST_CASE("the world is swapped live and a bad one changes nothing") {
  SandboxRig rig("seed: 5");
  CHECK(rig.get_json(Door::control, "/world").at("seed") == 5);
  CHECK(rig.send_to(Door::control, "PUT", "/world", R"({"seed": 6, "callees": [{"answers": "busy"}]})").status == 200);
  CHECK(rig.get_json(Door::control, "/world").at("seed") == 6);
  const auto refused = rig.send_to(Door::control, "PUT", "/world", R"({"seed": 7, "callees": [{"answers": "bussy"}]})");
  CHECK(refused.status == 400);
  CHECK(std::string(json::parse(refused.body).at("error").as_string()).find("bussy") != std::string::npos);
  CHECK(rig.send_to(Door::control, "PUT", "/world", R"({"wav_folder": "/no/such/folder"})").status == 400);
  CHECK(rig.send_to(Door::control, "PUT", "/world", std::string(5 * 1024 * 1024, ' ')).status == 413);
  CHECK(rig.get_json(Door::control, "/world").at("seed") == 6);
}

TEST_CASE("the old dialer dials once for a key and reports how the call ended") {
  SandboxRig rig(
      "callees: [{match: '+9111', answers: machine, ring_s: 0, hangs_up_after_s: 0.1}, {answers: busy, ring_s: 0.1}]");
  const std::string number = "+911112345678";
  const auto first =
      rig.send_to(Door::old_dialer, "POST", "/calls", old_call("a1", number, rig.callback_url()), keyed("a1"));
  const auto second =
      rig.send_to(Door::old_dialer, "POST", "/calls", old_call("a1", number, rig.callback_url()), keyed("a1"));
  CHECK(first.status == 202);
  CHECK(first.body == second.body);
  rig.send_to(Door::old_dialer, "POST", "/calls", old_call("a2", "+919876543210", rig.callback_url()), keyed("a2"));

  const auto callbacks = rig.callbacks(2);
  REQUIRE(callbacks.size() == 2);
  CHECK(callbacks[0].at("id") == json::parse(first.body).at("id"));
  CHECK(callbacks[0].at("outcome") == "voicemail");
  CHECK(callbacks[0].at("cost") == "0.60 INR");
  CHECK(callbacks[1].at("outcome") == "busy");
  CHECK_FALSE(callbacks[1].as_object().contains("cost"));
  const auto id = std::string(callbacks[0].at("id").as_string());
  const auto looked_up = rig.fetch({.url = rig.sandbox().url(Door::old_dialer) + "/calls/" + id, .headers = kBearer});
  CHECK(json::parse(looked_up.body) == callbacks[0]);

  const std::string ledger = rig.get(Door::control, "/ledger").body;
  CHECK(std::count(ledger.begin(), ledger.end(), '\n') == 2);
  const json::value line = json::parse(ledger.substr(0, ledger.find('\n')));
  CHECK(line.at("provider") == "old");
  CHECK(line.at("customField") == "a1");
  CHECK(line.at("answer") == "machine");
  CHECK_FALSE(line.at("endedAt").is_null());
}

TEST_CASE("the old dialer refuses what it cannot dial") {
  SandboxRig rig("old_token: secret");
  const std::string body = old_call("a1", "+911112345678", "");
  const net::Headers good = {{"Authorization", "Bearer secret"}, {"Idempotency-Key", "a1"}};
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", body, keyed("a1")).status == 401);
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", body, {{"Authorization", "Bearer secret"}}).status == 400);
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", "[]", good).status == 400);
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", old_call("", "+911112345678", ""), good).status == 400);
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", old_call("a1", "12", ""), good).status == 422);
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", std::string(70'000, ' '), good).status == 413);
  CHECK(rig.get(Door::control, "/ledger").body.empty());
  CHECK(rig.send_to(Door::old_dialer, "POST", "/calls", body, good).status == 202);
}

TEST_CASE("sinks keep what they are sent and fail as the world says") {
  SandboxRig rig("faults: [{provider: webhook, kind: server_error}]");
  CHECK(rig.send_to(Door::sinks, "POST", "/slack/T0/B0", R"({"text":"hello"})").body == "ok");
  CHECK(rig.send_to(Door::sinks, "POST", "/slack", "not JSON").status == 400);
  CHECK(rig.send_to(Door::sinks, "POST", "/pagerduty/v2/enqueue", R"({"dedup_key":"k"})").status == 202);
  CHECK(rig.send_to(Door::sinks, "POST", "/webhook", "x").status == 503);
  const json::value slack = rig.get_json(Door::sinks, "/slack");
  REQUIRE(slack.as_array().size() == 1);
  CHECK(slack.at(0).at("body").at("text") == "hello");
  CHECK(slack.at(0).at("path") == "/slack/T0/B0");
  CHECK(rig.get_json(Door::control, "/stats").at("sinks") == json::value{{"pagerduty", 1}, {"slack", 1}});
  CHECK(rig.send_to(Door::control, "POST", "/reset", "").status == 200);
  CHECK(rig.get_json(Door::sinks, "/slack").as_array().empty());
}

TEST_CASE("figures without anything to divide are null") {
  SandboxRig rig("");
  const json::value stats = rig.get_json(Door::control, "/stats");
  CHECK(stats.at("playout").at("ranDryShare").is_null());
  CHECK(stats.at("latency").at("turns") == 0);
  CHECK(stats.at("activeCalls") == json::value{{"exotel", 0}, {"twilio", 0}, {"old", 0}});
}

TEST_CASE("a sandbox whose port is taken or whose ledger cannot be opened says so and stops") {
  NullLog log;
  async::SystemClock clock;
  async::IoThreads threads(1);
  Sandbox unreadable({threads.executor(0)}, {.base_port = 0, .ledger_file = "/no/such/folder/ledger"}, World{}, clock,
                     log);
  CHECK_FALSE(unreadable.start().has_value());
  async::run_blocking(threads.executor(0), unreadable.stop());

  net::HttpServer squatter(
      {threads.executor(0)}, {}, [](net::Request&) -> Awaitable<net::Response> { co_return net::Response{}; }, log);
  REQUIRE(squatter.start().has_value());
  Sandbox second({threads.executor(0)}, {.base_port = squatter.port()}, World{}, clock, log);
  const auto started = second.start();
  CHECK_FALSE(started.has_value());
  async::run_blocking(threads.executor(0), second.stop());
  async::run_blocking(threads.executor(0), squatter.stop(Duration{}));
}

TEST_CASE("a sandbox keeps its ledger in a file across restarts") {
  const auto file = std::filesystem::temp_directory_path() / ("callramp-sandbox-ledger-" + std::to_string(::getpid()));
  std::filesystem::remove(file);
  for (int i = 0; i < 2; ++i) {
    SandboxRig rig("", {.ledger_file = file.string()});
    rig.send_to(Door::old_dialer, "POST", "/calls", old_call("a", "+911112345678", ""), keyed("a"));
    const std::string ledger = rig.get(Door::control, "/ledger").body;
    CHECK(std::count(ledger.begin(), ledger.end(), '\n') == i + 1);
  }
  std::filesystem::remove(file);
}
