// One whole turn through the sandbox: a callee speaks, an agent has it recognised and answers with synthesised speech,
// and the sandbox's stamps say how much of the delay was the agent's own.
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "async/task_scope.hpp"
#include "base/base64.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/web_socket.hpp"
#include "sandbox/sandbox.hpp"

using namespace callramp;
using namespace callramp::sandbox;
namespace json = boost::json;

namespace {

/// The smallest agent that holds up its side: listens, waits 50 ms more than it needs to, and says one sentence.
class SmallAgent {
 public:
  SmallAgent(const Executor& executor, async::Clock& clock, Log& log) : clock_(clock), client_(executor, {}, log) {}

  Awaitable<void> serve(std::unique_ptr<net::WebSocket> carrier) {
    auto stt = co_await client_.websocket(
        "ws" + deepgram.substr(4) +
            "/v1/"
            "listen?model=nova-3&encoding=linear16&sample_rate=8000&endpointing=300&interim_results=true&tag=attempt-7",
        {{"Authorization", "Token key"}}, clock_.now() + seconds{5});
    REQUIRE_MESSAGE(stt.has_value(), (stt ? "" : stt.error().message));
    stt_ = *std::move(stt);
    carrier_ = std::move(carrier);
    co_await async::with_scope([this](async::TaskScope& scope) -> Awaitable<void> {
      scope.spawn(forward());
      scope.spawn(understand());
      co_await scope.join();
    });
  }

  std::string deepgram;
  std::string heard;
  static constexpr auto own_delay = milliseconds{50};

 private:
  Awaitable<void> forward() {
    while (true) {
      auto message = co_await carrier_->receive();
      if (!message || !*message) break;
      const json::value parsed = json::parse((*message)->data);
      const auto& event = parsed.at("event").as_string();
      if (event == "start") stream_ = std::string(parsed.at("stream_sid").as_string());
      if (event == "media")
        co_await stt_->send_binary(base64_decode(parsed.at("media").at("payload").as_string()).value());
      if (event == "mark") co_await carrier_->close(1000);
    }
    co_await stt_->close(1000);
  }

  Awaitable<void> understand() {
    while (true) {
      auto message = co_await stt_->receive();
      if (!message || !*message) co_return;
      const json::value parsed = json::parse((*message)->data);
      if (parsed.at("type") != "Results" || !parsed.at("speech_final").as_bool()) continue;
      const auto& transcript = parsed.at("channel").at("alternatives").at(0).at("transcript").as_string();
      if (transcript.empty() || !heard.empty()) continue;
      heard = std::string(transcript);
      co_await clock_.sleep_for(own_delay);
      co_await say("I am calling about your order.");
    }
  }

  Awaitable<void> say(std::string text) {
    net::ClientRequest request{
        .method = "POST",
        .url = deepgram +
               "/v1/speak?model=aura-2-thalia-en&encoding=linear16&sample_rate=8000&container=none&tag=attempt-7",
        .headers = {{"Authorization", "Token key"}, {"Content-Type", "application/json"}},
        .body = json::serialize(json::object{{"text", text}})};
    auto spoken = co_await client_.fetch(std::move(request), clock_.now() + seconds{5});
    REQUIRE(spoken.has_value());
    REQUIRE(spoken->status == 200);
    std::string audio = spoken->body;
    audio.resize((audio.size() + 319) / 320 * 320, '\0');
    co_await carrier_->send_text(json::serialize(
        json::object{{"event", "media"}, {"stream_sid", stream_}, {"media", {{"payload", base64_encode(audio)}}}}));
    co_await carrier_->send_text(
        json::serialize(json::object{{"event", "mark"}, {"stream_sid", stream_}, {"mark", {{"name", "turn-1-end"}}}}));
  }

  async::Clock& clock_;
  net::HttpClient client_;
  std::unique_ptr<net::WebSocket> carrier_;
  std::unique_ptr<net::WebSocket> stt_;
  std::string stream_;
};

Awaitable<json::value> stats_after_call(net::HttpClient& client, async::Clock& clock, std::string control) {
  for (int i = 0; i < 1500; ++i) {
    auto whole = co_await client.fetch({.url = control + "/stats"}, clock.now() + seconds{5});
    REQUIRE(whole.has_value());
    json::value stats = json::parse(whole->body);
    if (stats.at("activeCalls").at("exotel") == 0) co_return stats;
    co_await clock.sleep_for(milliseconds{10});
  }
  FAIL("the call did not end");
  co_return nullptr;
}

}  // namespace

TEST_CASE("a turn through carrier and speech stand-ins is stamped and the agent's own delay is found") {
  asio::io_context context;
  async::SystemClock clock;
  NullLog log;
  const Executor executor = context.get_executor();
  World world = parse_world(R"(
callees: [{ring_s: 0, says: ["Hello, who is calling please?"], waits_s: 0.2}]
delays: {stt_final_ms: 100, tts_first_byte_ms: 150}
)")
                    .value();
  Sandbox sandbox({executor}, {.base_port = 0}, std::move(world), clock, log);
  REQUIRE(sandbox.start().has_value());
  SmallAgent agent(executor, clock, log);
  agent.deepgram = sandbox.url(Door::deepgram);
  net::HttpServer agent_server(
      {executor}, {},
      [&](net::Request&) -> Awaitable<net::Response> {
        net::Response response;
        response.upgrade = [&](std::unique_ptr<net::WebSocket> socket) { return agent.serve(std::move(socket)); };
        co_return response;
      },
      log);
  REQUIRE(agent_server.start().has_value());

  json::value stats;
  bool ended = false;
  asio::co_spawn(
      context,
      [&]() -> Awaitable<void> {
        net::HttpClient client(executor, {}, log);
        const std::string stream = "ws://127.0.0.1:" + std::to_string(agent_server.port()) + "/media";
        net::ClientRequest dial{.method = "POST",
                                .url = sandbox.url(Door::exotel) + "/v1/Accounts/acct1/Calls/connect.json",
                                .headers = {{"Authorization", "Basic " + base64_encode("key:token")},
                                            {"Content-Type", "application/x-www-form-urlencoded"}},
                                .body =
                                    "From=%2B919876530240&CallerId=08040264890&StreamType=bidirectional"
                                    "&CustomField=attempt-7&StreamUrl=" +
                                    net::percent_encode(stream)};
        const auto dialled = co_await client.fetch(std::move(dial), clock.now() + seconds{5});
        REQUIRE(dialled.has_value());
        CHECK(dialled->status == 200);
        stats = co_await stats_after_call(client, clock, sandbox.url(Door::control));
        co_await agent_server.stop(Duration{});
        co_await sandbox.stop();
      },
      [&](std::exception_ptr thrown) {
        ended = !thrown;
        context.stop();  // timers of finished requests would keep it until their deadlines
      });
  context.run_for(seconds{30});
  REQUIRE(ended);

  CHECK(agent.heard == "hello who is calling please");  // as without smart_format
  CHECK(stats.at("latency").at("turns") == 1);
  const double total = stats.at("latency").at("totalMs").at("p50").to_number<double>();
  const double added = stats.at("latency").at("addedMs").at("p50").to_number<double>();
  CHECK(total > 600);  // 300 endpointing, 100 result, 50 of its own, 150 synthesis
  CHECK(added >= 50);
  CHECK(added < total - 400);
  CHECK(stats.at("playout").at("utterances") == 1);
  CHECK(stats.at("playout").at("ranDry") == 0);
  CHECK(stats.at("violations").as_object().empty());
}
