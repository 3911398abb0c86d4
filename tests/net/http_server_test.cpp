#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "async/clock.hpp"
#include "net_fixture.hpp"

using namespace callramp;
using net::Net;
using net::RawSocket;
using net::soon;

namespace {

Awaitable<Status> stream_numbers(net::BodyWriter& out, int count) {
  for (int i = 0; i < count; ++i) CO_TRY_VOID(co_await out.write(std::to_string(i) + " "));
  co_return Status{};
}

Awaitable<Status> stream_without_end(net::BodyWriter& out) {
  const std::string block(64 * 1024, 'x');
  for (;;) CO_TRY_VOID(co_await out.write(block));
}

Awaitable<Status> stream_fails(net::BodyWriter& out) {
  CO_TRY_VOID(co_await out.write("begun"));
  co_return fail(ErrorCode::internal, "no more");
}

int to_status(const Error& error) {
  switch (error.code) {
    case ErrorCode::payload_too_large: return 413;
    case ErrorCode::invalid_request: return 400;
    default: return 503;
  }
}

Awaitable<net::Response> handle(net::Request& request) {
  async::SystemClock clock;
  if (request.path == "/echo") {
    auto body = co_await net::read_all(*request.body, 100'000);
    if (!body) co_return net::Response{.status = to_status(body.error()), .body = body.error().message};
    co_return net::Response{.body = std::move(*body)};
  }
  if (request.path == "/ignore") co_return net::Response{.body = "ignored"};
  if (request.path == "/seen") {
    const bool late = request.body_end > request.received_at;
    (void)co_await net::read_all(*request.body, 1000);
    co_return net::Response{.body = request.method + "|" + request.path + "|" + request.query + "|" + request.target +
                                    "|" + request.remote_address + "|" + (late ? "late" : "prompt") + "|" +
                                    (request.body_end > request.received_at ? "after" : "same")};
  }
  if (request.path == "/numbers")
    co_return net::Response{.stream = [](net::BodyWriter& out) { return stream_numbers(out, 5); }};
  if (request.path == "/endless") co_return net::Response{.stream = stream_without_end};
  if (request.path == "/breaks") co_return net::Response{.stream = stream_fails};
  if (request.path == "/throw") throw std::runtime_error("handler bug");
  if (request.path == "/slow") co_await clock.sleep_for(milliseconds{300});
  if (request.path == "/forged")
    co_return net::Response{.headers = {{"X-A", "a\r\nX-Forged: b"}, {"Content-Length", "999"}, {"Connection", "x"}},
                            .body = "ok"};
  if (request.path == "/none") co_return net::Response{.status = 204, .body = "must not show"};
  if (request.path == "/close") co_return net::Response{.headers = {{"Connection", "close"}}, .body = "bye"};
  if (request.path == "/big") co_return net::Response{.body = std::string(8'000'000, 'b')};
  co_return net::Response{.headers = {{"Content-Type", "application/json"}}, .body = "{}"};
}

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n" + std::string(more) + "\r\n";
}

net::ServerOptions impatient() {
  return {.max_header_bytes = 1024,
          .read_timeout = milliseconds{150},
          .idle_timeout = milliseconds{150},
          .write_timeout = milliseconds{150}};
}

std::string head_of(const std::string& response) { return response.substr(0, response.find("\r\n\r\n")); }
bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("requests of one connection are answered in order") {
  Net net(handle);
  RawSocket client(net.port());
  for (int i = 0; i < 3; ++i) {
    const auto response = client.exchange(get("/"), "{}");
    CHECK(response.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(contains(response, "Content-Length: 2\r\n"));
    CHECK(contains(response, "Content-Type: application/json\r\n"));
    CHECK(contains(response, "Date: "));
    CHECK_FALSE(contains(response, "Connection:"));
  }
  CHECK(net.server().counts().accepted == 1);
  CHECK(net.server().counts().requests == 3);
}

TEST_CASE("pipelined requests are each answered") {
  Net net(handle);
  RawSocket client(net.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\none" + get("/numbers") +
              "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n" +
              get("/close"));
  const auto all = client.read_all();
  CHECK(contains(all, "\r\n\r\none"));
  CHECK(contains(all, "0 \r\n"));
  CHECK(contains(all, "\r\n\r\ntwo"));
  CHECK(all.ends_with("bye"));
  CHECK(contains(all.substr(all.rfind("HTTP/1.1")), "Connection: close\r\n"));
}

TEST_CASE("a request cut anywhere is put together again") {
  Net net(handle);
  const std::string request =
      "POST /echo?x=1 HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n6\r\n "
      "world\r\n0\r\nX-Trailer: t\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    RawSocket client(net.port());
    client.send(request.substr(0, cut));
    std::this_thread::sleep_for(milliseconds{1});
    client.send(request.substr(cut));
    CHECK(client.read_until("hello world").ends_with("\r\n\r\nhello world"));
  }
}

TEST_CASE("the handler sees method, target and sender") {
  Net net(handle);
  RawSocket client(net.port());
  CHECK(
      client.exchange(get("/seen?a=%2F&b"), "same").ends_with("GET|/seen|a=%2F&b|/seen?a=%2F&b|127.0.0.1|prompt|same"));
  CHECK(client.exchange("GET http://other/seen?q HTTP/1.1\r\nHost: t\r\n\r\n", "same")
            .ends_with("GET|/seen|q|http://other/seen?q|127.0.0.1|prompt|same"));
  client.send("POST /seen HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n");
  std::this_thread::sleep_for(milliseconds{5});
  CHECK(client.exchange("ab", "after").ends_with("prompt|after"));
}

TEST_CASE("HEAD gets the head of GET and no body") {
  Net net(handle);
  RawSocket client(net.port());
  const auto response = client.exchange("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n", "\r\n\r\n");
  CHECK(contains(response, "Content-Length: 2\r\n"));
  const auto streamed = client.exchange("HEAD /endless HTTP/1.1\r\nHost: t\r\n\r\n", "\r\n\r\n");
  CHECK(streamed.starts_with("HTTP/1.1 200"));
  CHECK(client.exchange(get("/"), "{}").starts_with("HTTP/1.1 200"));
}

TEST_CASE("a 204 has neither length nor body") {
  Net net(handle);
  RawSocket client(net.port());
  const auto response = client.exchange(get("/none"), "\r\n\r\n");
  CHECK(response.starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK_FALSE(contains(response, "Content-Length"));
  CHECK(client.exchange(get("/"), "{}").starts_with("HTTP/1.1 200"));
}

TEST_CASE("a handler cannot forge headers or framing") {
  Net net(handle);
  RawSocket client(net.port());
  const auto response = client.exchange(get("/forged"), "ok");
  CHECK_FALSE(contains(response, "\r\nX-Forged"));
  CHECK(contains(response, "Content-Length: 2\r\n"));
  CHECK_FALSE(contains(response, "999"));
}

TEST_CASE("HTTP/1.0 is served without chunks") {
  Net net(handle);
  {
    RawSocket client(net.port());
    client.send("GET /numbers HTTP/1.0\r\n\r\n");
    const auto all = client.read_all();
    CHECK(all.ends_with("\r\n\r\n0 1 2 3 4 "));
    CHECK(contains(all, "Connection: close\r\n"));
    CHECK_FALSE(contains(all, "chunked"));
  }
  RawSocket client(net.port());
  CHECK(contains(client.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "{}"),
                 "Connection: keep-alive\r\n"));
  CHECK(client.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "{}").starts_with("HTTP/1.1 200"));
}

TEST_CASE("what is not HTTP is answered with the right status and the end") {
  struct Row {
    std::string name;
    std::string request;
    const char* status;
  };
  const Row rows[] = {
      {"garbage", "\x16\x03\x01\x02 garbage\r\n\r\n", "400"},
      {"no version", "GET /\r\n\r\n", "400"},
      {"space before colon", "GET / HTTP/1.1\r\nHost : t\r\n\r\n", "400"},
      {"control character", std::string("GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n", 36), "400"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"length twice and different",
       "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
      {"length and chunked",
       "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"chunked and length",
       "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "400"},
      {"length no number", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", "400"},
      {"other coding", "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"bad chunk size", "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
       "400"},
      {"chunk longer than said",
       "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n", "400"},
      {"chunk size overflow",
       "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc", "400"},
      {"endless chunk head",
       "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3;" + std::string(100'000, 'x'), "400"},
      {"huge head", "GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "431"},
      {"huge target", "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: t\r\n\r\n", "431"},
      {"many fields",
       "GET / HTTP/1.1\r\nHost: t\r\n" +
           [] {
             std::string s;
             for (int i = 0; i < 3000; ++i) s += "X: 1\r\n";
             return s;
           }() +
           "\r\n",
       "431"},
  };
  Net net(handle);
  for (const auto& row : rows) {
    CAPTURE(row.name);
    RawSocket client(net.port());
    client.send(row.request);
    const auto response = client.read_all();
    CHECK(response.starts_with("HTTP/1.1 " + std::string(row.status)));
    CHECK(contains(response, "Connection: close\r\n"));
  }
  const auto counts = net.server().counts();
  CHECK(counts.malformed == 14);
  CHECK(counts.head_too_large == 3);
  CHECK(soon([&] { return net.server().connections() == 0; }));
}

TEST_CASE("a head that trickles in is cut off with 408") {
  Net net(handle, impatient());
  RawSocket client(net.port());
  const auto start = std::chrono::steady_clock::now();
  std::thread trickle([&] {
    for (char c : std::string("GET / HTTP/1.1\r\nHost: trickle-trickle-trickle")) {
      if (!client.send({&c, 1})) break;
      std::this_thread::sleep_for(milliseconds{20});
    }
  });
  const auto response = client.read_all();
  trickle.join();
  CHECK(response.starts_with("HTTP/1.1 408 "));
  CHECK(std::chrono::steady_clock::now() - start < seconds{3});
  CHECK(net.server().counts().timed_out == 1);
}

TEST_CASE("a body that pauses is cut off with 408") {
  Net net(handle, impatient());
  RawSocket client(net.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(client.read_all().starts_with("HTTP/1.1 408 "));
  CHECK(net.server().counts().timed_out == 1);
}

TEST_CASE("a connection that says nothing ends silently") {
  Net net(handle, impatient());
  RawSocket silent(net.port());
  CHECK(silent.read_all().empty());
  RawSocket idle(net.port());
  CHECK(contains(idle.exchange(get("/"), "{}"), "200"));
  CHECK(idle.read_all().empty());
  CHECK(net.server().counts().timed_out == 0);
}

TEST_CASE("a reader that stops reading is cut off") {
  Net net(handle, impatient());
  RawSocket client(net.port());
  client.small_receive_buffer();
  client.send(get("/endless"));
  CHECK(soon([&] { return net.server().counts().timed_out == 1 && net.server().connections() == 0; }));
}

TEST_CASE("a large response arrives whole at a slow reader") {
  Net net(handle);
  RawSocket client(net.port());
  client.send(get("/big", "Connection: close\r\n"));
  std::this_thread::sleep_for(milliseconds{50});
  const auto all = client.read_all();
  CHECK(all.size() - head_of(all).size() - 4 == 8'000'000);
}

TEST_CASE("an oversized body is refused by its reader and the client learns it") {
  Net net(handle);
  RawSocket client(net.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5000000\r\n\r\n");
  std::thread sender([&] {
    client.send(std::string(900'000, 'x'));
    client.shutdown_send();
  });
  const auto response = client.read_all();
  sender.join();
  CHECK(response.starts_with("HTTP/1.1 413 "));
  CHECK(contains(response, "Connection: close\r\n"));
}

TEST_CASE("a short body that nobody read is skipped") {
  Net net(handle);
  RawSocket client(net.port());
  client.send("POST /ignore HTTP/1.1\r\nHost: t\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'x') +
              get("/close"));
  const auto all = client.read_all();
  CHECK(contains(all, "ignored"));
  CHECK(all.ends_with("bye"));
}

TEST_CASE("a long body that nobody read ends the connection behind the response") {
  Net net(handle);
  RawSocket client(net.port());
  client.send("POST /ignore HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 40; ++i) client.send("1000\r\n" + std::string(0x1000, 'x') + "\r\n");
  client.shutdown_send();
  CHECK(client.read_all().ends_with("ignored"));
}

TEST_CASE("100-continue is sent when the body is wanted and only then") {
  Net net(handle);
  const std::string expect = "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  {
    RawSocket client(net.port());
    CHECK(client.exchange("POST /echo HTTP/1.1\r\nHost: t\r\n" + expect, "\r\n\r\n") ==
          "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(client.exchange("abc", "\r\n\r\nabc").starts_with("HTTP/1.1 200"));
    CHECK(contains(client.exchange(get("/"), "{}"), "200"));
  }
  RawSocket client(net.port());
  client.send("POST /ignore HTTP/1.1\r\nHost: t\r\n" + expect);
  client.shutdown_send();
  const auto all = client.read_all();
  CHECK(all.starts_with("HTTP/1.1 200"));
  CHECK(contains(all, "Connection: close\r\n"));
}

TEST_CASE("a handler that throws is answered with 500 and the connection goes on") {
  Net net(handle);
  RawSocket client(net.port());
  CHECK(client.exchange(get("/throw"), "logged.\n").starts_with("HTTP/1.1 500 "));
  CHECK(contains(client.exchange(get("/"), "{}"), "200"));
  CHECK(net.server().counts().failed == 1);
}

TEST_CASE("a stream that fails is not finished") {
  Net net(handle);
  RawSocket client(net.port());
  client.send(get("/breaks"));
  const auto all = client.read_all();
  CHECK(all.ends_with("5\r\nbegun\r\n"));
}

TEST_CASE("a streamed response is chunked") {
  Net net(handle);
  RawSocket client(net.port());
  const auto response = client.exchange(get("/numbers"), "0\r\n\r\n");
  CHECK(contains(response, "Transfer-Encoding: chunked\r\n"));
  CHECK(response.ends_with("\r\n\r\n2\r\n0 \r\n2\r\n1 \r\n2\r\n2 \r\n2\r\n3 \r\n2\r\n4 \r\n0\r\n\r\n"));
  CHECK(contains(client.exchange(get("/"), "{}"), "200"));
}

TEST_CASE("a client that leaves mid-way costs nothing") {
  Net net(handle);
  for (int i = 0; i < 20; ++i) {
    RawSocket client(net.port());
    client.send(i % 2 == 0 ? "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc" : get("/endless"));
    if (i % 3 == 0)
      client.reset();
    else
      client.close();
  }
  CHECK(soon([&] { return net.server().connections() == 0; }));
  RawSocket client(net.port());
  CHECK(contains(client.exchange(get("/"), "{}"), "200"));
}

TEST_CASE("connections above the limit are closed at once and counted") {
  Net net(handle, {.max_connections = 2});
  RawSocket first(net.port());
  RawSocket second(net.port());
  CHECK(contains(first.exchange(get("/"), "{}"), "200"));
  CHECK(contains(second.exchange(get("/"), "{}"), "200"));
  RawSocket third(net.port());
  CHECK(third.read_all().empty());
  CHECK(net.server().counts().refused == 1);
  first.close();
  CHECK(soon([&] { return net.server().connections() == 1; }));
  RawSocket fourth(net.port());
  CHECK(contains(fourth.exchange(get("/"), "{}"), "200"));
}

TEST_CASE("several threads share one port") {
  Net net(handle, {}, 3);
  for (int i = 0; i < 60; ++i) {
    RawSocket client(net.port());
    CHECK(contains(client.exchange(get("/"), "{}"), "200"));
  }
  CHECK(net.server().counts().accepted == 60);
}

TEST_CASE("a port in use is named") {
  for (std::size_t threads : {1, 2}) {
    Net net(handle, {}, threads);
    async::IoThreads others(threads);
    NullLog log;
    net::HttpServer second(others.executors(), {.port = net.port()}, handle, log);
    const auto started = second.start();
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().message ==
          "port " + std::to_string(net.port()) + " of 127.0.0.1 is in use; set PORT to another");
  }
}

TEST_CASE("a port that its last owner gives up a moment later is waited for") {
  async::IoThreads others(2);
  NullLog log;
  auto first = std::make_unique<Net>(handle, net::ServerOptions{}, 1);
  net::HttpServer second(others.executors(), {.port = first->port(), .bind_patience = seconds{20}}, handle, log);
  std::thread owner([&] { first.reset(); });
  CHECK(second.start().has_value());
  owner.join();
  async::run_blocking(others.executors().front(), second.stop(Duration{}));
}

TEST_CASE("an address or certificate that is none is named") {
  async::IoThreads threads(1);
  NullLog log;
  net::HttpServer nowhere(threads.executors(), {.address = "no-address"}, handle, log);
  CHECK(contains(nowhere.start().error().message, "'no-address'"));
  net::HttpServer uncertain(threads.executors(), {.certificate_file = "/nonexistent.pem", .private_key_file = "/k"},
                            handle, log);
  CHECK(contains(uncertain.start().error().message, "'/nonexistent.pem'"));
}

TEST_CASE("stop lets the request in progress finish and closes idle connections") {
  Net net(handle);
  RawSocket idle(net.port());
  CHECK(contains(idle.exchange(get("/"), "{}"), "200"));
  RawSocket busy(net.port());
  busy.send(get("/slow"));
  CHECK(soon([&] { return net.server().counts().requests == 2; }));
  const auto start = std::chrono::steady_clock::now();
  net.stop(seconds{5});
  CHECK(std::chrono::steady_clock::now() - start < seconds{3});
  const auto response = busy.read_all();
  CHECK(response.starts_with("HTTP/1.1 200"));
  CHECK(contains(response, "Connection: close\r\n"));
  CHECK(idle.read_all().empty());
  CHECK(net.server().connections() == 0);
}

TEST_CASE("stop cuts a stream off after its grace") {
  Net net(handle);
  RawSocket client(net.port());
  client.send(get("/endless"));
  CHECK_FALSE(client.read_some().empty());
  std::thread reader([&] { (void)client.read_all(); });
  const auto start = std::chrono::steady_clock::now();
  net.stop(milliseconds{100});
  const auto took = std::chrono::steady_clock::now() - start;
  reader.join();
  CHECK(took >= milliseconds{100});
  CHECK(took < seconds{3});
  CHECK(net.server().connections() == 0);
}

TEST_CASE("a body kept beyond its request reads nothing") {
  std::shared_ptr<net::BodyReader> kept;
  std::promise<void> replaced;
  Net net([&](net::Request& request) -> Awaitable<net::Response> {
    if (kept) {
      const auto late = co_await kept->read_some();
      co_return net::Response{.body = late ? "read" : "refused"};
    }
    kept = std::move(request.body);
    co_return net::Response{.body = "kept"};
  });
  RawSocket client(net.port());
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(client.read_until("kept").ends_with("kept"));
  CHECK(client.exchange(get("/"), "refused").ends_with("refused"));
  net.stop(Duration{});
  kept.reset();
}
