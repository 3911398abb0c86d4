#include "async/clock.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"
#include "echo_sockets.hpp"
#include "test_certificates.hpp"

using namespace callramp;
using net::echoing;
using net::HttpClient;
using net::in;
using net::Net;
using net::RawServer;
using net::Seen;
using net::soon;
using net::WebSocket;

namespace {

bool contains(const std::string& whole, std::string_view part) { return whole.find(part) != std::string::npos; }

Awaitable<std::unique_ptr<WebSocket>> connect(HttpClient& client, std::string url) {
  auto socket = co_await client.websocket(std::move(url), {}, in(seconds{5}));
  REQUIRE_MESSAGE(socket.has_value(), (socket ? "" : socket.error().message));
  co_return std::move(*socket);
}

Awaitable<std::string> next(WebSocket& socket) {
  auto message = co_await socket.receive();
  if (!message) co_return "error: " + message.error().message;
  co_return *message ? (*message)->data : "closed";
}

}  // namespace

TEST_CASE("messages of both kinds and many sizes come back in order") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    auto socket = co_await connect(client, net.url("/ws", "ws"));
    for (std::size_t size : {0, 1, 125, 126, 4000, 65535, 65536, 900'000}) {
      const std::string data(size, 'm');
      CHECK((co_await socket->send_binary(data)).has_value());
      CHECK((co_await socket->send_text(data)).has_value());
      auto first = co_await socket->receive();
      CHECK(first.value().value().data == data);
      CHECK(first.value().value().binary);
      auto second = co_await socket->receive();
      CHECK(second.value().value().data == data);
      CHECK_FALSE(second.value().value().binary);
    }
    for (int i = 0; i < 500; ++i) CHECK((co_await socket->send_text(std::to_string(i))).has_value());
    for (int i = 0; i < 500; ++i) CHECK((co_await next(*socket)) == std::to_string(i));
    CHECK(socket->unsent_bytes() == 0);
    CHECK_FALSE(socket->close_code().has_value());
    co_await socket->close();
    CHECK((co_await next(*socket)) == "closed");
    CHECK(socket->close_code() == 1000);
    CHECK_FALSE((co_await socket->send_text("late")).has_value());
    CHECK_FALSE((co_await socket->ping()).has_value());
    co_await socket->close();
  });
  CHECK(soon([&] { return seen.ended == 1; }));
  CHECK(seen.code == 1000);
  CHECK(seen.error == -1);
}

TEST_CASE("the close handshake carries code and reason both ways") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    auto ours = co_await connect(client, net.url("/ws", "ws"));
    co_await ours->close(4002, "had enough");
    auto theirs = co_await connect(client, net.url("/ws", "ws"));
    CHECK((co_await theirs->send_text("close please")).has_value());
    CHECK((co_await next(*theirs)) == "closed");
    CHECK(theirs->close_code() == 4001);
    CHECK(theirs->close_reason() == "as you wish");
  });
  CHECK(soon([&] { return seen.ended == 2; }));
}

TEST_CASE("what was queued is sent before the close") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    auto socket = co_await connect(client, net.url("/ws", "ws"));
    for (int i = 0; i < 200; ++i) (void)co_await socket->send_binary(std::string(3000, 'q'));
    CHECK(socket->unsent_bytes() > 0);
    co_await socket->close(1000, "done");
    CHECK(socket->unsent_bytes() == 0);
  });
  CHECK(soon([&] { return seen.ended == 1; }));
  CHECK(seen.messages == 200);
  CHECK(seen.code == 1000);
  CHECK(seen.reason == "done");
}

TEST_CASE("the handshake carries the caller's headers") {
  Seen seen;
  Net net(echoing(seen));
  RawServer server;
  std::string received;
  std::thread peer([&] {
    auto connection = server.accept();
    received = connection.read_until("\r\n\r\n");
    connection.send("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy");
  });
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    const auto refused = co_await client.websocket(server.url("/x?y=1", "ws"), {{"X-Key", "k"}}, in(seconds{5}));
    CHECK(refused.error().code == ErrorCode::unavailable);
  });
  peer.join();
  CHECK(received.starts_with("GET /x?y=1 HTTP/1.1\r\n"));
  CHECK(contains(received, "\r\nX-Key: k\r\n"));
  CHECK(contains(received, "\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
}

TEST_CASE("a refused upgrade tells status and why") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    struct Row {
      const char* path;
      ErrorCode code;
      const char* part;
    };
    for (const auto& row : {Row{"/401", ErrorCode::unauthorized, "status 401: no sockets here"},
                            Row{"/403", ErrorCode::unauthorized, "status 403: no sockets here"},
                            Row{"/429", ErrorCode::rate_limited, "status 429: slow down"},
                            Row{"/other", ErrorCode::unavailable, "status 503: no sockets here"}}) {
      const auto refused = co_await client.websocket(net.url(row.path, "ws"), {}, in(seconds{5}));
      CHECK(refused.error().code == row.code);
      CHECK(contains(refused.error().message, row.part));
    }
  });
}

TEST_CASE("a handshake without answer ends at its deadline") {
  Seen seen;
  Net net(echoing(seen));
  RawServer silent;
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    const auto start = std::chrono::steady_clock::now();
    const auto late = co_await client.websocket(silent.url("/", "ws"), {}, in(milliseconds{150}));
    CHECK(late.error().code == ErrorCode::timeout);
    CHECK(std::chrono::steady_clock::now() - start < seconds{1});
  });
}

TEST_CASE("a slow handshake is waited for until its deadline") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    auto socket = co_await connect(client, net.url("/late", "ws"));
    CHECK((co_await socket->send_text("at last")).has_value());
    CHECK((co_await next(*socket)) == "at last");
  });
}

TEST_CASE("an idle peer that answers pings stays connected") {
  Seen seen;
  Net net(echoing(seen), {.websocket_idle_timeout = milliseconds{200}});
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    async::SystemClock clock;
    auto socket = co_await connect(client, net.url("/ws", "ws"));
    co_await clock.sleep_for(milliseconds{700});
    CHECK((co_await socket->send_text("still here")).has_value());
    CHECK((co_await next(*socket)) == "still here");
  });
}

TEST_CASE("a cancelled receive leaves the socket whole") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    async::SystemClock clock;
    auto socket = co_await connect(client, net.url("/ws", "ws"));
    const auto late = co_await async::by_deadline(clock, clock.now() + milliseconds{30}, "the peer", socket->receive());
    CHECK(late.error().code == ErrorCode::timeout);
    CHECK((co_await socket->send_text("on it goes")).has_value());
    CHECK((co_await next(*socket)) == "on it goes");
    co_await socket->close(1000, "fine");
  });
  CHECK(soon([&] { return seen.ended == 1; }));
  CHECK(seen.code == 1000);
}

TEST_CASE("a peer that does not read slows its sender and shows in unsent_bytes") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    async::SystemClock clock;
    auto socket = co_await connect(client, net.url("/ws", "ws"));
    (void)co_await socket->send_text("stop reading");
    int sent = 0;
    bool waited = false;
    // 300 MB are more than every buffer on the way holds.
    for (; sent < 3000 && !waited; ++sent)
      waited = !(co_await async::by_deadline(clock, clock.now() + milliseconds{300}, "send",
                                             socket->send_binary(std::string(100'000, 'u'))))
                    .has_value();
    CHECK(waited);
    CHECK(socket->unsent_bytes() > 1024 * 1024);
    const auto start = std::chrono::steady_clock::now();
    co_await socket->close();
    CHECK(std::chrono::steady_clock::now() - start < seconds{4});
    CHECK(socket->close_code() == 1006);
  });
  CHECK(seen.ended == 0);
}

TEST_CASE("a WebSocket over TLS carries messages") {
  const net::TestCertificates certificates("IP:127.0.0.1");
  Seen seen;
  Net net(echoing(seen),
          {.certificate_file = certificates.certificate_file(), .private_key_file = certificates.private_key_file()});
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        auto socket = co_await connect(client, net.url("/ws", "wss"));
        for (std::size_t size : {5, 70'000}) {
          (void)co_await socket->send_binary(std::string(size, 's'));
          CHECK((co_await next(*socket)).size() == size);
        }
        co_await socket->close(4003, "over TLS");
      },
      {.ca_file = certificates.ca_file()});
  CHECK(soon([&] { return seen.ended == 1; }));
  CHECK(seen.code == 4003);
  CHECK(seen.reason == "over TLS");
}

TEST_CASE("a client refuses a message above its limit") {
  Seen seen;
  Net net(echoing(seen));
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        auto socket = co_await connect(client, net.url("/ws", "ws"));
        (void)co_await socket->send_text(std::string(2000, 'x'));
        CHECK((co_await socket->receive()).error().code == ErrorCode::payload_too_large);
        CHECK((co_await socket->receive()).error().code == ErrorCode::payload_too_large);
      },
      {.max_websocket_message_bytes = 1000});
}

TEST_CASE("two hundred sockets talk at once") {
  Seen seen;
  Net net(echoing(seen), {}, 2);
  constexpr int sockets = 200;
  std::atomic<int> echoed = 0;
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
      for (int i = 0; i < sockets; ++i)
        scope.spawn([](HttpClient& of, std::string url, std::atomic<int>& count) -> Awaitable<void> {
          async::SystemClock clock;
          auto socket = co_await connect(of, std::move(url));
          for (int message = 0; message < 25; ++message) {
            (void)co_await socket->send_text(std::string(900, 'v'));
            co_await clock.sleep_for(milliseconds{20});
            if ((co_await next(*socket)).size() == 900) ++count;
          }
          co_await socket->close();
        }(client, net.url("/ws", "ws"), echoed));
      co_await scope.join();
    });
  });
  CHECK(echoed == sockets * 25);
  CHECK(soon([&] { return seen.ended == sockets; }));
}
