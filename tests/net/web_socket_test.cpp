#include <mutex>

#include "async/clock.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"
#include "net_fixture.hpp"
#include "test_certificates.hpp"

using namespace callramp;
using net::HttpClient;
using net::in;
using net::Net;
using net::RawServer;
using net::RawSocket;
using net::soon;
using net::WebSocket;

namespace {

// What the server's side of a socket saw, for the test's thread.
struct Seen {
  std::atomic<int> open = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> messages = 0;
  std::atomic<int> code = -1;
  std::atomic<int> error = -1;
  std::mutex lock;     // sockets on several threads end at once
  std::string reason;  // the last one's, read after `ended`
};

Awaitable<void> echo(Seen& seen, std::unique_ptr<WebSocket> socket) {
  ++seen.open;
  for (;;) {
    auto message = co_await socket->receive();
    if (!message) {
      seen.error = static_cast<int>(message.error().code);
      break;
    }
    if (!*message) break;
    auto& [data, binary] = **message;
    ++seen.messages;
    if (data == "close please") {
      co_await socket->close(4001, "as you wish");
      break;
    }
    if (data == "stop reading") {
      async::SystemClock clock;
      co_await clock.sleep_for(hours{1});
    }
    (void)(binary ? co_await socket->send_binary(std::move(data)) : co_await socket->send_text(std::move(data)));
  }
  seen.code = socket->close_code().value_or(0);
  {
    const std::lock_guard hold(seen.lock);
    seen.reason = socket->close_reason();
  }
  ++seen.ended;
}

net::Handler echoing(Seen& seen) {
  return [&seen](net::Request& request) -> Awaitable<net::Response> {
    if (request.path == "/late") {
      async::SystemClock clock;
      co_await clock.sleep_for(milliseconds{2200});
    }
    if (request.path == "/ws" || request.path == "/late")
      co_return net::Response{.headers = {{"X-Server", "ours"}}, .upgrade = [&seen](std::unique_ptr<WebSocket> socket) {
                                return echo(seen, std::move(socket));
                              }};
    if (request.path == "/flood")
      co_return net::Response{.upgrade = [](std::unique_ptr<WebSocket> socket) -> Awaitable<void> {
        while (co_await socket->send_binary(std::string(100'000, 'f'))) {
        }
      }};
    const int status = request.path == "/401" ? 401 : request.path == "/429" ? 429 : request.path == "/403" ? 403 : 503;
    co_return net::Response{.status = status,
                            .headers = {{"dg-error", request.path == "/429" ? "slow down" : ""}},
                            .body = "no sockets here"};
  };
}

constexpr std::string_view upgrade_request =
    "GET /ws HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// A client's frame, masked with zeros, or unmasked.
std::string frame(int first_byte, std::string_view payload, bool masked = true) {
  std::string bytes(1, static_cast<char>(first_byte));
  const int mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(mask_bit | static_cast<int>(payload.size())));
  } else {
    bytes.push_back(static_cast<char>(mask_bit | 126));
    bytes.push_back(static_cast<char>(payload.size() >> 8));
    bytes.push_back(static_cast<char>(payload.size() & 0xff));
  }
  if (masked) bytes.append(4, '\0');
  return bytes.append(payload);
}

constexpr int text = 0x81;
constexpr int binary_part = 0x02;
constexpr int ping = 0x89;
constexpr int close_frame = 0x88;

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

TEST_CASE("a plain request to a WebSocket address is told so") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  const auto response = client.exchange("GET /ws HTTP/1.1\r\nHost: t\r\n\r\n", "only.\n");
  CHECK(response.starts_with("HTTP/1.1 426 "));
  CHECK(contains(response, "Upgrade: websocket\r\n"));
}

TEST_CASE("bad handshakes are refused") {
  Seen seen;
  Net net(echoing(seen));
  for (std::string_view missing : {"Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                                   "Connection: Upgrade\r\n"}) {
    CAPTURE(missing);
    std::string request(upgrade_request);
    request.erase(request.find(missing), missing.size());
    RawSocket client(net.port());
    client.send(request);
    const auto response = client.read_until("\r\n\r\n");
    CHECK(response.starts_with("HTTP/1.1 4"));
  }
  CHECK(seen.open == 0);
}

TEST_CASE("broken frames end the connection with the right code") {
  struct Row {
    std::string name;
    std::string bytes;
    int close_code;  // what the server says; 0 for nothing
    ErrorCode error;
  };
  const Row rows[] = {
      {"unmasked", frame(text, "abc", false), 1002, ErrorCode::invalid_request},
      {"reserved bit", frame(0xc1, "abc"), 1002, ErrorCode::invalid_request},
      {"unknown opcode", frame(0x83, "abc"), 1002, ErrorCode::invalid_request},
      {"continuation of nothing", frame(0x80, "abc"), 1002, ErrorCode::invalid_request},
      {"text inside a message", frame(binary_part, "abc") + frame(text, "abc"), 1002, ErrorCode::invalid_request},
      {"fragmented ping", frame(0x09, "abc"), 1002, ErrorCode::invalid_request},
      {"long ping", frame(ping, std::string(126, 'p')), 1002, ErrorCode::invalid_request},
      {"bad UTF-8", frame(text, "ab\xff"), 1007, ErrorCode::invalid_request},
      {"cut UTF-8", frame(text, "ab\xe0\xa4"), 1007, ErrorCode::invalid_request},
      {"too long", frame(text, std::string(2000, 'x')), 1009, ErrorCode::payload_too_large},
      {"too long in pieces", frame(binary_part, std::string(800, 'x')) + frame(0, std::string(800, 'x')), 1009,
       ErrorCode::payload_too_large},
      {"announced but impossible", std::string("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14), 1009,
       ErrorCode::payload_too_large},
      {"bad close code", frame(close_frame, std::string("\x00\x05", 2)), 1002, ErrorCode::invalid_request},
      {"close of one byte", frame(close_frame, "x"), 1002, ErrorCode::invalid_request},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Seen seen;
    Net net(echoing(seen), {.max_websocket_message_bytes = 1000});
    RawSocket client(net.port());
    CHECK(client.exchange(upgrade_request, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    client.send(row.bytes);
    const auto answer = client.read_until("never");
    REQUIRE(answer.size() >= 4);
    CHECK(static_cast<unsigned char>(answer[0]) == close_frame);
    CHECK((static_cast<unsigned char>(answer[2]) << 8 | static_cast<unsigned char>(answer[3])) == row.close_code);
    client.close();
    CHECK(soon([&] { return seen.ended == 1; }));
    CHECK(seen.error == static_cast<int>(row.error));
    CHECK(seen.code == 1006);
    CHECK(soon([&] { return net.server().connections() == 0; }));
  }
}

TEST_CASE("a connection that breaks without a close frame is 1006") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Seen seen;
    Net net(echoing(seen));
    RawSocket client(net.port());
    client.exchange(upgrade_request, "\r\n\r\n");
    client.send(frame(text, "hello").substr(0, 8));
    CHECK(soon([&] { return seen.open == 1; }));
    if (reset)
      client.reset();
    else
      client.close();
    CHECK(soon([&] { return seen.ended == 1; }));
    CHECK(seen.code == 1006);
    CHECK(seen.error == static_cast<int>(ErrorCode::unavailable));
  }
}

TEST_CASE("pings are answered and fragments joined while nobody receives") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  client.exchange(upgrade_request, "\r\n\r\n");
  client.send(frame(text, "stop reading"));
  CHECK(client.exchange(frame(ping, "are you there"), "are you there") == std::string("\x8a\x0d", 2) + "are you there");
  RawSocket other(net.port());
  other.exchange(upgrade_request, "\r\n\r\n");
  other.send(frame(0x01, "one ") + frame(ping, "in between") + frame(0x00, "two ") + frame(0x80, "three"));
  CHECK(contains(other.read_until("one two three"), "in between"));
}

TEST_CASE("a silent peer is pinged and then given up") {
  Seen seen;
  Net net(echoing(seen), {.websocket_idle_timeout = milliseconds{300}});
  RawSocket silent(net.port());
  silent.exchange(upgrade_request, "\r\n\r\n");
  CHECK(silent.read_some() == std::string("\x89\x00", 2));
  CHECK(soon([&] { return seen.ended == 1; }));
  CHECK(seen.error == static_cast<int>(ErrorCode::timeout));
  CHECK(seen.code == 1006);
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

TEST_CASE("a sender that is never read is held back") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  std::string request(upgrade_request);
  request.replace(request.find("/ws"), 3, "/flood");
  client.exchange(request, "\r\n\r\n");
  std::this_thread::sleep_for(milliseconds{100});
  client.reset();
  CHECK(soon([&] { return net.server().connections() == 0; }));
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

TEST_CASE("stop ends WebSockets after its grace") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  client.exchange(upgrade_request, "\r\n\r\n");
  CHECK(soon([&] { return seen.open == 1; }));
  net.stop(milliseconds{100});
  CHECK(client.read_all().empty());
  CHECK(net.server().connections() == 0);
}
