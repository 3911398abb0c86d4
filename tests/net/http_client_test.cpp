#include "async/clock.hpp"
#include "async/deadline.hpp"
#include "base/base64.hpp"
#include "net_fixture.hpp"
#include "test_certificates.hpp"

using namespace callramp;
using net::HttpClient;
using net::in;
using net::Net;
using net::RawServer;
using net::RawSocket;
using net::soon;
using Whole = Result<HttpClient::Whole>;

namespace {

Awaitable<Status> drip(net::BodyWriter& out) {
  async::SystemClock clock;
  CO_TRY_VOID(co_await out.write("first"));
  co_await clock.sleep_for(milliseconds{400});
  co_return co_await out.write("second");
}

Awaitable<net::Response> handle(net::Request& request) {
  async::SystemClock clock;
  if (request.path == "/echo") {
    auto body = co_await net::read_all(*request.body, 10'000'000);
    if (!body) co_return net::Response{.status = 500};
    co_return net::Response{.body = std::move(*body)};
  }
  if (request.path == "/slow") co_await clock.sleep_for(milliseconds{400});
  if (request.path == "/drip") co_return net::Response{.stream = drip};
  if (request.path == "/headers") {
    std::string all;
    for (const auto& [name, value] : request.headers) all += name + ": " + value + "\n";
    co_return net::Response{.body = all};
  }
  if (request.path == "/none") co_return net::Response{.status = 204};
  if (request.path == "/big") co_return net::Response{.body = std::string(3'000'000, 'b')};
  co_return net::Response{.status = request.path == "/missing" ? 404 : 200, .headers = {{"X-A", "1"}}, .body = "hello"};
}

Awaitable<Whole> fetch(HttpClient& client, std::string url, Duration limit = seconds{5}) {
  co_return co_await client.fetch({.url = std::move(url)}, in(limit));
}

// Answers one request on a connection of its own after another, by `script(connection, number)`.
template <class Script>
std::thread serve(RawServer& server, int connections, Script script) {
  return std::thread([&server, connections, script] {
    for (int i = 0; i < connections; ++i) {
      auto connection = server.accept();
      script(connection, i);
    }
  });
}

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

net::TestCertificates& certificates() {
  static net::TestCertificates made("DNS:localhost");
  return made;
}

net::ServerOptions tls_options() {
  return {.certificate_file = certificates().certificate_file(), .private_key_file = certificates().private_key_file()};
}

}  // namespace

TEST_CASE("a client gets status, headers and body") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    const auto found = co_await fetch(client, net.url("/"));
    CHECK(found.value().status == 200);
    CHECK(found.value().headers.find("x-a") == "1");
    CHECK(found.value().body == "hello");
    CHECK((co_await fetch(client, net.url("/missing"))).value().status == 404);
    CHECK((co_await fetch(client, net.url("/none"))).value().body.empty());
    CHECK((co_await fetch(client, net.url("/", "http", "localhost"))).value().body == "hello");
    const auto head = co_await client.fetch({.method = "HEAD", .url = net.url("/")}, in(seconds{5}));
    CHECK(head.value().headers.find("Content-Length") == "5");
    CHECK(head.value().body.empty());
  });
}

TEST_CASE("bodies of any size go out and come back") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    for (std::size_t size : {0, 1, 5000, 4'000'000}) {
      const std::string body(size, 'z');
      const auto back =
          co_await client.fetch({.method = "POST", .url = net.url("/echo"), .body = body}, in(seconds{20}), 5'000'000);
      CHECK(back.value().body == body);
    }
    const auto over = co_await client.fetch({.url = net.url("/big")}, in(seconds{5}), 1000);
    CHECK(over.error().code == ErrorCode::payload_too_large);
  });
}

TEST_CASE("one connection serves many requests") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    for (int i = 0; i < 20; ++i) CHECK((co_await fetch(client, net.url("/"))).value().body == "hello");
    CHECK(client.counts().opened == 1);
    CHECK(client.counts().reused == 19);
  });
  CHECK(net.server().counts().accepted == 1);
}

TEST_CASE("a response that was not read to its end costs its connection") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    {
      const auto response = co_await client.send({.url = net.url("/big")}, in(seconds{5}));
      CHECK(!(co_await response.value().body->read_some()).value().empty());
    }
    CHECK((co_await fetch(client, net.url("/"))).value().body == "hello");
    CHECK(client.counts().opened == 2);
  });
}

TEST_CASE("warm connections are found by the next requests") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    CHECK((co_await client.warm(net.url("/any"), 3, in(seconds{5}))).has_value());
    CHECK(client.counts().opened == 3);
    CHECK((co_await fetch(client, net.url("/"))).has_value());
    CHECK(client.counts().reused == 1);
    CHECK((co_await client.warm(net.url("/"), 3, in(seconds{5}))).has_value());
    CHECK(client.counts().opened == 3);
  });
}

TEST_CASE("requests carry Host, credentials of the URL and the caller's headers once") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    auto url = net.url("/headers");
    url.insert(7, "key:to%3Aken@");
    const auto seen = co_await client.fetch(
        {.url = url, .headers = {{"X-Mine", "1"}, {"host", "forged"}, {"User-Agent", "mine"}}}, in(seconds{5}));
    CHECK(seen.value().body == "Host: 127.0.0.1:" + std::to_string(net.port()) +
                                   "\nX-Mine: 1\nUser-Agent: mine\nAuthorization: Basic " +
                                   base64_encode("key:to:ken") + "\n");
    const auto forged =
        co_await client.fetch({.url = net.url("/headers"), .headers = {{"X", "a\r\nY: b"}}}, in(seconds{5}));
    CHECK(forged.error().code == ErrorCode::invalid_request);
  });
}

TEST_CASE("nothing there is unavailable, an answer too late is a timeout") {
  Net net(handle);
  std::uint16_t closed_port = 0;
  {
    RawServer gone;
    closed_port = gone.port();
  }
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    const auto refused = co_await fetch(client, "http://127.0.0.1:" + std::to_string(closed_port) + "/");
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK(contains(refused.error().message, "127.0.0.1:" + std::to_string(closed_port)));
    const auto nameless = co_await fetch(client, "http://no-such-host.invalid/");
    CHECK(nameless.error().code == ErrorCode::unavailable);
    const auto late = co_await fetch(client, net.url("/slow"), milliseconds{100});
    CHECK(late.error().code == ErrorCode::timeout);
    const auto over = co_await fetch(client, net.url("/"), milliseconds{-1});
    CHECK(over.error().code == ErrorCode::unavailable);
  });
  CHECK(net.server().counts().requests == 1);
}

TEST_CASE("a connection that is never accepted is unavailable at its time limit") {
  // 192.0.2.0/24 is for documentation: nothing answers there, or the network says so at once.
  Net net(handle);
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        const auto silent = co_await fetch(client, "http://192.0.2.1/", seconds{5});
        CHECK(silent.error().code == ErrorCode::unavailable);
      },
      {.connect_timeout = milliseconds{100}});
}

TEST_CASE("a body that stalls is a timeout by step and by deadline") {
  Net net(handle);
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        const auto response = co_await client.send({.url = net.url("/drip")}, in(seconds{5}));
        CHECK((co_await response.value().body->read_some()).value() == "first");
        CHECK((co_await response.value().body->read_some()).error().code == ErrorCode::timeout);
        CHECK((co_await response.value().body->read_some()).error().code == ErrorCode::timeout);
      },
      {.body_read_timeout = milliseconds{100}});
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    const auto whole = co_await fetch(client, net.url("/drip"), milliseconds{100});
    CHECK(whole.error().code == ErrorCode::timeout);
    const auto patient = co_await fetch(client, net.url("/drip"));
    CHECK(patient.value().body == "firstsecond");
  });
}

TEST_CASE("a cancelled request ends at once and closes its connection") {
  Net net(handle);
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    async::SystemClock clock;
    const auto late = co_await async::by_deadline(clock, clock.now() + milliseconds{50}, "the server",
                                                  fetch(client, net.url("/slow")));
    CHECK(late.error().code == ErrorCode::timeout);
    CHECK((co_await fetch(client, net.url("/"))).value().body == "hello");
    CHECK(client.counts().opened == 2);
  });
}

TEST_CASE("a pooled connection that the server closed is replaced") {
  RawServer server;
  Net net(handle);
  auto thread = serve(server, 2, [](RawSocket& connection, int) {
    connection.read_until("\r\n\r\n");
    connection.send(ok);
  });
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    async::SystemClock clock;
    CHECK((co_await fetch(client, server.url("/"))).value().body == "ok");
    co_await clock.sleep_for(milliseconds{50});
    // Known dead before anything is written, so that even a POST goes out once, on a new connection.
    const auto posted = co_await client.fetch({.method = "POST", .url = server.url("/"), .body = ""}, in(seconds{5}));
    CHECK(posted.value().body == "ok");
    CHECK(client.counts().opened == 2);
  });
  thread.join();
}

TEST_CASE("a pooled connection that dies under a request repeats only what is harmless") {
  struct Row {
    const char* method;
    bool repeated;
  };
  for (const auto& row :
       {Row{"GET", true}, Row{"PUT", true}, Row{"DELETE", true}, Row{"POST", false}, Row{"PATCH", false}}) {
    CAPTURE(row.method);
    RawServer server;
    Net net(handle);
    std::atomic<int> received = 0;
    auto thread = serve(server, row.repeated ? 2 : 1, [&](RawSocket& connection, int number) {
      connection.read_until("\r\n\r\n");
      connection.send(ok);
      if (number > 0) return;
      // The second request arrives and gets no answer.
      connection.read_until("\r\n\r\n");
      ++received;
    });
    net.with_client([&](HttpClient& client) -> Awaitable<void> {
      CHECK((co_await fetch(client, server.url("/"))).value().body == "ok");
      const auto second = co_await client.fetch({.method = row.method, .url = server.url("/")}, in(seconds{5}));
      if (row.repeated)
        CHECK(second.value().body == "ok");
      else
        CHECK(second.error().code == ErrorCode::timeout);
    });
    thread.join();
    CHECK(received == 1);
  }
}

TEST_CASE("a fresh connection that dies under a request is not repeated") {
  RawServer server;
  Net net(handle);
  auto thread = serve(server, 1, [](RawSocket& connection, int) { connection.read_until("\r\n\r\n"); });
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    CHECK((co_await fetch(client, server.url("/"))).error().code == ErrorCode::timeout);
    CHECK(client.counts().opened == 1);
  });
  thread.join();
}

TEST_CASE("responses of every shape are understood or refused") {
  struct Row {
    std::string name;
    std::string response;
    std::string body;  // what is expected, or
    std::optional<ErrorCode> error = {};
  };
  const Row rows[] = {
      {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + std::string(ok), "ok"},
      {"until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", "all of it"},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nold", "old"},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"},
      {"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", ""},
      {"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "", ErrorCode::timeout},
      {"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "", ErrorCode::timeout},
      {"cut head", "HTTP/1.1 200 OK\r\nContent-Le", "", ErrorCode::timeout},
      {"garbage", "nonsense\r\n\r\n", "", ErrorCode::timeout},
      {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "", ErrorCode::timeout},
      {"unasked upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "",
       ErrorCode::timeout},
      {"huge head", "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", "", ErrorCode::timeout},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    RawServer server;
    Net net(handle);
    auto thread = serve(server, 1, [&](RawSocket& connection, int) {
      connection.read_until("\r\n\r\n");
      connection.send(row.response);
    });
    net.with_client([&](HttpClient& client) -> Awaitable<void> {
      const auto whole = co_await fetch(client, server.url("/"));
      CHECK(whole.has_value() == !row.error.has_value());
      if (whole)
        CHECK(whole->body == row.body);
      else if (row.error)
        CHECK(whole.error().code == *row.error);
    });
    thread.join();
  }
}

TEST_CASE("a connection with more than was asked for is not used again") {
  RawServer server;
  Net net(handle);
  auto thread = serve(server, 2, [](RawSocket& connection, int) {
    connection.read_until("\r\n\r\n");
    connection.send(std::string(ok) + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    connection.read_some();
  });
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    CHECK((co_await fetch(client, server.url("/"))).value().body == "ok");
    CHECK((co_await fetch(client, server.url("/"))).value().body == "ok");
    CHECK(client.counts().opened == 2);
  });
  thread.join();
}

TEST_CASE("TLS works with a CA of our own and connections are reused") {
  Net net(handle, tls_options());
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        const std::string body(200'000, 't');
        for (int i = 0; i < 3; ++i) {
          const auto back = co_await client.fetch(
              {.method = "POST", .url = net.url("/echo", "https", "localhost"), .body = body}, in(seconds{10}));
          CHECK(back.value().body == body);
        }
        CHECK(client.counts().opened == 1);
        CHECK((co_await client.warm(net.url("/", "https", "localhost"), 2, in(seconds{5}))).has_value());
        CHECK((co_await fetch(client, net.url("/", "https", "localhost"))).value().body == "hello");
        CHECK(client.counts().opened == 2);
      },
      {.ca_file = certificates().ca_file()});
}

TEST_CASE("a certificate of another host or of an unknown CA is refused before anything is sent") {
  Net net(handle, tls_options());
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        const auto other = co_await fetch(client, net.url("/", "https", "127.0.0.1"));
        CHECK(other.error().code == ErrorCode::unavailable);
        CHECK(contains(other.error().message, "certificate"));
      },
      {.ca_file = certificates().ca_file()});
  net.with_client([&](HttpClient& client) -> Awaitable<void> {
    const auto unknown = co_await fetch(client, net.url("/", "https", "localhost"));
    CHECK(unknown.error().code == ErrorCode::unavailable);
    CHECK(contains(unknown.error().message, "certificate"));
  });
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        const auto unusable = co_await fetch(client, net.url("/", "https", "localhost"));
        CHECK(unusable.error().code == ErrorCode::unavailable);
        CHECK(contains(unusable.error().message, "/nonexistent"));
      },
      {.ca_file = "/nonexistent"});
  CHECK(net.server().counts().requests == 0);
}

TEST_CASE("TLS against a plain server and a silent one is unavailable") {
  Net net(handle);
  RawServer silent;
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        CHECK((co_await fetch(client, net.url("/", "https", "localhost"))).error().code == ErrorCode::unavailable);
        CHECK((co_await fetch(client, silent.url("/", "https"))).error().code == ErrorCode::unavailable);
      },
      {.connect_timeout = milliseconds{200}});
}

TEST_CASE("a pooled TLS connection that the server closed is replaced") {
  auto options = tls_options();
  options.idle_timeout = milliseconds{50};
  Net net(handle, options);
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        async::SystemClock clock;
        const auto url = net.url("/echo", "https", "localhost");
        CHECK((co_await client.fetch({.method = "POST", .url = url, .body = "a"}, in(seconds{5}))).value().body == "a");
        co_await clock.sleep_for(milliseconds{200});
        CHECK((co_await client.fetch({.method = "POST", .url = url, .body = "b"}, in(seconds{5}))).value().body == "b");
        CHECK(client.counts().opened == 2);
      },
      {.ca_file = certificates().ca_file()});
}

TEST_CASE("a body may outlive its client") {
  Net net(handle);
  async::run_blocking(net.client_executor(), [](Net& world) -> Awaitable<void> {
    std::unique_ptr<net::BodyReader> body;
    {
      HttpClient client(world.client_executor(), {}, world.log());
      body = std::move((co_await client.send({.url = world.url("/big")}, in(seconds{5}))).value().body);
    }
    CHECK((co_await net::read_all(*body, 3'000'000)).value().size() == 3'000'000);
  }(net));
}
