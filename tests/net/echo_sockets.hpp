// A server's WebSockets that send back what they get and tell the test's thread how they ended.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "async/clock.hpp"
#include "net_fixture.hpp"

namespace callramp::net {

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

inline Awaitable<void> echo(Seen& seen, std::unique_ptr<WebSocket> socket) {
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

inline Handler echoing(Seen& seen) {
  return [&seen](Request& request) -> Awaitable<Response> {
    if (request.path == "/late") {
      async::SystemClock clock;
      co_await clock.sleep_for(milliseconds{2200});
    }
    if (request.path == "/ws" || request.path == "/late")
      co_return Response{.headers = {{"X-Server", "ours"}}, .upgrade = [&seen](std::unique_ptr<WebSocket> socket) {
                           return echo(seen, std::move(socket));
                         }};
    if (request.path == "/flood")
      co_return Response{.upgrade = [](std::unique_ptr<WebSocket> socket) -> Awaitable<void> {
        while (co_await socket->send_binary(std::string(100'000, 'f'))) {
        }
      }};
    const int status = request.path == "/401" ? 401 : request.path == "/429" ? 429 : request.path == "/403" ? 403 : 503;
    co_return Response{.status = status,
                       .headers = {{"dg-error", request.path == "/429" ? "slow down" : ""}},
                       .body = "no sockets here"};
  };
}

}  // namespace callramp::net
