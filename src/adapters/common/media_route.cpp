#include "adapters/common/media_route.hpp"

namespace callramp::adapters {
namespace {

Awaitable<void> serve(std::unique_ptr<net::WebSocket> socket, std::string stream_token, MediaSessions* sessions,
                      MakeStream make_stream) {
  co_await sessions->serve(std::move(stream_token), make_stream(std::move(socket)));
}

}  // namespace

net::Response plain(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

Awaitable<net::Response> media_route(net::Request& request, std::string stream_token, MediaSessions& sessions,
                                     MakeStream make_stream, Log& log) {
  const auto upgrade = request.headers.find("Upgrade");
  if (!upgrade || !net::same_name(*upgrade, "websocket")) {
    net::Response response = plain(426, "this is a WebSocket");
    response.headers.set("Upgrade", "websocket");
    co_return response;
  }
  if (const auto admitted = co_await sessions.admit(stream_token); !admitted) {
    log.warn("media_refused", {{"reason", admitted.error().message}, {"from", request.remote_address}});
    co_return plain(admitted.error().code == ErrorCode::not_found ? 404 : 503);
  }
  net::Response response;
  response.upgrade = [stream_token = std::move(stream_token), &sessions,
                      make_stream = std::move(make_stream)](std::unique_ptr<net::WebSocket> socket) {
    return serve(std::move(socket), stream_token, &sessions, make_stream);
  };
  co_return response;
}

}  // namespace callramp::adapters
